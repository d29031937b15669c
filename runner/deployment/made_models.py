"""What `runner promote --refit` and `--ensemble` register: a model made of the winner's runs, in a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from runner import experiment, tracking
from runner.deployment.find_model import folder_of, rebuilt
from runner.deployment.verdict_on import Winner
from runner.errors import InputError
from runner.experiment.resources import Resources
from runner.terms.findings import CODES, collected
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.writing import console

REFIT, SEEDS, FOLDS = "refit", "seeds", "folds"
WAYS = {REFIT: "--refit", SEEDS: "--ensemble seeds", FOLDS: "--ensemble folds"}
"""How a model is made, and the option that asks for it."""
OF_A_DIVISION = ("seed", "split.seed", "split.repeat", "split.folds")
"""Params in which the folds of one division do not differ."""


def make(way: str, tracker: tracking.MlflowTracker, winner: Winner, runs: Sequence[RecordedRun]) -> experiment.Made:
    """The model, of a sweep's winner.

    Args:
        way: one of `WAYS`.
        tracker: of the store.
        winner: of the sweep.
        runs: of the sweep, the finished ones.

    Raises:
        InputError: the sweep has no such runs, their folders are gone, or their data have changed.
    """
    with collected(CODES):  # what there is to look at in the data was said of the winner's run
        return _made(way, tracker, winner, runs)


def _made(way: str, tracker: tracking.MlflowTracker, winner: Winner, runs: Sequence[RecordedRun]) -> experiment.Made:
    resources = Resources()
    if way == REFIT:
        return experiment.refit(_rebuilt(winner.run, resources), console.show_step)
    ours = [run for run in runs if run.tags.get(names.VARIANT) == winner.variant]
    if way == SEEDS:
        members = list(_newest(ours, "seed", lambda run: run.tags.get(names.SPLIT) == winner.run.tags[names.SPLIT]))
        if len(members) < 2:
            raise InputError(
                f"--ensemble seeds: the sweep has one seed of {winner.variant} on the split of its best run; sweep "
                "seed=0,1,2 for an ensemble"
            )
        return experiment.mean_of_seeds([_rebuilt(run, resources) for run in members])
    division = {key: winner.run.params.get(key) for key in OF_A_DIVISION}
    folds = int(winner.run.params.get("split.folds", 1))

    def of_division(run: RecordedRun) -> bool:
        return all(run.params.get(key) == value for key, value in division.items())

    members = list(_newest(ours, "split.fold", of_division)) if folds > 1 else []
    if len(members) < max(folds, 2):
        has = f"{len(members)} of {folds} folds" if folds > 1 else "no folds"
        raise InputError(
            f"--ensemble folds: the sweep has {has} of {winner.variant}: sweep split=kfold "
            "split.fold=all for an ensemble"
        )
    return experiment.mean_of_folds([_rebuilt(run, resources) for run in members])


def record(
    tracker: tracking.MlflowTracker,
    winner: RecordedRun,
    way: str,
    made: experiment.Made,
    check: Callable[[Mapping[str, str]], None],
) -> RecordedRun:
    """The new run that holds the model, nested under the winner's.

    Args:
        tracker: of the store.
        winner: the run that the model is made of.
        way: one of `WAYS`.
        made: the model.
        check: refuses the model by its columns, before there is a run.
    """
    kept = {key: winner.tags[key] for key in (names.DATASET_NAME, names.DATASET_SHA256) if key in winner.tags}
    tags = {**kept, names.PARENT: winner.run_id, names.MADE_OF: winner.run_id, names.MADE_BY: way}
    with made.packed() as package:
        check(package.arguments["metadata"]["columns"])
        run_id = tracker.start_sweep(
            f"{winner.name} · {WAYS[way].removeprefix('--')}", {**tags, names.NOTE: made.sentence}
        )
        try:
            tracker.log_metrics(run_id, made.metrics)
            tracker.log_model(run_id, package)
            tracker.end_run(run_id, "FINISHED")
            run = tracker.run(run_id)
            assert run is not None, "it has just been made"
        except BaseException:
            tracker.delete_run(run_id)
            raise
    return run


def _newest(runs: Sequence[RecordedRun], param: str, wanted: Callable[[RecordedRun], bool]) -> Iterator[RecordedRun]:
    """The last run for each value of a param, by the value."""
    by_value = {int(run.params[param]): run for run in runs if wanted(run)}
    yield from (by_value[value] for value in sorted(by_value))


def _rebuilt(run: RecordedRun, resources: Resources) -> experiment.RecordedExperiment:
    return rebuilt(folder_of(run, run.run_id), run.run_id, resources)
