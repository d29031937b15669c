"""Contributions to a logit: Shapley's formula over all subsets, and what must hold for any network."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from runner.evaluation.contributions import contributions

RNG = np.random.default_rng(0)
ROWS, REFERENCE = RNG.normal(size=(6, 5)), RNG.normal(size=5)
COLUMNS = [np.array([0]), np.array([1, 4]), np.array([2]), np.array([3])]


def of_two(x):
    """Columns interact by two at most."""
    return 2 * x[:, 0] - x[:, 1] * x[:, 2] + np.tanh(x[:, 4] + x[:, 3]) + np.abs(x[:, 1] - x[:, 0])


def of_all(x):
    return np.maximum(x @ np.array([1.0, -2, 0.5, 1, 1]), 0) * x[:, 0] * x[:, 2]


def shapley(logits_of, row):
    """The formula of Shapley (1953) over all subsets, where columns outside of a subset have the reference's values."""
    count, found = len(COLUMNS), np.zeros(len(COLUMNS))

    def value(subset):
        mixed = REFERENCE.copy()
        for column in subset:
            mixed[COLUMNS[column]] = row[COLUMNS[column]]
        return logits_of(mixed[None])[0]

    for column in range(count):
        others = [each for each in range(count) if each != column]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for subset in combinations(others, size):
                found[column] += weight * (value((*subset, column)) - value(subset))
    return found


def test_where_two_columns_interact_at_most_they_are_shapleys_values():
    found = contributions(of_two, ROWS, REFERENCE, COLUMNS, pairs=1)
    np.testing.assert_allclose(found, [shapley(of_two, row) for row in ROWS], atol=1e-12)


@pytest.mark.parametrize("logits_of", [of_two, of_all])
def test_with_the_reference_they_add_up_to_the_logit(logits_of):
    found = contributions(logits_of, ROWS, REFERENCE, COLUMNS)
    np.testing.assert_allclose(found.sum(1) + logits_of(REFERENCE[None]), logits_of(ROWS), atol=1e-12)


def test_more_orders_come_to_shapleys_values():
    expected = np.array([shapley(of_all, row) for row in ROWS])
    few, many = (np.abs(contributions(of_all, ROWS, REFERENCE, COLUMNS, pairs=pairs) - expected) for pairs in (1, 200))
    assert many.max() < 0.1 * np.abs(expected).max()
    assert many.mean() < few.mean()


def test_a_row_like_the_reference_and_a_column_without_effect_have_none():
    rows = np.stack([REFERENCE, ROWS[0]])
    found = contributions(lambda x: x[:, 0] ** 2, rows, REFERENCE, COLUMNS)
    assert (found[0] == 0).all()
    assert (found[1, 1:] == 0).all()
    assert found[1, 0] == pytest.approx(ROWS[0, 0] ** 2 - REFERENCE[0] ** 2)
