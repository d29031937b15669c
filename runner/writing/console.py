"""What the terminal shows: progress, the result, and where to look. Standard error is for warnings and errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from runner.writing.wording import counted

EpochListener = Callable[[int, Mapping[str, float]], None]

console = Console(highlight=False)
MOST_LINES = 20  # of a list; a file has the rest
LINE_SECONDS = 5.0  # between two lines of progress where there is no terminal


@contextmanager
def epoch_progress(epochs: int, *, in_sweep: bool = False) -> Iterator[EpochListener]:
    """A progress bar over epochs; plain lines, a few a minute, where output is no terminal.

    A sweep's job shows its bar only while it trains, and no lines: the sweep tells of each job when it is over.
    """
    if in_sweep and not console.is_terminal:
        yield lambda epoch, metrics: None
        return
    if not console.is_terminal:
        with _lines(epochs) as on_line:
            yield on_line
        return
    columns = (
        TextColumn("epoch"),
        _epoch_count(epochs),
        *([BarColumn(bar_width=20)] if console.width >= 110 else []),
        TextColumn("{task.description}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=in_sweep) as progress:
        task = progress.add_task("", total=epochs)

        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
            progress.update(task, completed=epoch, description=_epoch_line(metrics))

        yield on_epoch
        progress.update(task, total=progress.tasks[task].completed)  # early stopping: the bar ends full


@contextmanager
def stack_progress(runs: int, epochs: int) -> Iterator[Callable[[int], None]]:
    """Runs that are trained together: a bar while they train, or one line where output is no terminal.

    Yields:
        To be called by each run with the number of each of its epochs.
    """
    together = "1 run" if runs == 1 else f"{runs} runs together"
    if not console.is_terminal:
        print(f"training {together}", flush=True)
        yield lambda epoch: None
        return
    columns = TextColumn("{task.description}: epoch"), _epoch_count(epochs), BarColumn(bar_width=20)
    with Progress(
        *columns, TimeRemainingColumn(compact=True), TextColumn("left"), console=console, transient=True
    ) as bar:
        task = bar.add_task(f"training {together}", total=epochs)
        yield lambda epoch: bar.update(task, completed=epoch)


def _epoch_count(epochs: int) -> MofNCompleteColumn:
    """Where training stands, whole: where the line is too narrow, other columns are cut."""
    return MofNCompleteColumn(table_column=Column(min_width=len(f"{epochs}/{epochs}"), no_wrap=True))


@contextmanager
def _lines(epochs: int) -> Iterator[EpochListener]:
    """The first epoch, one every few seconds, and the last, also where training stops early."""
    last_time, shown, latest = time.monotonic(), 0, (0, "")

    def show() -> None:
        nonlocal last_time, shown
        last_time, shown = time.monotonic(), latest[0]
        print(f"epoch {latest[0]}/{epochs}  {latest[1]}", flush=True)

    def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        nonlocal latest
        latest = epoch, _epoch_line(metrics)
        if epoch == 1 or time.monotonic() - last_time > LINE_SECONDS:
            show()

    yield on_epoch
    if latest[0] > shown:
        show()


def _epoch_line(metrics: Mapping[str, float]) -> str:
    """Short enough for a terminal of 80 columns."""
    return (
        f"train loss {metrics['train/loss']:.4f}  val log loss {metrics['val/log_loss']:.4f}  "
        f"AP {metrics['val/average_precision']:.4f}"
    )


def show_start(name: str, rows: int, prevalence: float) -> None:
    """What is about to be trained on; the frameworks take some seconds to load."""
    console.print(f"{escape(name)}: {rows} rows, {prevalence:.2%} positive; starting TensorFlow ...")


def show_summary(line: str) -> None:
    """What was read from a user's file; nothing of other datasets."""
    if line:
        console.print(f"read {escape(line)}", soft_wrap=True)


def show_result(name: str, rows: Iterable[tuple[str, str, str]], threshold: str, ending: str) -> None:
    """A run's result.

    Args:
        name: of the run.
        rows: (metric, value on test, 95% interval), in words.
        threshold: a line about it.
        ending: a line about the weights, and why training ended.
    """
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("test metric")
    table.add_column("value", justify="right")
    table.add_column("95% interval")
    for row in rows:
        table.add_row(*row)
    console.print(f"\n[bold]{escape(name)}[/bold]\n", soft_wrap=True)
    console.print(table)
    console.print(escape(threshold))
    console.print(escape(ending), soft_wrap=True)


def show_by_group(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The test metrics of each group of rows: a table of words under its heads, the first three of the group itself."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(escape(head), justify="right" if place in (1, 2) else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print()
    console.print(table)


def show_where(folder: Path, run_id: str, look: str) -> None:
    """The run's folder, and the one command or address that shows it in the browser."""
    console.print(f"files: {escape(short_path(folder))}", soft_wrap=True)
    if run_id:
        console.print(f"run id: {run_id}\n{_look_at_it(look)}", soft_wrap=True)
    console.print()


def _look_at_it(look: str) -> str:
    clone = "   (or, from a clone, make ui)" if look == "runner ui" else ""
    return f"look at it: [bold]{escape(look)}[/bold]{clone}"


def show_job(name: str, objectives: Mapping[str, float], *, skipped: bool, progress: str) -> None:
    """A job of a sweep is over: its result, and how far the sweep is."""
    done_before = " (done before)" if skipped else ""
    values = ", ".join(f"{metric} {value:.4f}" for metric, value in objectives.items())
    console.print(f"[bold]{escape(name)}[/bold]: {values}{done_before}\n{escape(progress)}", soft_wrap=True)


def show_submitted(job: str, jobs: int, tasks: int, folder: Path) -> None:
    """Jobs of a sweep are in Slurm's queue."""
    said = f"{counted(jobs, 'run')} in {counted(tasks, 'task')}"
    console.print(f"Slurm job {job}: {said}; plan and logs: {escape(short_path(folder))}", soft_wrap=True)


def show_pending(job: str, tasks: int, reasons: Sequence[str]) -> None:
    """Tasks wait in Slurm's queue, and why, in Slurm's words."""
    console.print(f"Slurm job {job}: {counted(tasks, 'task')} pending ({escape(', '.join(reasons))})", soft_wrap=True)


def show_report(headline: str, sentences: Sequence[str], path: Path) -> None:
    """The verdict in words, and where the whole report is."""
    console.print(f"\n[bold]{escape(headline)}[/bold]", soft_wrap=True)
    for sentence in sentences:
        console.print(escape(sentence), soft_wrap=True)
    console.print(f"report: {escape(short_path(path))}\n", soft_wrap=True)


def show_out_of_fold(folder: Path) -> None:
    """Where the predictions of all folds are."""
    console.print(f"out-of-fold predictions, their scores and figures: {escape(short_path(folder))}", soft_wrap=True)


def show_no_report(reason: str) -> None:
    """Why a sweep ends without a comparison."""
    console.print(f"no comparison: {escape(reason)}", soft_wrap=True)


def show_done_before(done: int, trials: int) -> None:
    """A search goes on."""
    console.print(f"{done} of {trials} trials are done already")


def show_best_trial(result: str, run_name: str, *, trials: int, command: str, folder: Path, missing: str) -> None:
    """What a search found, and the command that runs it again.

    Args:
        result: the objective and its best value.
        run_name: of the best trial.
        trials: how many there are.
        command: runs the best trial again.
        folder: has the table of all.
        missing: why there is no figure of importance, or nothing.
    """
    console.print(f"\n[bold]best of {trials} trials: {result}[/bold]  {escape(run_name)}", soft_wrap=True)
    console.print(f"run it again: {escape(command)}", soft_wrap=True)
    if missing:
        console.print(missing, soft_wrap=True)
    console.print(f"all trials: {escape(short_path(folder))}\n", soft_wrap=True)


def show_pareto_front(lines: Sequence[str], *, trials: int, command: str, folder: Path, missing: str) -> None:
    """The trials that a search for several objectives leaves to choose from, and how the first is run again.

    Args:
        lines: one for each trial of the Pareto front.
        trials: how many there are in all.
        command: runs the first of `lines` again.
        folder: has the table of all.
        missing: why there is no figure of importance, or nothing.
    """
    console.print(f"\n[bold]Pareto front: {len(lines)} of {trials} trials, beaten by no other[/bold]")
    for line in lines[:MOST_LINES]:
        console.print(escape(line), soft_wrap=True)
    if len(lines) > MOST_LINES:
        console.print(f"and {len(lines) - MOST_LINES} more")
    console.print(f"run the first again: {escape(command)}", soft_wrap=True)
    if missing:
        console.print(missing, soft_wrap=True)
    console.print(
        f"all trials, and the front with its commands (best_trials.csv): {short_path(folder)}\n", soft_wrap=True
    )


def show_sweep_end(parent_id: str, folder: Path, look: str, page: str) -> None:
    """Where the whole sweep is, and what shows it in the browser.

    Args:
        parent_id: in MLflow; empty where it is not recorded.
        folder: of the sweep.
        look: the command or address that shows all that is recorded.
        page: the address of the sweep's dashboard.
    """
    if parent_id:
        console.print(f"sweep id: {parent_id}\n{_look_at_it(look)}\nits dashboard: {escape(page)}", soft_wrap=True)
    console.print(f"files of its runs: {escape(short_path(folder))}", soft_wrap=True)


@contextmanager
def file_progress(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar while a file is read; nothing where output is no terminal.

    Args:
        name: of the file.
        size: of it, in whatever is counted.

    Yields:
        To be called with how much has been read.
    """
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"))
    with Progress(*columns, TimeRemainingColumn(compact=True), console=console, transient=True) as progress:
        task = progress.add_task(escape(name), total=size)
        yield lambda done: progress.update(task, completed=done)


def show_step(said: str) -> None:
    """One step of a command that takes a while."""
    console.print(escape(said), soft_wrap=True)


def show_promoted(version: str, alias: str, description: str, command: str) -> None:
    """Which version of a registered model was made, what it is, and why.

    Args:
        version: its name and number.
        alias: what it is from now on.
        description: why.
        command: that scores rows with it.
    """
    console.print(f"[bold]{escape(version)}: {alias}[/bold]\n{escape(description)}", soft_wrap=True)
    console.print(f"score rows with it: {escape(command)}", soft_wrap=True)


def show_predicted(path: Path, rows: int, positives: int, skipped: Sequence[str], seconds: float) -> None:
    """Where the scores of a file are, and which rows have none.

    Args:
        path: of the scores.
        rows: that were scored.
        positives: of these, those with label 1.
        skipped: rows that were not, in words.
        seconds: that it took.
    """
    speed = f", {rows / seconds:,.0f} a second" if rows >= 1000 else ""
    console.print(f"{escape(short_path(path))}: {rows:,} rows scored{speed}; label 1: {positives:,}", soft_wrap=True)
    if skipped:
        console.print(f"{len(skipped):,} {'row' if len(skipped) == 1 else 'rows'} could not be scored, left out:")
        for line in skipped[:MOST_LINES]:
            console.print(f"  {escape(line)}", soft_wrap=True)
        if len(skipped) > MOST_LINES:
            console.print(f"  and {len(skipped) - MOST_LINES:,} more")


def show_monitored(headline: str, rows: str, lines: Sequence[str], report: Path, run_id: str) -> None:
    """What became of a model on later data.

    Args:
        headline: the result in one sentence.
        rows: of the file, in words.
        lines: one a check.
        report: the file with all of it.
        run_id: of the record; empty where there is none.
    """
    console.print(f"[bold]{escape(headline)}[/bold]\n{escape(rows)}", soft_wrap=True)
    for line in lines:
        console.print(f"  {escape(line)}", soft_wrap=True)
    recorded = (
        f"recorded as run {run_id}, under the run that made the model"
        if run_id
        else ("not recorded: a folder names no run; give the run's id or models:/NAME@champion")
    )
    console.print(f"report: {escape(short_path(report))}; {recorded}", soft_wrap=True)


def short_path(path: Path) -> str:
    """The path as it is typed where the command was started: relative, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
