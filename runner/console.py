"""What the terminal shows: progress, the result, and where to look. Standard error is for warnings and errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from runner.tracking.description import result_rows

EpochListener = Callable[[int, Mapping[str, float]], None]

console = Console(highlight=False)
LINE_SECONDS = 5.0  # between two lines of progress where there is no terminal


@contextmanager
def epoch_progress(epochs: int) -> Iterator[EpochListener]:
    """A progress bar over epochs; plain lines, a few a minute, where output is no terminal."""
    if not console.is_terminal:
        yield _lines(epochs)
        return
    columns = (
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=epochs)

        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
            progress.update(task, completed=epoch, description=_in_words(metrics))

        yield on_epoch
        progress.update(task, total=progress.tasks[task].completed)  # early stopping: the bar ends full


def _lines(epochs: int) -> EpochListener:
    last = time.monotonic()

    def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        nonlocal last
        if epoch in (1, epochs) or time.monotonic() - last > LINE_SECONDS:
            last = time.monotonic()
            print(f"epoch {epoch}/{epochs}  {_in_words(metrics)}", flush=True)

    return on_epoch


def _in_words(metrics: Mapping[str, float]) -> str:
    return (
        f"train loss {metrics['train/loss']:.4f}  validation log loss {metrics['val/log_loss']:.4f}  "
        f"average precision {metrics['val/average_precision']:.4f}"
    )


def show_result(name: str, metrics: Mapping[str, float], threshold_rule: str) -> None:
    """The test metrics with their intervals."""
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("test metric")
    table.add_column("value", justify="right")
    table.add_column("95% interval")
    for row in result_rows(metrics):
        table.add_row(*row)
    console.print(f"\n[bold]{name}[/bold]\n", soft_wrap=True)
    console.print(table)
    console.print(f"threshold {metrics['threshold']:.4g} ({threshold_rule}, chosen on validation)")


def show_where(folder: Path, run_id: str) -> None:
    """The run's folder, and the one command that shows it in the browser."""
    console.print(f"files: {_short_path(folder)}", soft_wrap=True)
    if run_id:
        console.print(
            f"run id: {run_id}\nlook at it: [bold]runner ui[/bold]   (or, from a clone, make ui)", soft_wrap=True
        )
    console.print()


def _short_path(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
