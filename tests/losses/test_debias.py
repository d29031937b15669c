"""The way back from the minimiser of a loss to P(y=1|x), against minimisers found by SciPy on the NumPy reference."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import losses
from runner.verification import reference

COUNTS = {"n1": 30, "n0": 970}
FOCAL = [
    (reference.focal, losses.FocalLoss, {"gamma": gamma, "alpha": 0.25, "alpha_mode": mode})
    for mode in ("none", "uniform", "balanced", "positives")
    for gamma in (0.0, 0.5, 1.0, 2.0, 5.0)
]
CASES = [
    (reference.custom, losses.CustomLoss, {"formula": "logits"}),
    (reference.weighted, losses.WeightedLoss, {"positive_weight": 20.0, "negative_weight": 0.5}),
    (reference.weighted, losses.WeightedLoss, {"balanced": True, "pi": 0.02}),
    (reference.cost_sensitive, losses.CostSensitiveLoss, {"form": "weighted", "cost_fn": 30.0, "cost_fp": 2.0}),
    (reference.smoothed, losses.SmoothedLoss, {"label_smoothing": 0.1}),
    (reference.smoothed, losses.SmoothedLoss, {"label_smoothing": 0.9}),
    (reference.smoothed, losses.SmoothedLoss, {"smooth_positive": 0.2, "smooth_negative": 0.05}),
    (reference.sparse_categorical, losses.SparseCategoricalLoss, {}),
    (reference.brier, losses.BrierLoss, {}),
    (reference.beta_proper, losses.BetaProperLoss, {"a": 0.5, "b": 1.5}),
    (reference.gev, losses.GEVLoss, {}),
    (reference.gev, losses.GEVLoss, {"xi": 0.15}),
    (reference.class_balanced, losses.ClassBalancedLoss, {**COUNTS, "beta": 0.99}),
    (reference.class_balanced, losses.ClassBalancedLoss, {**COUNTS, "beta": 0.9, "gamma": 2.0}),
    (reference.logit_adjusted, losses.LogitAdjustedLoss, {"pi": 0.03, "tau": 1.0}),
    (reference.logit_adjusted, losses.LogitAdjustedLoss, {"pi": 0.2, "tau": 2.0}),
    (reference.vector_scaling, losses.VectorScalingLoss, {**COUNTS, "gamma": 0.3, "tau": 1.5}),
    (reference.ldam, losses.LDAMLoss, {**COUNTS, "max_margin": 1.0}),
    (reference.ldam, losses.LDAMLoss, {**COUNTS, "s": 3.0}),
    (reference.poly1, losses.Poly1Loss, {"epsilon": 2.0}),
    (reference.poly1, losses.Poly1Loss, {"epsilon": -0.5, "gamma": 2.0}),
    (reference.generalized_ce, losses.GeneralizedCrossEntropyLoss, {"q": 0.3}),
    (reference.symmetric_ce, losses.SymmetricCrossEntropyLoss, {"alpha": 1.0}),
    *FOCAL,
    (reference.focal, losses.FocalLoss, {"gamma": 2.0, "alpha": 0.9, "alpha_mode": "balanced"}),
]
every_case = pytest.mark.parametrize(
    ("formula", "loss", "arguments"), CASES, ids=[f"{loss.__name__}-{arguments}" for _, loss, arguments in CASES]
)
ETAS = np.array([0.001, 0.002, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])


def minimiser(formula, eta, /, **arguments):
    """The logit of least expected loss where positives have probability eta."""
    expected = minimize_scalar(
        lambda z: eta * formula(1.0, z, **arguments) + (1 - eta) * formula(0.0, z, **arguments),
        bracket=(-1.0, 1.0),
        method="brent",
        tol=1e-14,
    )
    return expected.x


@every_case
def test_debias_recovers_the_probability_behind_the_minimiser(formula, loss, arguments):
    logits = np.array([minimiser(formula, eta, **arguments) for eta in ETAS])
    np.testing.assert_allclose(loss(**arguments).debias(logits), ETAS, atol=1e-6, rtol=0)


@every_case
def test_debias_is_finite_and_monotone_at_any_logit(formula, loss, arguments):
    logits = np.concatenate([[-1e3, -745, -710, -100], np.linspace(-45, 45, 1801), [100, 710, 745, 1e3]])
    with np.errstate(over="raise", invalid="raise"):
        probabilities = loss(**arguments).debias(logits)
    assert probabilities.shape == logits.shape
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities[0] < 1e-9
    assert probabilities[-1] > 1 - 1e-9


@pytest.mark.parametrize(("eta", "minimises"), [(0.01, 0.1536), (0.1, 0.3058)])
def test_the_published_bias_of_focal_loss(eta, minimises):
    logit = np.log(minimises / (1 - minimises))
    assert losses.FocalLoss(gamma=2.0).debias(logit) == pytest.approx(eta, rel=1e-3)
    assert reference.sigmoid(minimiser(reference.focal, eta, gamma=2.0)) == pytest.approx(minimises, abs=5e-5)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [0.25, 0.9])
def test_focal_debias_equals_the_formula_of_charoenphakdee(gamma, alpha):
    p = np.linspace(0.01, 0.99, 99)

    def slope(p):  # of phi(p) = (1-p)^gamma log p, up to sign
        return gamma * (1 - p) ** (gamma - 1) * np.log(p) - (1 - p) ** gamma / p

    expected = (1 - alpha) * slope(1 - p) / (alpha * slope(p) + (1 - alpha) * slope(1 - p))
    loss = losses.FocalLoss(gamma=gamma, alpha=alpha, alpha_mode="balanced")
    np.testing.assert_allclose(loss.debias(np.log(p / (1 - p))), expected, rtol=1e-11)


def test_focal_debias_keeps_the_digits_of_tiny_probabilities():
    # Far left phi'(p) -> -1/p and phi'(1-p) -> -(1 + gamma) p^gamma, so eta -> (1 + gamma) p^(1 + gamma).
    z, gamma = -60.0, 2.0
    assert losses.FocalLoss(gamma=gamma).debias(z) == pytest.approx((1 + gamma) * np.exp((gamma + 1) * z), rel=1e-12)


def test_debias_takes_lists_and_float32():
    for loss in (losses.CustomLoss(), losses.WeightedLoss(), losses.SmoothedLoss(), losses.FocalLoss()):
        np.testing.assert_array_equal(loss.debias([[0.5, -1.0]]), loss.debias(np.array([[0.5, -1.0]], "float32")))
        assert loss.debias(np.zeros((2, 1), "float32")).dtype == "float64"


@pytest.mark.parametrize(
    ("loss", "name", "values"),
    [
        (losses.WeightedLoss, "positive_weight", [0.5, 3.0, 90.0]),
        (losses.SmoothedLoss, "label_smoothing", [0.0, 0.1, 0.5]),
        (losses.FocalLoss, "gamma", [0.0, 0.5, 5.0]),
    ],
)
def test_debias_of_stacked_losses_is_debias_of_each(loss, name, values):
    logits = np.linspace(-4, 4, 15).reshape(3, 5)
    together = loss(**{name: [[value] for value in values]}).debias(logits)
    for row, value in enumerate(values):
        np.testing.assert_allclose(together[row], loss(**{name: value}).debias(logits[row]), rtol=1e-14)


def test_debias_of_balanced_stacks_uses_each_prevalence():
    logits = np.zeros((2, 3))
    # Balanced weights put the minimiser of a row with P = pi at one half.
    prevalences: Any = [[0.01], [0.3]]  # nested lists, as a config gives them
    probabilities = losses.WeightedLoss(balanced=True, pi=prevalences).debias(logits)
    np.testing.assert_allclose(probabilities, [[0.01] * 3, [0.3] * 3], rtol=1e-12)
