"""The loss of the extreme value link against SciPy's distribution and integrals."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import exp1
from scipy.stats import genextreme

import losses
from losses.gev import mean_of_gev

SHAPES = [-0.9, -0.5, -0.1, -1e-4, -1e-9, 0.0, 1e-12, 1e-5, 0.1, 0.5, 0.9]


@pytest.mark.parametrize("xi", SHAPES)
def test_its_link_is_the_distribution(xi):
    z = np.linspace(-6, 6, 49)
    # SciPy's shape has the other sign
    np.testing.assert_allclose(losses.GEVLoss(xi).debias(z), genextreme(-xi).cdf(z), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("xi", SHAPES)
def test_the_mean_of_the_distribution(xi):
    below, above = (quad(genextreme(-xi).ppf, *part, epsabs=1e-10, limit=500)[0] for part in ((0, 0.5), (0.5, 1)))
    expected = below + above
    assert float(mean_of_gev(np.array(xi))) == pytest.approx(expected, rel=2e-4 if xi > 0.5 else 1e-7)
    assert float(mean_of_gev(np.array(3e-4))) == pytest.approx(float(mean_of_gev(np.array(2.9999e-4))), abs=2e-8)


@pytest.mark.parametrize("xi", [-0.5, -0.1, -1e-6, 0.0, 1e-6, 0.1, 0.5])
def test_the_loss_is_the_integral_of_its_link(xi):
    loss = losses.GEVLoss(xi, dtype="float64", reduction=None)

    def link(s):
        return genextreme(-xi).cdf(s)

    for z in (-1.5, -0.95, -0.9, 0.0, 1.0):
        parts = [(z - 30, z - 2), (z - 2, z)]
        negative = sum(quad(link, *part, epsabs=0, epsrel=1e-11, limit=200)[0] for part in parts)
        assert float(loss([0.0], [z])[0]) == pytest.approx(negative, rel=1e-8)
        assert float(loss([1.0], [z])[0]) == pytest.approx(negative - z + float(mean_of_gev(np.array(xi))), rel=1e-8)


def test_of_the_log_log_link_the_loss_is_the_exponential_integral():
    z = np.linspace(-3, 3, 61)
    loss = losses.GEVLoss(0.0, dtype="float64", reduction=None)
    np.testing.assert_allclose(loss(np.zeros(61), z), exp1(np.exp(-z)), rtol=1e-12)
    np.testing.assert_allclose(loss(np.ones(61), z), exp1(np.exp(-z)) - z + np.euler_gamma, rtol=1e-12)


@pytest.mark.parametrize("xi", [-0.5, 0.5])
def test_beyond_the_support_one_class_costs_nothing_and_the_other_in_proportion(xi):
    loss = losses.GEVLoss(xi, dtype="float64", reduction=None)
    z = np.sign(xi) * np.array([-3.0, -50.0])
    free, dear = (np.asarray(loss(np.full(2, label), z)) for label in ((0.0, 1.0) if xi > 0 else (1.0, 0.0)))
    np.testing.assert_array_equal(free, 0.0)
    assert dear[1] - dear[0] == pytest.approx(47.0)
