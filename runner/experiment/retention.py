"""Of which runs figures and models are kept."""

from __future__ import annotations

from enum import Enum


class Retention(Enum):
    """Whose figures or models are kept: of all runs, of the best of a sweep, or of none."""

    ALL = "all"
    BEST = "best"
    NONE = "none"


def retained(option: str, *, in_sweep: bool) -> Retention:
    """What an option of the config means for a run.

    Args:
        option: `figures` or `tracking.models` of the config; `auto` is the best in a sweep.
        in_sweep: else the run is its own best.
    """
    if option == "none":
        return Retention.NONE
    return Retention.BEST if in_sweep and option in ("auto", "best") else Retention.ALL
