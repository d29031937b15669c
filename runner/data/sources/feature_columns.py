"""Which columns of a table are features."""

from __future__ import annotations

from collections.abc import Sequence

from runner.data.sources.file_table import Table
from runner.data.sources.reading import names
from runner.errors import InputError
from runner.writing.wording import join_names, override


def feature_columns(
    table: Table, target: str, features: Sequence[str] | None, drop: Sequence[str], taken: set[str]
) -> list[str]:
    """Their names, in the order in which they are asked for, or stand in the table.

    Args:
        table: with these columns.
        target: no feature, though it were asked for.
        features: `dataset.features`; None: all that are left.
        drop: `dataset.drop`.
        taken: columns that are something else.

    Raises:
        InputError: there is no such column, none is left, or one has no name.
    """
    dropped = {table.find("drop", column) for column in names(drop)}
    if features is None:
        chosen = [column for column in table.names if column not in taken and column not in table.index]
    else:
        chosen = list(dict.fromkeys(table.find("features", column) for column in names(features)))
        if target in chosen:
            raise InputError(
                f"{table.where}: dataset.features names the target column '{target}'; a network that reads the answer"
                " learns nothing, take it out"
            )
    chosen = [column for column in chosen if column not in dropped]
    if not chosen:
        raise InputError(
            f"{table.where}: no feature columns left of {len(table.names)} columns; drop fewer with dataset.drop,"
            " or name some with dataset.features"
        )
    nameless = [column for column in chosen if column in table.unnamed and not isinstance(table.content, dict)]
    if nameless:
        raise InputError(
            f"{table.where}: columns without a name, here called {join_names(nameless)}; name them in the"
            f" file, or leave them out: {override('dataset.drop', nameless[:1])}"
        )
    return chosen
