"""What a finished run came to, as a sweep and its sweeper need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Attributes:
        name: the run's name.
        objectives: the value of the config's objective, or of each where it is a list.
        run_id: in MLflow, or empty.
        epochs: that were trained.
        pruned: whether a search gave it up before its last epoch.
    """

    name: str
    objectives: tuple[float, ...]
    run_id: str
    epochs: int = 0
    pruned: bool = False

    @property
    def objective(self) -> float | tuple[float, ...]:
        """What a sweeper gets: a number, or a tuple where there are several objectives."""
        return self.objectives if len(self.objectives) > 1 else self.objectives[0]
