"""Text at inches from the figure's upper left corner; captions and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from runner.figures.style import TEXT, cut, empty_figure

WIDTH = 7.6  # inches; 912 pixels
EDGE = 0.2
PALE = "#595959"
_FOOT_LINE = 0.17


@dataclass(frozen=True)
class Caption:
    """The words around a figure.

    Attributes:
        title, subtitle: see ``empty_figure``.
        foot: sentences below everything.
    """

    title: str
    subtitle: str = ""
    foot: Sequence[str] = ()


def write(figure: Figure, x: float, y: float, text: str, *, color: str = TEXT, **style: Any) -> Text:
    """Text whose baseline is y inches below the top."""
    width, height = figure.get_size_inches()
    return figure.text(x / width, 1 - y / height, text, color=color, parse_math=False, **style)


def foot_height(sentences: Sequence[str]) -> float:
    """Inches to keep free at the bottom for sentences."""
    return _FOOT_LINE * len(sentences) + 0.1 if sentences else 0.0


def write_foot(figure: Figure, sentences: Sequence[str]) -> None:
    """Plain sentences below everything."""
    height = figure.get_size_inches()[1]
    for i, each in enumerate(reversed(sentences)):
        write(figure, EDGE, height - 0.13 - _FOOT_LINE * i, each, size=9, color=PALE)


def with_remark(subtitle: str, remark: str, longest: int = 84) -> str:
    """A subtitle that ends in a remark; where both are too long, the subtitle gives way."""
    if not subtitle or not remark:
        return subtitle or remark
    return f"{cut(subtitle, longest - len(remark) - 3)} · {remark}"


def sentence_figure(title: str, subtitle: str, text: str) -> Figure:
    """A figure that has nothing to draw, and says why."""
    figure = empty_figure(title, subtitle, size=(WIDTH, 1.6))
    write(figure, WIDTH / 2, 1.1, text, size=11, ha="center")
    return figure
