"""The model that a user names: a run, a folder, or a name of the registry; made from a run's weights if need be."""

from __future__ import annotations

from pathlib import Path

from runner import experiment, models, tracking
from runner.errors import InputError
from runner.experiment.rebuild import RecordedExperiment
from runner.experiment.resources import Resources
from runner.runs.folder import RunFolder
from runner.tracking import names
from runner.tracking.loaded_model import LoadedModel
from runner.tracking.recorded_run import RecordedRun
from runner.writing.wording import first_line, without_password

ADDRESSES = ("models:/", "runs:/")


def find_model(name: str, uri: str) -> LoadedModel:
    """The model of that name, loaded.

    Args:
        name: a run's id, a folder of a run or of a model, `models:/NAME@ALIAS`, or `runs:/ID/model`.
        uri: of the MLflow store.

    Raises:
        InputError: there is no such model, and none can be made.
    """
    _ = models.build_network  # loads Keras, quietly, before the model's own code does
    if name.startswith(ADDRESSES):
        tracking.refuse_missing_store(uri)
        return tracking.load_model(name, uri, name)
    if Path(name).is_dir():
        return tracking.load_model(str(_model_of_folder(Path(name), name)), uri, name)
    tracking.refuse_missing_store(uri)
    tracker, run = tracking.run_in_store(uri, name)
    if run is None:
        raise InputError(
            f"{name}: neither a folder nor a run of {without_password(uri)}; a registered model is called "
            "models:/NAME@champion, and --outputs or --uri names another store"
        )
    if names.SWEEP_KEY in run.tags:
        raise InputError(f"{name}: a sweep has many models: name one of its runs, or `runner promote` it")
    if tracker.has_model(run):
        return tracking.load_model(f"runs:/{run.run_id}/{names.MODEL}", uri, name)
    return tracking.load_model(str(_model_of_folder(folder_of(run, name), name)), uri, name)


def trained_run(tracker: tracking.MlflowTracker, run_id: str) -> RecordedRun | None:
    """The run that stands behind a model: of one that was made of other runs, the winner's."""
    run = tracker.run(run_id)
    return run if run is None or names.MADE_OF not in run.tags else tracker.run(run.tags[names.MADE_OF])


def folder_of(run: RecordedRun, name: str) -> Path:
    """The folder of a recorded run.

    Raises:
        InputError: it is not there any more.
    """
    folder = Path(run.tags.get(names.FOLDER, ""))
    if not run.tags.get(names.FOLDER) or not folder.is_dir():
        raise InputError(f"{name}: the run has no model, and its folder {folder} is gone, so that none can be made")
    return folder


def rebuilt(path: Path, name: str, resources: Resources | None = None) -> RecordedExperiment:
    """The run of a folder, whose model can be made from its weights and its data.

    Args:
        path: of the folder.
        name: what the user calls it.
        resources: where data are, that several runs share; None: the run's own.

    Raises:
        InputError: something of it is missing, or its data have changed.
    """
    try:
        recorded = experiment.load(path, resources or Resources())
        if recorded is None:
            raise InputError(f"{name}: {path} is neither a model nor the folder of a finished run")
        if not recorded.folder.has_network:
            raise InputError(f"{name}: neither a model nor weights were kept: train it with tracking.models=all")
        if not recorded.data_unchanged:
            raise InputError(f"{name}: its data are not what they were, and its preprocessing is learned from them")
    except OSError as problem:
        raise InputError(f"{name}: no model can be made: {first_line(problem)}") from problem
    return recorded


def _model_of_folder(path: Path, name: str) -> Path:
    """The folder of the model; made from the run's weights where it has none."""
    if (path / "MLmodel").is_file():
        return path
    if not RunFolder(path).model.is_dir():
        with experiment.packed_model(rebuilt(path, name)):
            pass  # it is saved in the run's folder
    return RunFolder(path).model
