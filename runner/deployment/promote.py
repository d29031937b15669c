"""`runner promote`: the winner of a sweep registered, as champion if it was shown to be better, else as challenger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from runner import experiment, tracking
from runner.deployment.find_model import folder_of, rebuilt, trained_run
from runner.deployment.made_models import WAYS, make, record
from runner.deployment.verdict_on import Decision, Winner, against_baseline, against_champion, winner_of
from runner.errors import InputError
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker


@dataclass(frozen=True)
class Promoted:
    """What became of a sweep's winner.

    Attributes:
        name: of the registered model.
        version: its number.
        alias: champion or challenger.
        description: the decision with its numbers.
    """

    name: str
    version: int
    alias: str
    description: str


def promote(
    uri: str,
    sweep_id: str,
    name: str | None,
    *,
    made_by: str | None = None,
    if_tied: bool = False,
    force: bool = False,
) -> Promoted:
    """Registers the model of a sweep's winner, or one that is made of the winner's runs.

    Args:
        uri: of the MLflow store.
        sweep_id: of the sweep's parent run.
        name: of the registered model; None for the dataset's.
        made_by: one of `WAYS`: what is registered in place of the model of the winner's best run; None: that model.
        if_tied: whether a tie is enough to become the champion.
        force: whether it becomes the champion whatever the verdict is, which the description says.

    Raises:
        InputError: there is no verdict, or the winner cannot be registered; nothing has been changed.
    """
    tracking.refuse_missing_store(uri)
    tracker, parent = tracking.recorded_sweep(uri, sweep_id)
    if parent.status == "RUNNING":
        raise InputError(f"no verdict yet: the sweep {sweep_id} is still running, or is to be resumed")
    runs = tracker.children(sweep_id, "FINISHED")
    winner = winner_of(runs)
    registry = tracking.Registry(uri)
    chosen = name or winner.run.tags[names.DATASET_NAME]
    registry.check_name(chosen)
    with registry.alone():
        champion = registry.champion(chosen)
        _refuse_same(tracker, winner, champion, chosen, made_by)
        decision = _decided(tracker, winner, runs, champion, force=force)
        promotes = decision.promotes(if_tied=if_tied)

        def check(columns: Mapping[str, str]) -> None:
            if champion is not None and not force:
                _check_columns(champion, columns, chosen)

        registered, said = winner.run, ""
        if made_by is None:
            with _logged(tracker, registry, winner.run) as columns:
                check(columns)
        else:
            made = make(made_by, tracker, winner, runs)
            registered, said = record(tracker, winner.run, made_by, made, check), f" {made.sentence}."
        forced = "Forced, whatever the verdict. " if force and not promotes else ""
        alias = tracking.CHAMPION if promotes or force else tracking.CHALLENGER
        description = f"{forced}{decision.sentence}.{said} Sweep {sweep_id}, run {registered.run_id}."
        try:
            version = registry.register(chosen, registered, description, alias)
        except InputError:
            if made_by is not None:
                tracker.delete_run(registered.run_id)
            raise
    return Promoted(chosen, version, alias, description)


def _refuse_same(
    tracker: tracking.MlflowTracker,
    winner: Winner,
    champion: tracking.RegisteredVersion | None,
    name: str,
    made_by: str | None,
) -> None:
    """Refuses a model that the champion is already."""
    if champion is None:
        return
    run = tracker.run(champion.run_id)
    tags = {} if run is None else run.tags
    same = tags.get(names.MADE_OF, champion.run_id) == winner.run.run_id and tags.get(names.MADE_BY) == made_by
    if same:
        how = "" if made_by is None else f", made by {WAYS[made_by]}"
        raise InputError(f"{name}: version {champion.number}, its champion, is the model of that run already{how}")


def _decided(
    tracker: tracking.MlflowTracker,
    winner: Winner,
    runs: Sequence[RecordedRun],
    champion: tracking.RegisteredVersion | None,
    *,
    force: bool,
) -> Decision:
    """The verdict against the champion, or, where there is none yet, against the baseline."""
    try:
        if champion is None:
            return against_baseline(winner, runs)
        made_by = trained_run(tracker, champion.run_id)
        if made_by is None:
            raise InputError(f"the run {champion.run_id} of the champion, version {champion.number}, is gone: --force")
        parent = made_by.tags.get(names.PARENT)
        beside = tracker.children(parent, "FINISHED") if parent else [made_by]
        return against_champion(winner, runs, made_by, beside)
    except InputError as problem:
        if not force:
            raise
        return Decision("", f"There is no verdict: {problem}")


@contextmanager
def _logged(tracker: Tracker, registry: tracking.Registry, run: RecordedRun) -> Iterator[Mapping[str, str]]:
    """The columns of a run's model, which is logged on leaving, where it was not: made from the run's weights."""
    if tracker.has_model(run):
        yield registry.columns(f"runs:/{run.run_id}/{names.MODEL}")
        return
    with experiment.packed_model(rebuilt(folder_of(run, run.run_id), run.run_id)) as package:
        yield package.arguments["metadata"]["columns"]
        tracker.log_model(run.run_id, package)


def _check_columns(champion: tracking.RegisteredVersion, columns: Mapping[str, str], name: str) -> None:
    """Refuses a model that could not take the champion's place, for it needs other columns."""
    lacking = [column for column in columns if column not in champion.columns]
    gone = [column for column in champion.columns if column not in columns]
    if lacking or gone:
        told = [*(f"+{column}" for column in lacking[:4]), *(f"-{column}" for column in gone[:4])]
        raise InputError(
            f"--name {name}: its champion, version {champion.number}, takes other columns ({', '.join(told)}): "
            "choose another name, or --force"
        )
