"""How a loss is drawn among others: which are in colour, and what tells variants of one loss apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runner.figures.style import cut, loss_colour

MOST_IN_COLOUR = 6  # losses in one panel; more cannot be told apart
BEST_IN_COLOUR = 5  # where there are more
_OTHERS = "#CFCFCF"
_DASHES = ("-", (0, (4, 1.3)), (0, (1, 1.1)), (0, (5, 1.3, 1, 1.3)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "D", "^", "v", "P")


class LineStyle(NamedTuple):
    """Colour of the loss; dashes of the variant; a marker for each, for those who cannot tell the colours."""

    colour: str
    dashes: str | tuple[int, tuple[float, ...]]
    marker: str


def line_styles(losses: Sequence[str]) -> dict[str, LineStyle]:
    """The style of each of at most six losses: variants of one loss share its colour and differ in dashes."""
    styles: dict[str, LineStyle] = {}
    for loss, marker in zip(losses, _MARKERS, strict=False):
        colour = loss_colour(loss)
        alike = sum(style.colour == colour for style in styles.values())
        styles[loss] = LineStyle(colour, _DASHES[alike], marker)
    return styles


def line_properties(style: LineStyle | None) -> dict[str, Any]:
    """Matplotlib's properties of a loss's line, in colour or, without a style, grey and thin."""
    if style is None:
        return {"color": _OTHERS, "lw": 0.9, "zorder": 1.5}
    outline = {"ms": 6, "mec": "white", "mew": 0.8}
    return {"color": style.colour, "ls": style.dashes, "lw": 1.9, "marker": style.marker, "zorder": 3, **outline}


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
        chosen = [loss for loss in ranked if loss in highlight][:MOST_IN_COLOUR]
        remark = f"in colour: {len(chosen)} of {len(ranked)} losses"
    elif len(ranked) <= MOST_IN_COLOUR:
        chosen, remark = ranked, ""
    else:
        best = ranked[:BEST_IN_COLOUR]
        chosen = [loss for loss in ranked if loss in best or loss == baseline]
        remark = f"in colour: the best {len(best)}{f' and {cut(baseline, 24)}' if len(chosen) > len(best) else ''}"
    return chosen, remark if len(chosen) < len(ranked) else ""
