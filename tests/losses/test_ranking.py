"""Losses of a ranking and of the worst rows, against scikit-learn and what they are limits of."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, jaccard_score, log_loss, roc_auc_score

import losses

RNG = np.random.default_rng(11)
Y = (RNG.uniform(size=120) < 0.25).astype(float)
Z = RNG.normal(2 * Y - 2, 1.5)
P = 1 / (1 + np.exp(-Z))


def test_of_a_small_temperature_it_is_average_precision():
    loss = losses.SmoothAPLoss(temperature=1e-9, dtype="float64")
    assert 1 - float(loss(Y, Z)) == pytest.approx(average_precision_score(Y, Z), rel=1e-9)


def test_a_weight_is_that_many_positives_in_the_average():
    """Two positives and a negative, by hand: G = 0 or 1."""
    loss = losses.SmoothAPLoss(temperature=1e-9, dtype="float64")
    value = float(loss([1.0, 0.0, 1.0], [2.0, 1.0, 0.0], sample_weight=[1.0, 2.0, 3.0]))
    assert 1 - value == pytest.approx((1 * 1 + 3 * (4 / 6)) / 4)


@pytest.mark.parametrize("denominator", ["count", "rate"])
def test_the_area_is_zero_where_the_ranking_is_right_and_there_only(denominator):
    loss = losses.AUMLoss(denominator, dtype="float64")
    for _ in range(20):
        z = RNG.normal(3 * Y[:12] - 1.5, 1.0)
        right = roc_auc_score(Y[:12], z) == 1
        assert (float(loss(Y[:12], z)) == 0) is bool(right)


def test_the_area_by_small_steps_of_the_threshold():
    steps = np.linspace(Z.min(), Z.max(), 200_001)
    middle = (steps[1:] + steps[:-1]) / 2
    fn = np.searchsorted(np.sort(Z[Y == 1]), middle, side="right") / len(Y)
    fp = (np.sum(Y == 0) - np.searchsorted(np.sort(Z[Y == 0]), middle, side="right")) / len(Y)
    expected = np.sum(np.minimum(fp, fn)) * (steps[1] - steps[0])
    assert float(losses.AUMLoss(dtype="float64")(Y, Z)) == pytest.approx(expected, rel=1e-4)


def test_where_margins_are_zero_or_one_the_hinge_is_the_jaccard_loss():
    loss = losses.LovaszHingeLoss(dtype="float64")
    for y in product([0.0, 1.0], repeat=4):
        for decided in product([False, True], repeat=4):
            labels, called = np.array(y), np.array(decided)
            # an error of 1 at z = 0, of 0 beyond the margin
            z = np.where(called == (labels == 1), 2 * labels - 1, 0.0)
            expected = 1 - jaccard_score(labels, called, zero_division=1.0)
            assert float(loss(labels, z)) == pytest.approx(expected, abs=1e-12)


def test_the_hinge_is_convex():
    loss = losses.LovaszHingeLoss(dtype="float64")
    for _ in range(20):
        one, other = RNG.normal(0, 2, (2, 30))
        ends = [float(loss(Y[:30], z)) for z in (one, other)]
        assert float(loss(Y[:30], (one + other) / 2)) <= np.mean(ends) + 1e-12


def test_a_tilt_goes_from_the_mean_to_the_maximum():
    each = -np.log(np.where(Y == 1, P, 1 - P))
    at = {t: float(losses.TiltedLoss(t, dtype="float64")(Y, Z)) for t in (-0.9, 0.0, 1e-9, 1.0, 5.0, 1e4)}
    assert at[0.0] == pytest.approx(log_loss(Y, P), rel=1e-12)
    assert at[1e-9] == pytest.approx(at[0.0], rel=1e-8)
    assert at[1e4] == pytest.approx(each.max(), rel=1e-3)
    assert list(at.values()) == sorted(at.values())


def test_of_a_large_batch_a_tilt_divides_the_logit():
    """Where 30% of many equal rows are positives, the loss is least at logit(0.3) / (1 + t)."""
    y, t = np.repeat([1.0, 0.0], [30, 70]), 2.0
    loss = losses.TiltedLoss(t, dtype="float64")
    z = np.linspace(-2, 2, 4001)
    least = z[np.argmin(np.asarray(loss.compute(y, np.broadcast_to(z[:, None], (4001, 100)))))]
    assert least == pytest.approx(np.log(0.3 / 0.7) / (1 + t), abs=2e-3)


def test_the_value_at_risk_is_the_mean_of_the_worst():
    each = np.sort(-np.log(np.where(Y == 1, P, 1 - P)))[::-1]
    for rows in (1, 7, 60, 120):
        loss = losses.CVaRLoss(rows / 120, dtype="float64")
        assert float(loss(Y, Z)) == pytest.approx(each[:rows].mean(), rel=1e-10)
    assert float(losses.CVaRLoss(1.0, dtype="float64")(Y, Z)) == pytest.approx(log_loss(Y, P), rel=1e-12)
