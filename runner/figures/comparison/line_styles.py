"""How a loss is drawn among others: which are in colour, and what tells variants of one loss apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runner.figures.comparison.layout import cut
from runner.figures.style import loss_colour

MOST = 6  # losses in colour in one panel; more cannot be told apart
BEST = 5
_DASHES = ("-", (0, (4, 1.3)), (0, (1, 1.1)), (0, (5, 1.3, 1, 1.3)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "D", "^", "v", "P")


class Look(NamedTuple):
    """Colour of the loss; dashes of the variant; a marker of its own, for those who cannot tell the colours."""

    colour: str
    dashes: str | tuple[int, tuple[float, ...]]
    marker: str


def looks(losses: Sequence[str]) -> dict[str, Look]:
    """The looks of at most six losses: variants of one loss share its colour and differ in dashes."""
    drawn: dict[str, Look] = {}
    for loss, marker in zip(losses, _MARKERS, strict=False):
        colour = loss_colour(loss)
        alike = sum(look.colour == colour for look in drawn.values())
        drawn[loss] = Look(colour, _DASHES[alike], marker)
    return drawn


def in_colour(
    measures: Mapping[str, float], *, baseline: str, highlight: Sequence[str] | None, higher_is_better: bool
) -> tuple[list[str], str]:
    """Which losses to draw in colour, best first, and the words that say so.

    Args:
        measures: of every loss, finite.
        baseline: always in colour.
        highlight: the losses wanted; None: all of up to six, else the best five and the baseline.
        higher_is_better: of the measures.

    Returns:
        The losses; and a remark, empty where all are in colour.
    """
    ranked = sorted(measures, key=lambda loss: measures[loss], reverse=higher_is_better)
    if highlight is not None:
        chosen = [loss for loss in ranked if loss in highlight][:MOST]
        remark = f"in colour: {len(chosen)} of {len(ranked)} losses"
    elif len(ranked) <= MOST:
        chosen, remark = ranked, ""
    else:
        chosen = [loss for i, loss in enumerate(ranked) if i < BEST or loss == baseline]
        remark = f"in colour: the best {BEST}{f' and {cut(baseline, 24)}' if baseline in ranked[BEST:] else ''}"
    return chosen, remark if len(chosen) < len(ranked) else ""
