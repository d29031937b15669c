"""Contributions of columns to a row's logit: Shapley values against one reference row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

PAIRS = 4
"""Orders of the columns that are averaged over, each with its reverse."""


def contributions(
    logits_of: Callable[[np.ndarray], np.ndarray],
    inputs: np.ndarray,
    reference: np.ndarray,
    columns: Sequence[np.ndarray],
    *,
    pairs: int = PAIRS,
) -> np.ndarray:
    """(n, columns) by how much each column moves a row's logit away from the reference's.

    Baseline Shapley values (Sundararajan and Najmi 2020, "The many Shapley values for model explanation"), by orders
    of the columns (Castro et al. 2009): beginning with the reference, one column after the other takes the row's
    values, and what the logit changes by is that column's; the mean over the orders. In each order the changes add up
    to the row's logit less the reference's, so that their mean does too. An order and its reverse together are exact
    where at most two columns interact at a time; with more the orders, which are the same for all rows, make an error.

    Args:
        logits_of: from (n, width) inputs to (n,) logits.
        inputs: (n, width) of the rows.
        reference: (width,) of the reference.
        columns: the places of each column's inputs.
        pairs: of orders.
    """
    rng, found = np.random.default_rng(0), np.zeros((len(inputs), len(columns)))
    base = logits_of(reference[None])[0]
    for _ in range(pairs):
        order = rng.permutation(len(columns))
        for each in (order, order[::-1]):
            mixed = np.tile(reference, (len(inputs), 1))
            before = np.full(len(inputs), base)
            for column in each:
                mixed[:, columns[column]] = inputs[:, columns[column]]
                now = logits_of(mixed)
                found[:, column] += now - before
                before = now
    return found / (2 * pairs)
