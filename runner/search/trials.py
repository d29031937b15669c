"""The study behind a search: which trial comes next, what came of each, and where an earlier attempt stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from filelock import FileLock
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from runner.errors import InputError
from runner.search.space import Space, readable
from runner.wording import first_line, without_password

# User attributes of a trial.
SWEEP = "sweep"  # the search that asked for it: a study of that name may be shared by several
AGAIN = "again_for"  # the number of the interrupted trial that it repeats
RUN_NAME, RUN_ID = "run", "run_id"

Extend = Callable[[Trial], None]
Objective = float | tuple[float, ...]  # a tuple where a search has several
FAILED = float("nan")


@dataclass(frozen=True)
class Asked:
    """A trial to be run.

    Attributes:
        trial: Optuna's.
        overrides: its command line.
    """

    trial: Trial
    overrides: list[str]


class Search:
    """Asks a study for trials, and tells it how they went.

    The sampler is made anew for each trial, from the seed and the trial's place. So a search that was interrupted goes
    on exactly as it would have gone.

    Args:
        study: where trials are kept.
        space: what varies.
        sampler: a sampler from a seed.
        seed: of the search; None for another search each time.
        name: of the sweep, to know its trials by.
        extend: suggests what depends on other choices.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        sampler: Callable[[int | None], optuna.samplers.BaseSampler],
        seed: int | None,
        name: str,
        extend: Extend | None = None,
    ) -> None:
        self.study = study
        self._space = space
        self._sampler = sampler
        self._seed = seed
        self._name = name
        self._extend = extend
        if seed is None:
            study.sampler = sampler(None)

    def completed(self) -> list[FrozenTrial]:
        """The trials of this search that ended well."""
        return self._own(TrialState.COMPLETE)

    def repeat_interrupted(self) -> None:
        """What a process that died had under way comes first, with the same values."""
        for trial in self._own(TrialState.RUNNING):
            self.study.enqueue_trial(trial.params, user_attrs={SWEEP: self._name, AGAIN: trial.number})
            self.study.tell(trial.number, state=TrialState.FAIL)

    def ask(self) -> Asked:
        """The next trial.

        Raises:
            InputError: `extend` suggests a key that is fixed.
        """
        if self._seed is not None:
            place = np.random.SeedSequence([self._seed, self._place()])
            self.study.sampler = self._sampler(int(place.generate_state(1)[0]))
        trial = self.study.ask(dict(self._space.searched))
        trial.set_user_attr(SWEEP, self._name)
        if self._extend is not None:
            self._extend(trial)
            for key in trial.params.keys() & self._space.fixed.keys():
                self.study.tell(trial, state=TrialState.FAIL)
                raise InputError(
                    f"hydra.sweeper.custom_search_space suggests {key}, which {self._space.fixed[key]} fixes"
                )
        return Asked(trial, self._space.overrides(readable(trial.params, trial.distributions)))

    def tell(self, asked: Asked, objective: Objective, run_name: str = "", run_id: str = "") -> None:
        """How a trial ended.

        Args:
            asked: the trial.
            objective: its value, or a value for each; FAILED if the run did.
            run_name, run_id: in MLflow.
        """
        asked.trial.set_user_attr(RUN_NAME, run_name)
        asked.trial.set_user_attr(RUN_ID, run_id)
        if ended_well(objective):
            self.study.tell(asked.trial, objective)
        else:
            self.study.tell(asked.trial, state=TrialState.FAIL)

    def _place(self) -> int:
        """How many trials came before, each counted once however often it was interrupted."""
        own = self._own()
        return sum(trial.state != TrialState.WAITING for trial in own) - sum(AGAIN in trial.user_attrs for trial in own)

    def _own(self, *states: TrialState) -> list[FrozenTrial]:
        # A process that dies right after asking leaves a trial that says nothing of its sweep; the study's name does.
        return [
            trial
            for trial in self.study.get_trials(deepcopy=False, states=states or None)
            if trial.user_attrs.get(SWEEP, self.study.study_name) == self._name
        ]


def ended_well(objective: Objective) -> bool:
    """Whether a run came to numbers that can be compared."""
    return bool(np.all(np.isfinite(objective)))


def check_sampler(sampler: optuna.samplers.BaseSampler, directions: Sequence[str]) -> None:
    """Has a sampler begin a trial of a study that nobody keeps, to see whether it takes several objectives.

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
        InputError: the storage cannot be used, or the study looks the other way.
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
        there = ", ".join(direction.name.lower() for direction in study.directions)
        raise InputError(
            f"hydra.sweeper.study_name={name}: that study is to {there}, and this search to {', '.join(directions)}"
        )
    return study
