"""The study behind a search: which trial comes next, how each ended, and where an earlier attempt stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from filelock import FileLock
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from runner.errors import InputError
from runner.search.space import Space, rounded
from runner.writing.wording import first_line, without_password

# User attributes of a trial; studies on disk have them, so their values stay.
SWEEP_NAME = "sweep"  # the search that asked for it: a study of that name may be shared by several
REPEATED_TRIAL = "again_for"  # the number of the interrupted trial that it repeats
RUN_NAME, RUN_ID = "run", "run_id"
EPOCHS, MOST_EPOCHS = "epochs", "most_epochs"  # that the trial's run has trained, and was allowed to

Extend = Callable[[Trial], object]  # what it returns is of no use
Objective = float | tuple[float, ...]  # a tuple where a search has several
FAILED = float("nan")


@dataclass(frozen=True)
class AskedTrial:
    """A trial to be run.

    Attributes:
        trial: Optuna's.
        overrides: its command line.
    """

    trial: Trial
    overrides: list[str]


@dataclass(frozen=True)
class TrialRun:
    """The run of a trial.

    Attributes:
        name, run_id: in MLflow.
        epochs, most_epochs: that it has trained, and was allowed to.
        pruned: whether it was given up.
    """

    name: str = ""
    run_id: str = ""
    epochs: int = 0
    most_epochs: int = 0
    pruned: bool = False


@dataclass(frozen=True)
class SamplerFactory:
    """Makes samplers: each trial gets one of its own, so that an interrupted search goes on as it would have gone.

    Attributes:
        make: a sampler from a seed; None leaves the seed to the sampler.
        seed: of the search; None for another search each time.
    """

    make: Callable[[int | None], BaseSampler]
    seed: int | None = None

    def of_trial(self, index: int) -> BaseSampler:
        """The sampler for the trial that `index` others came before: it depends on the seed and on `index` alone."""
        assert self.seed is not None
        sequence = np.random.SeedSequence([self.seed, index])
        return self.make(int(sequence.generate_state(1)[0]))


class Search:
    """Asks a study for trials, and tells it how they went.

    Args:
        study: where trials are kept.
        space: what varies.
        samplers: choose the values.
        name: of the sweep, to know its trials by.
        extend: suggests what depends on other choices.
    """

    def __init__(
        self, study: optuna.Study, space: Space, samplers: SamplerFactory, name: str, extend: Extend | None = None
    ) -> None:
        self.study = study
        self._space = space
        self._samplers = samplers
        self._name = name
        self._extend = extend
        if samplers.seed is None:
            study.sampler = samplers.make(None)

    def completed(self) -> list[FrozenTrial]:
        """The trials of this search that ended well, or were pruned."""
        return self._trials(TrialState.COMPLETE, TrialState.PRUNED)

    def repeat_interrupted(self) -> None:
        """Makes the trials that a process left under way when it died the next ones, with the same values."""
        for trial in self._trials(TrialState.RUNNING):
            self.study.enqueue_trial(trial.params, user_attrs={SWEEP_NAME: self._name, REPEATED_TRIAL: trial.number})
            self.study.tell(trial.number, state=TrialState.FAIL)

    def ask(self) -> AskedTrial:
        """The next trial.

        Raises:
            InputError: `extend` suggests a key that is fixed.
        """
        if self._samplers.seed is not None:
            self.study.sampler = self._samplers.of_trial(self._trials_before())
        trial = self.study.ask(dict(self._space.searched))
        trial.set_user_attr(SWEEP_NAME, self._name)
        if self._extend is not None:
            self._extend(trial)
            for key in trial.params.keys() & self._space.fixed.keys():
                self.study.tell(trial, state=TrialState.FAIL)
                raise InputError(
                    f"hydra.sweeper.custom_search_space suggests {key}, which {self._space.fixed[key]} fixes"
                )
        return AskedTrial(trial, self._space.overrides(rounded(trial.params, trial.distributions)))

    def tell(self, asked: AskedTrial, objective: Objective, run: TrialRun | None = None) -> None:
        """Records how a trial ended. One that was pruned keeps the last value that was reported of it.

        Args:
            asked: the trial.
            objective: its value, or a value for each; FAILED if the run did.
            run: its run, if there was one.
        """
        run = run or TrialRun()
        told = {RUN_NAME: run.name, RUN_ID: run.run_id} | (
            {EPOCHS: run.epochs, MOST_EPOCHS: run.most_epochs} if run.epochs else {}
        )
        for key, value in told.items():
            asked.trial.set_user_attr(key, value)
        if ended_well(objective) and run.pruned:
            self.study.tell(asked.trial, state=TrialState.PRUNED)
        elif ended_well(objective):
            self.study.tell(asked.trial, objective)
        else:
            self.study.tell(asked.trial, state=TrialState.FAIL)

    def _trials_before(self) -> int:
        """How many trials came before, each counted once however often it was interrupted."""
        trials = self._trials()
        repetitions = sum(REPEATED_TRIAL in trial.user_attrs for trial in trials)
        return sum(trial.state != TrialState.WAITING for trial in trials) - repetitions

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        """The trials of this search, and of no other that shares the study."""
        # A process that dies right after asking leaves a trial without its sweep's name; the study's name has it then.
        return [
            trial
            for trial in self.study.get_trials(deepcopy=False, states=states or None)
            if trial.user_attrs.get(SWEEP_NAME, self.study.study_name) == self._name
        ]


def ended_well(objective: Objective) -> bool:
    """Whether a run came to numbers that can be compared."""
    return bool(np.all(np.isfinite(objective)))


def check_sampler(sampler: BaseSampler, directions: Sequence[str]) -> None:
    """Begins a trial of a throw-away study, to see whether the sampler takes several objectives.

    Args:
        sampler: any of Optuna's, or a user's own.
        directions: `maximize` or `minimize`, of each objective.

    Raises:
        InputError: it is for one objective alone.
    """
    if len(directions) == 1:
        return
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        wanted = [StudyDirection[direction.upper()] for direction in directions]
        trial = optuna.create_study(sampler=sampler, directions=wanted).ask()
        _ = trial.relative_params  # the sampler is not asked before they are
    except ValueError as problem:
        raise InputError(
            f"hydra.sweeper.sampler: {type(sampler).__name__} cannot search for {len(directions)} objectives; "
            "use hydra/sweeper/sampler=tpe or nsgaii"
        ) from problem


def open_study(storage: str | None, name: str, directions: Sequence[str], outputs: Path) -> optuna.Study:
    """The study of that name, made if it is new.

    Args:
        storage: an SQLAlchemy address; None keeps the study in memory.
        name: the study's.
        directions: `maximize` or `minimize`, of each objective.
        outputs: the folder for the lock: processes that create one SQLite file together would fail.

    Raises:
        InputError: the storage cannot be used, or the study has other directions.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        with FileLock(outputs / ".optuna.lock", timeout=120):
            wanted = [StudyDirection[direction.upper()] for direction in directions]
            study = optuna.create_study(storage=storage, study_name=name, directions=wanted, load_if_exists=True)
    except Exception as problem:  # every kind of database fails in its own words
        raise InputError(
            f"hydra.sweeper.storage={without_password(storage or 'null')} cannot be used ({first_line(problem)}): "
            "choose another, as sqlite:///path/to/optuna.db"
        ) from problem
    if study.directions != wanted:
        existing = ", ".join(direction.name.lower() for direction in study.directions)
        raise InputError(
            f"hydra.sweeper.study_name={name}: that study is to {existing}, and this search to {', '.join(directions)}"
        )
    return study
