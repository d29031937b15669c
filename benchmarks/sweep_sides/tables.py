"""Tables of texts, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Texts:
    """A table: the first column is read as names, the others as numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def show(texts: Texts) -> None:
    """Prints it."""
    table = Table(title=texts.title, title_justify="left", box=None)
    for place, column in enumerate(texts.columns):
        table.add_column(column, justify="right" if place else "left")
    for row in texts.rows:
        table.add_row(*row)
    console = Console()
    console.print(table)
    if texts.note:
        console.print(texts.note, style="dim")
    console.print()


def markdown(texts: Texts) -> str:
    """The same, to be pasted."""
    lines = [f"**{texts.title}**", "", _line(texts.columns), _line(["---", *["---:"] * (len(texts.columns) - 1)])]
    lines += [_line(row) for row in texts.rows]
    return "\n".join([*lines, *(["", texts.note] if texts.note else []), ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float) -> str:
    """Three digits that count: 0.0123, 1.23, 12.3, 1234."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
