"""The figure: time against the number of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from runner.figures.colours import BLACK, BLUE, ORANGE, VERMILLION
from runner.figures.style import TEXT, new_figure, save
from sweep_sides.tables import Texts, number
from sweep_sides.whole import OURS, PEERS, extrapolated, measure_ours
from sweep_sides.work import Size

LOOKS = {"ours": (BLACK, "o"), "tuned": (BLUE, "s"), "usual": (VERMILLION, "^"), "joblib": (ORANGE, "D")}
LABELS = {
    "ours": "ours, {launcher}",
    "tuned": "fit tuned",
    "usual": "fit as usual",
    "joblib": "fit tuned, {cores} cores",
}
TIMES = {1: "1 s", 3: "3 s", 10: "10 s", 30: "30 s", 60: "1 min", 180: "3 min", 600: "10 min", 1800: "30 min"}
TIMES |= {3600: "1 h", 10800: "3 h", 36000: "10 h"}


Point = tuple[int, float]
"""Runs, and seconds of the whole sweep."""


def measure(size: Size, launcher: str, extra: Sequence[str], swept: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Whole sweeps of ours of several sizes; the largest, and the peers, were measured by `sweep`."""
    numbers = {**swept, "points": []}
    for runs in size.counts:
        seconds = measure_ours(runs, size.epochs, launcher, ["comparison=none", *extra])["seconds"]
        numbers["points"].append([runs, seconds])
        yield numbers
    numbers["points"].append([swept["runs"], swept["ours"]["seconds"]])
    yield numbers


def draw(numbers: dict[str, Any], path: Path) -> None:
    """Draws what `measure` found: measured points and solid lines; dashed where extrapolated."""
    figure, (axes,) = new_figure(
        "Time of a sweep, from the command to its end",
        f"page-blocks, MLP 64-32, batch 32, {numbers['epochs']} epochs a run; dashed: extrapolated",
        legend_rows=0,
    )
    figure.subplots_adjust(right=0.78)
    counts = [runs for runs, _ in numbers["points"]]
    for way, (colour, marker) in LOOKS.items():
        if way == "ours":
            measured, beyond = [(runs, seconds) for runs, seconds in numbers["points"]], list[Point]()
        elif way in numbers:
            measured, beyond = _of_peer(numbers[way], counts)
        else:
            continue
        axes.plot(*zip(*measured, strict=True), color=colour, marker=marker, markersize=5, linewidth=1.8)
        if beyond:
            axes.plot(*zip(measured[-1], *beyond, strict=True), color=colour, linestyle=(0, (4, 2)), linewidth=1.5)
        runs, seconds = (beyond or measured)[-1]
        label = LABELS[way].format(**numbers)
        axes.annotate(
            label, (runs, seconds), (8, 0), textcoords="offset points", color=colour, va="center", annotation_clip=False
        )
    axes.set(xscale="log", yscale="log", xlabel="runs in the sweep", ylabel="wall time of the whole process")
    axes.xaxis.set_major_locator(FixedLocator(counts))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda runs, _: f"{runs:g}"))
    axes.yaxis.set_major_locator(FixedLocator(list(TIMES)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: TIMES.get(seconds, "")))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.label.set_color(TEXT)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)


def _of_peer(peer: dict[str, Any], counts: Sequence[int]) -> tuple[list[Point], list[Point]]:
    """(runs, seconds) as measured, the exit added, and as extrapolated."""
    workers, leaving = peer["workers"], peer["seconds"] - peer["ends"][-1]
    ended = list(enumerate(peer["ends"], 1))
    measured = [(runs, end + leaving) for runs, end in ended if runs % workers == 0 or runs == 1]
    last = measured[-1][0]
    return measured, [(runs, extrapolated(peer, runs)) for runs in counts if runs > last]


def tables(numbers: dict[str, Any]) -> list[Texts]:
    """What `measure` found, in numbers."""
    peers = {way: words for way, words in PEERS.items() if way in numbers}
    rows = []
    for runs, seconds in numbers["points"]:
        cells = [number(seconds)]
        for way in peers:
            told = number(extrapolated(numbers[way], runs))
            cells.append(told if runs <= len(numbers[way]["ends"]) else f"({told})")
        rows.append([str(runs), *cells])
    heads = [OURS["ours"].format(**numbers), *(words.format(**numbers) for words in peers.values())]
    note = "In brackets: beyond the runs measured."
    return [Texts("Whole seconds of a sweep by its number of runs", ["runs", *heads], rows, note)]
