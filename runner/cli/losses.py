"""`runner losses`: the list of losses, and one loss in detail."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from losses.catalogue import CATALOGUE, FAMILIES, check_arguments
from runner.config.options import (
    EXAMPLE_PRIORS,
    changed_arguments,
    default_arguments,
    hyper_parameters,
    option_files,
    purpose,
)
from runner.errors import InputError

ETAS = (0.01, 0.1, 0.5)
"""Shares of positives for which the minimising probability is shown."""


def losses(arguments: Sequence[str]) -> int:
    """Lists the losses by family; with a NAME shows one: formula, figure, and where it is minimised."""
    parser = argparse.ArgumentParser(prog="runner losses", description=losses.__doc__)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a loss option, such as focal")
    parser.add_argument("values", nargs="*", metavar="KEY=VALUE", help="its hyper-parameters, such as gamma=2")
    parser.add_argument(
        "--outputs", type=Path, default=Path("outputs"), help="where the figure goes (default: outputs)"
    )
    options = parser.parse_args(arguments)
    if options.name is None:
        _show_list()
    else:
        _show_one(options.name, options.values, options.outputs)
    return 0


def _show_list() -> None:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("option", "hyper-parameters", "what it does"):
        table.add_column(column, no_wrap=column != "what it does")
    families: dict[str, list[tuple[str, str, str]]] = {family: [] for family in FAMILIES}
    for option, path in option_files("loss").items():
        arguments = default_arguments(path)
        shown = [f"{key}={'null' if value is None else value}" for key, value in hyper_parameters(arguments).items()]
        entry = CATALOGUE.get(str(arguments["_target_"]).removeprefix("losses."))
        # Keras's own is the log loss.
        families[entry.family if entry else "proper"].append((option, "\n".join(shown), purpose(path)))
    for family, rows in families.items():
        table.add_row(f"\n[bold]{family}[/bold]")
        for row in rows:
            table.add_row(*row)
    Console().print(table)


def _show_one(name: str, values: Sequence[str], outputs: Path) -> None:
    config = _checked_config(name, values)
    target = str(config["_target_"])

    import runner.training.runtime  # noqa: F401 - first: it loads TensorFlow quietly

    from losses.shape import loss_shape, minimiser
    from runner import figures
    from runner.config.instantiate import build
    from runner.runs.naming import loss_name

    loss = build("loss", config, known=EXAMPLE_PRIORS)
    title = loss_name(name, getattr(loss, "in_force", {}))
    console = Console(highlight=False)
    console.print(f"[bold]{title}[/bold]   ({target})\n")
    entry = CATALOGUE.get(target.removeprefix("losses."))
    if entry is not None:
        console.print(inspect.cleandoc(type(loss).__doc__ or ""), markup=False, soft_wrap=True)
        if entry.costs_of_rows:
            console.print("\nShown for a miss that costs ten false alarms; in a run the costs are the data's.")
        elif set(entry.arguments) & set(EXAMPLE_PRIORS) and name != "weighted":
            console.print("\nShown for one positive in ten; in a run the counts come from the training part.")
    whole_batch = getattr(loss, "whole_batch", False)
    if whole_batch:
        console.print(
            "\nA loss of the whole batch: where it is least depends on all its rows, so there is no p* of one. "
            "The figure moves one row of 100, of which 10 are positive, and counts the batch's loss times 100."
        )
    else:
        console.print("\nWhere positives have probability eta, the network is led to predict p*:")
        for eta in ETAS:
            console.print(f"  eta {eta:<5g} p* {minimiser(loss, eta):.4f}")
    folder = outputs / "losses"
    folder.mkdir(parents=True, exist_ok=True)
    figure = figures.loss_shape(loss_shape(loss), loss_name=name, whole_batch=whole_batch, subtitle=title)
    figures.save(figure, folder / f"{name}.png")
    console.print(f"\nfigure: {folder / f'{name}.png'}", soft_wrap=True)


def _checked_config(name: str, values: Sequence[str]) -> dict[str, Any]:
    """`_target_` and arguments of a loss option, values given in their place.

    Raises:
        InputError: no such option, or a value that the loss refuses.
    """
    path = option_files("loss").get(name)
    if path is None:
        raise InputError(f"{name}: there is no such loss; there are {', '.join(option_files('loss'))}")
    config = changed_arguments(path, values)
    try:
        check_arguments(str(config["_target_"]).removeprefix("losses."), config)
    except ValueError as problem:
        raise InputError(f"{name}: {problem}") from problem
    return config
