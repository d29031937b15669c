"""`runner datasets`: the datasets there are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import chain

from rich.console import Console
from rich.live import Live
from rich.table import Table

from runner.errors import InputError


def datasets(arguments: Sequence[str]) -> int:
    """Lists the datasets with rows, features, prevalence and duplicates; NAMEs narrow the list."""
    parser = argparse.ArgumentParser(prog="runner datasets", description=datasets.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a name")
    options = parser.parse_args(arguments)

    from runner.data.catalogue import datasets_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("choose with", no_wrap=True)
    for name in ("rows", "features", "positives", "prevalence", "duplicates"):
        table.add_column(name, justify="right")
    table.add_column("note")
    found = datasets_table(options.names)
    first = next(found, None)
    if first is None:
        raise InputError(f"no dataset has {' or '.join(options.names)} in its name: `runner datasets` lists all")
    with Live(table, console=console, vertical_overflow="visible", refresh_per_second=4):
        for row in chain([first], found):
            numbers = [f"{n}" if n is not None else "" for n in (row.rows, row.features, row.positives)]
            share = "" if row.prevalence is None else f"{row.prevalence:.2%}"
            duplicates = "" if row.duplicates is None else str(row.duplicates)
            table.add_row(row.option, *numbers, share, duplicates, row.note)
    return 0
