"""Holm against a published table and a definition-by-definition loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.comparison.holm import Step, holm, holm_levels, holm_steps

P = st.lists(st.floats(0, 1), max_size=12)


def test_adjusted_p_values_of_a_worked_example():
    """Hand computed, and the same from statsmodels 0.15.0, multipletests(method="holm")."""
    assert holm(np.array([0.01, 0.02, 0.03, 0.005, 0.2, 0.04])) == pytest.approx([0.05, 0.08, 0.09, 0.03, 0.2, 0.09])


def test_demsars_example():
    """Demšar 2006, section 3.2.2: p 0.016, 0.019, 0.607; the first two are at most 0.05 / 3 and 0.05 / 2."""
    p = np.array([0.019, 0.607, 0.016])
    assert holm_levels(p, 0.05) == pytest.approx([0.05 / 2, 0.05, 0.05 / 3])
    assert (holm(p) <= 0.05).tolist() == [True, False, True]


def test_after_the_first_that_stands_all_are_held_against_its_level():
    p = np.array([0.001, 0.04, 0.03, 0.02])  # 0.02 is above 0.05 / 3
    assert holm_levels(p, 0.05) == pytest.approx([0.05 / 4, 0.05 / 3, 0.05 / 3, 0.05 / 3])
    assert holm(p) == pytest.approx([0.004, 0.06, 0.06, 0.06])


@given(P, st.sampled_from([0.01, 0.05, 0.2]))
def test_both_forms_reject_what_holms_steps_reject(p, alpha):
    rejected = [False] * len(p)
    for step, place in enumerate(np.argsort(p, kind="stable")):
        if p[place] > alpha / (len(p) - step):
            break
        rejected[place] = True
    by_level = np.array(p) <= holm_levels(np.array(p), alpha)
    assert by_level.tolist() == rejected
    off_the_edge = ~np.isclose(holm(np.array(p)), alpha)  # a product and a quotient round differently
    assert ((holm(np.array(p)) <= alpha) == rejected)[off_the_edge].all()


@given(P)
def test_adjusted_p_values_keep_the_order_and_lie_between_p_and_bonferroni(p):
    adjusted = holm(np.array(p))
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1, np.array(p) * len(p) * (1 + 1e-12))).all()


def test_what_was_not_tested_is_not_counted():
    p = np.array([0.01, np.nan, 0.04])
    assert holm(p) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert holm_levels(p, 0.05) == pytest.approx([0.025, np.nan, 0.05], nan_ok=True)
    assert np.isnan(holm(np.array([np.nan]))).all()
    assert len(holm(np.array([]))) == len(holm_levels(np.array([]), 0.05)) == 0


def test_a_step_holds_all_three():
    assert holm_steps([0.04, 0.01], 0.05) == [Step(0.04, 0.04, 0.05), Step(0.01, 0.02, 0.025)]
    assert holm_steps([], 0.05) == []
