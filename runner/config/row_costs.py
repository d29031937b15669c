"""Which losses take the costs of rows for their weights. Light: it is asked before Keras is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from losses.catalogue import CATALOGUE

SIGNED = "expected_cost"
"""The form in which a positive that is best left alone has a weight below 0; a log loss would have no minimum."""


def form_of_costs(loss: Mapping[str, Any]) -> str | None:
    """The form in which a loss takes the costs of rows; None where it does not.

    Args:
        loss: its config.
    """
    package, _, name = str(loss.get("_target_")).rpartition(".")
    entry = CATALOGUE.get(name) if package.split(".")[0] == "losses" else None
    return str(loss.get("form", SIGNED)) if entry is not None and entry.costs_of_rows else None
