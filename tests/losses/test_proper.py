"""The proper scores against scikit-learn, SciPy's integrals, and each other."""

import numpy as np
import pytest
from losses_backend import value_and_gradient
from scipy.integrate import quad
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

import losses
from runner.verification import reference

RNG = np.random.default_rng(2)
Z = RNG.normal(-1, 3, 200)
HARD = (RNG.uniform(size=200) < 0.3).astype(float)
SOFT = RNG.uniform(size=200)


def test_the_brier_score_is_scikit_learns():
    expected = brier_score_loss(HARD, expit(Z))
    assert float(losses.BrierLoss(dtype="float64")(HARD, Z)) == pytest.approx(expected, rel=1e-12)


def test_a_beta_score_of_no_powers_is_the_log_loss():
    loss = losses.BetaProperLoss(0.0, 0.0, dtype="float64")
    assert float(loss(HARD, Z)) == pytest.approx(log_loss(HARD, expit(Z)), rel=1e-12)
    far = np.array([-1e4, -700.0, -40.0, 40.0, 700.0, 1e4])
    each = losses.BetaProperLoss(0.0, 0.0, dtype="float64", reduction=None)
    np.testing.assert_allclose(each(np.zeros(6), far), reference.bce(0, far), rtol=1e-13)
    np.testing.assert_allclose(each(np.ones(6), far), reference.bce(1, far), rtol=1e-13)


@pytest.mark.parametrize("y", [HARD, SOFT], ids=["hard", "soft"])
def test_a_beta_score_of_powers_one_is_half_the_brier_score(y):
    half = losses.BetaProperLoss(1.0, 1.0, dtype="float64", reduction=None)
    np.testing.assert_allclose(
        2 * np.asarray(half(y, Z)), losses.BrierLoss(dtype="float64", reduction=None)(y, Z), 1e-13
    )


@pytest.mark.parametrize("a", [0.0, 0.3, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("b", [0.0, 0.01, 0.5, 2.0, 10.0])
def test_a_beta_score_is_the_integral_of_its_slope(a, b):
    """From the logit where the loss is least, by SciPy, over a slope that is written out."""
    loss = losses.BetaProperLoss(a, b, dtype="float64", reduction=None)
    for z in (-12.0, -3.0, -0.5, 0.0, 0.5, 3.0, 5.99, 6.01, 12.0):
        slope = [lambda s: expit(s) ** a * expit(-s) ** (b + 1), lambda s: expit(s) ** (a + 1) * expit(-s) ** b]
        positive = sum(quad(slope[0], *part, epsabs=0, epsrel=1e-12)[0] for part in ((z, z + 5), (z + 5, z + 60)))
        negative = sum(quad(slope[1], *part, epsabs=0, epsrel=1e-12)[0] for part in ((z - 60, z - 5), (z - 5, z)))
        np.testing.assert_allclose(loss([1.0, 0.0], [z, z]), [positive, negative], rtol=1e-11)


@pytest.mark.parametrize("a", [0.0, 0.3, 10.0])
@pytest.mark.parametrize("b", [0.0, 0.01, 10.0])
def test_a_beta_score_has_the_slope_of_its_definition(a, b):
    _, gradient = value_and_gradient(losses.BetaProperLoss(a, b, reduction="sum", dtype="float64"), SOFT, Z, "float64")
    np.testing.assert_allclose(gradient, (expit(Z) - SOFT) * expit(Z) ** a * expit(-Z) ** b, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize(
    "loss",
    [losses.BrierLoss(), losses.BetaProperLoss(), losses.BetaProperLoss(1.0, 9.0)],
    ids=["brier", "beta", "beta 1, 9"],
)
def test_there_is_nothing_to_undo(loss):
    for eta in (0.02, 0.1, 0.5):
        assert losses.minimiser(loss, eta) == pytest.approx(eta, abs=1e-3)
    np.testing.assert_array_equal(loss.debias(Z), expit(Z))


def test_a_beta_score_is_sharpest_at_its_threshold():
    """Predicting 0.15 for 0.1 costs more than 0.55 for 0.5 where a / (a+b) = 0.1, less where it is 0.5."""

    def regret(loss, eta, p):
        expected = [
            eta * float(loss([1.0], [z])) + (1 - eta) * float(loss([0.0], [z]))
            for z in np.log([p, eta] / (1 - np.array([p, eta])))
        ]
        return expected[0] - expected[1]

    low = losses.BetaProperLoss(1.0, 9.0, dtype="float64")
    high = losses.BetaProperLoss(5.0, 5.0, dtype="float64")
    at_low, at_high = ([regret(loss, 0.1, 0.15), regret(loss, 0.5, 0.55)] for loss in (low, high))
    assert at_low[0] > 10 * at_low[1] > 0
    assert at_high[1] > 10 * at_high[0] > 0
