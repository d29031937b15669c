"""The label of a loss: its name in lines, the option first and the settings below, smaller and paler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from runner.figures.comparison.layout import PALE, write

_OPTION, _SETTINGS = 10.0, 8.5  # points
_OPTION_LINE, _SETTINGS_LINE = 0.17, 0.145  # inches
_MOST_LINES = 3  # of settings


def label_lines(loss: str, inches: float, *, option_inches: float | None = None, tag: str = "") -> list[str]:
    """Breaks a name so that it fits. What is too long all the same loses its beginning, for names differ at the end.

    Args:
        loss: its name, ``focal gamma=2 · cnn``.
        inches: width to fit.
        option_inches: for the first line, if it has less room.
        tag: words to begin the settings with.
    """
    option, _, settings = loss.partition(" ")
    parts = [tag, *settings.removeprefix("· ").split(" · ")]
    lines: list[str] = []
    for part in parts:
        for i, word in enumerate(part.split()):
            longer = f"{lines[-1]}{' ' if i else ' · '}{word}" if lines else word
            if lines and _width(longer, _SETTINGS) <= inches:
                lines[-1] = longer
            else:
                lines.append(_fitted(word, _SETTINGS, inches))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], _fitted(f"{lines[_MOST_LINES - 1]} …", _SETTINGS, inches)]
    return [_fitted(option, _OPTION, option_inches or inches), *lines]


def label_height(lines: Sequence[str]) -> float:
    """Inches that the lines of a label take."""
    return _OPTION_LINE + _SETTINGS_LINE * (len(lines) - 1)


def widest(labels: Iterable[Sequence[str]]) -> float:
    """Inches that the widest of the labels takes, in bold."""
    return max(
        max(_width(line, _SETTINGS if i else _OPTION, "normal" if i else "bold") for i, line in enumerate(lines))
        for lines in labels
    )


def write_label(
    figure: Figure, x: float, y: float, lines: Sequence[str], *, ha: str = "left", weight: str = "normal"
) -> None:
    """Writes a label centred on y inches below the top."""
    baseline = y - label_height(lines) / 2 + 0.13
    write(figure, x, baseline, lines[0], size=_OPTION, ha=ha, weight=weight)
    for i, line in enumerate(lines[1:], start=1):
        write(figure, x, baseline + _SETTINGS_LINE * i, line, size=_SETTINGS, color=PALE, ha=ha)


def _width(text: str, size: float, weight: str = "normal") -> float:
    """Inches of a text."""
    font = FontProperties(size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def _fitted(text: str, size: float, inches: float) -> str:
    """The text, or an ellipsis and as much of its end as fits."""
    shorter = text
    while len(shorter) > 2 and _width(shorter, size) > inches:
        shorter = f"…{shorter[2:]}"
    return shorter
