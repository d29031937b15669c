"""Ranks against Demšar's worked example, his table of critical values, SciPy and scikit-posthocs."""

import numpy as np
import pandas as pd
import pytest
from demsar import AUC
from scipy.stats import friedmanchisquare

from runner.comparison.ranks import critical_difference, iman_davenport, not_separated, rank


def test_average_ranks_of_demsars_example():
    found = rank(AUC)
    expected = {"C4.5+m+cf": 1.964, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5": 3.143}
    assert found.average.index.tolist() == list(expected)
    assert found.average.tolist() == pytest.approx(list(expected.values()), abs=5e-4)
    assert found.n == 14


def test_iman_davenport_of_demsars_example():
    """Section 3.2.2: chi-square 9.28 (not corrected for ties) gives F 3.69, above the critical 2.85 of F(3, 39)."""
    f, p = iman_davenport(9.28, 14, 4)
    assert f == pytest.approx(3.69, abs=0.005)
    assert p < 0.05
    assert iman_davenport(7.55, 14, 4) == pytest.approx((2.85, 0.05), abs=0.003)


def test_friedman_is_scipys_and_corrected_for_ties():
    found = rank(AUC)
    expected = friedmanchisquare(*AUC.to_numpy().T)
    assert (found.friedman, found.friedman_p) == (expected.statistic, expected.pvalue)
    assert found.friedman > 9.28
    assert found.iman_davenport == pytest.approx(13 * found.friedman / (42 - found.friedman))


def test_critical_values_of_demsars_table():
    """Table 5(a): q at 0.05 for 2 to 10 classifiers; n is chosen so that the rest of the formula is 1."""
    table = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    for k, q in enumerate(table, 2):
        n = k * (k + 1) / 6
        # on purpose: no whole number of datasets does that
        assert critical_difference(k, n) == pytest.approx(q, abs=0.001)  # type: ignore[arg-type]


def test_critical_differences_of_demsars_examples():
    """Sections 3.2.2 and 3.2.4: 1.25 at 0.05 for 4 classifiers on 14 datasets; 1.12 at 0.10."""
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, 0.10) == pytest.approx(1.12, abs=0.005)


def test_at_scikit_posthocs_p_value_the_difference_is_just_critical():
    """scikit-posthocs 0.17.1, posthoc_nemenyi_friedman of the table: p 0.0886727 for C4.5 and C4.5+m."""
    average = rank(AUC).average
    difference = average["C4.5"] - average["C4.5+m"]
    assert critical_difference(4, 14, 0.08867270928888271) == pytest.approx(difference, rel=1e-6)


def test_groups_are_the_largest_runs_not_separated():
    average = pd.Series({"a": 1.0, "b": 1.8, "c": 2.5, "d": 4.0, "e": 4.5, "f": 9.0})
    assert not_separated(average, 1.6) == (("a", "b", "c"), ("c", "d"), ("d", "e"))
    assert not_separated(average, 1.0) == (("a", "b"), ("b", "c"), ("d", "e"))
    assert not_separated(average, 0.1) == ()
    assert not_separated(average, 100) == (("a", "b", "c", "d", "e", "f"),)
    assert not_separated(pd.Series({"a": 1.0, "b": 2.0}), 1.0) == ()  # a difference that is critical separates


def test_no_pair_of_demsars_example_is_separated_but_by_the_edge():
    found = rank(AUC)
    assert found.groups == (tuple(found.average.index),)
    assert rank(AUC, alpha=0.10).groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


def test_the_same_order_everywhere_is_the_strongest_result():
    found = rank(pd.DataFrame([[0.9, 0.8, 0.7]] * 6, columns=list("abc")) + np.arange(6)[:, None])
    assert found.average.tolist() == [1, 2, 3]
    assert (found.iman_davenport, found.iman_davenport_p) == (np.inf, 0)


def test_all_ties_are_no_difference():
    found = rank(pd.DataFrame(np.full((5, 3), 0.5), columns=list("abc")))
    assert found.average.tolist() == [2, 2, 2]
    assert (found.friedman, found.friedman_p, found.iman_davenport, found.iman_davenport_p) == (0, 1, 0, 1)
    assert found.groups == (("a", "b", "c"),)


def test_two_losses_have_ranks_but_no_friedman_test():
    found = rank(AUC[["C4.5", "C4.5+m"]])
    assert np.isnan([found.friedman, found.friedman_p, found.iman_davenport, found.iman_davenport_p]).all()
    assert found.critical_difference == pytest.approx(1.960 * np.sqrt(6 / (6 * 14)), rel=1e-3)


def test_one_dataset_or_one_loss_has_no_ranks():
    for scores in (AUC.iloc[:1], AUC[["C4.5"]]):
        with pytest.raises(ValueError, match="at least two"):
            rank(scores)
