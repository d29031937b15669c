"""`runner verify`: every loss against its formula in NumPy, and the published examples."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from runner import verification
from runner.errors import InputError, RunFailed

NOTES = (
    ("2, 11", "Keras 2 clipped probabilities and then added 1e-7 inside the logarithm again; Keras 3 only clips."),
    ("3", "Divides by y.shape[1] = 1, which divides by nothing: a sum over 3 rows, 16.118 = 3 x 5.3727."),
    ("8, 9", "All elements are compared; the first is shown."),
    ("9", "As printed, 4 labels meet 8 logits: TensorFlow refuses, and so do we, naming both shapes."),
    ("13", "Against the built-in by name, training and validation loss of all epochs; the last is shown."),
    ("14", "Loss and weights after a training step; expected is what Keras computes, here and in 15 and 16."),
)


def verify(arguments: Sequence[str]) -> int:
    """Proves on this machine that the losses are what they claim, and that the published examples come out."""
    parser = argparse.ArgumentParser(prog="runner verify", description=verify.__doc__)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="where the figures go (default: outputs)")
    folder = parser.parse_args(arguments).outputs / "verify"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{folder} cannot be written ({problem.strerror}): choose another with --outputs") from problem

    from runner.training.runtime import keras, start  # TensorFlow, quietly

    device = start(seed=0)
    verification.allow_float64()
    backend = keras.config.backend()
    where = f" ({device})" if backend == "tensorflow" else ""
    console = Console(highlight=False)
    console.print(
        f"Keras {version('keras')} on {backend} {version(backend)}{where}, NumPy {version('numpy')}, "
        f"Python {platform.python_version()}\n"
    )
    wrong = [*_show_losses(console), *_show_examples(console, folder)]
    if wrong:
        raise RunFailed(f"MISMATCH in {', '.join(wrong)}: see the lines above")
    console.print("\nAll losses agree with NumPy, and all examples with their articles.")
    return 0


def _show_losses(console: Console) -> list[str]:
    """The first table; returns the losses that do not agree with NumPy."""
    checks = verification.check_losses()
    console.print(_losses_table(checks))
    console.print()
    tolerances = (
        ("float32", f"The mean loss of {verification.LABELS.size} examples, computed as in training."),
        ("NumPy", f"The same by the paper's formula; float32 is within {verification.FLOAT32_TOLERANCE:.0e} of it."),
        (
            "value",
            f"In float64, the largest relative difference of a loss: {verification.VALUE_TOLERANCE:.0e} or less.",
        ),
        (
            "gradient",
            "In float64, by automatic differentiation, against differences of the NumPy formula: within "
            f"{verification.GRADIENT_TOLERANCE:.0e} of the largest.",
        ),
    )
    console.print(_notes(tolerances))
    console.print()
    return [check.name for check in checks if not check.agrees]


def _show_examples(console: Console, folder: Path) -> list[str]:
    """The second table; returns the examples that do not come out."""
    checks = verification.check_examples(folder)
    console.print(_examples_table(checks))
    console.print()
    console.print(_notes(NOTES))
    for check in checks:
        if check.figure:
            console.print(f"{check.number:<7}{check.figure}", soft_wrap=True)
    return [f"example {number}" for number in dict.fromkeys(check.number for check in checks if not check.agrees)]


def _losses_table(checks: Iterable[verification.LossCheck]) -> Table:
    table = _table()
    table.add_column("loss")
    for name in ("float32", "NumPy", "value", "gradient"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for check in checks:
        numbers = f"{check.value:#.7g}", f"{check.expected:#.7g}", _off(check.value_off), _off(check.gradient_off)
        table.add_row(check.name, *numbers, _verdict(check.agrees))
    return table


def _examples_table(checks: Iterable[verification.ExampleCheck]) -> Table:
    table = _table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("example")
    for name in ("expected", "ours", "off by", "limit"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for check in checks:
        differences = _off(check.off), _off(check.tolerance)
        table.add_row(str(check.number), check.what, check.expected, check.ours, *differences, _verdict(check.agrees))
    return table


def _table() -> Table:
    return Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)


def _notes(rows: Iterable[tuple[str, str]]) -> Table:
    """Explanations below a table, each with the word or number that it explains."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def _off(difference: float) -> str:
    return "0" if difference == 0 else f"{difference:.0e}"


def _verdict(agrees: bool) -> str:
    return "[green]ok[/green]" if agrees else "[bold red]MISMATCH[/bold red]"
