"""The risk of positives and unlabelled rows: what it is least at, and its steps back."""

import numpy as np
import pytest
from losses_backend import value_and_gradient

import losses
from runner.verification import reference

RNG = np.random.default_rng(8)
Y = np.repeat([1.0, 0.0], [12, 48])
Z = np.concatenate([RNG.normal(2, 1, 12), RNG.normal(-2, 1, 48)])  # labels fitted: the risk of negatives is below 0


@pytest.mark.parametrize("surrogate", ["sigmoid", "logistic"])
@pytest.mark.parametrize("beta", [0.0, 0.05])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_where_a_risk_is_negative_the_step_goes_back_and_the_value_stays(surrogate, beta, gamma):
    given = {"prior": 0.6, "surrogate": surrogate, "beta": beta, "gamma": gamma}
    positive, negative = reference.pu_risks(Y, Z, None, 0.6, surrogate)
    assert negative < -beta
    value, gradient = value_and_gradient(losses.NNPULoss(**given, dtype="float64"), Y, Z, "float64")
    assert value == pytest.approx(positive - beta, rel=1e-12)

    def by_differences(formula):
        return [(formula(Z + step) - formula(Z - step)) / 2e-5 for step in np.eye(len(Z)) * 1e-5]

    back = by_differences(lambda z: -gamma * reference.pu_risks(Y, z, None, 0.6, surrogate)[1])
    np.testing.assert_allclose(gradient, back, rtol=1e-6, atol=1e-10)
    of_the_value = by_differences(lambda z: reference.nnpu(Y, z, **given))
    assert np.abs(gradient - of_the_value).max() > 1e-3
    if gamma:
        assert (gradient[Y == 0] < 0).all()  # unlabelled rows go up again
        assert (gradient[Y == 1] > 0).all()


def test_each_of_a_stack_takes_its_own_step():
    priors = [[0.01], [0.6]]
    loss = losses.NNPULoss(prior=np.array(priors), reduction="sum", dtype="float64")
    _, gradient = value_and_gradient(loss, Y, np.stack([Z, Z]), "float64")
    assert (gradient[0, Y == 0] > 0).all()
    assert (gradient[1, Y == 0] < 0).all()


def test_of_a_random_sample_of_positives_the_logistic_risk_is_least_at_the_probability_of_a_positive():
    """Five kinds of rows; labelled ones are in proportion to p(x|1), unlabelled ones to p(x)."""
    share, eta = np.array([0.1, 0.3, 0.2, 0.25, 0.15]), np.array([0.9, 0.05, 0.4, 0.2, 0.7])
    prior = float(share @ eta)
    y, z = np.repeat([1.0, 0.0], 5), np.tile(np.log(eta / (1 - eta)), 2)
    weights = np.concatenate([3.0 * share * eta, 8.0 * share])  # the two samples are of any size
    loss = losses.NNPULoss(prior=prior, surrogate="logistic", dtype="float64")
    value, gradient = value_and_gradient(lambda y, z: loss(y, z, sample_weight=weights), y, z, "float64")
    by_kind = gradient.reshape(2, 5).sum(axis=0)  # both rows of a kind have one logit
    np.testing.assert_allclose(by_kind, 0, atol=1e-12)
    assert value == pytest.approx(np.sum(share * reference.bce(eta, z[:5])), rel=1e-12)  # as if labels were known


def test_settings_as_usual_are_not_named():
    assert losses.NNPULoss(prior=0.3).in_force == {"prior": 0.3}
    assert losses.NNPULoss(prior=0.3, beta=0.1, surrogate="sigmoid", warmup_epochs=2).in_force == {
        "prior": 0.3,
        "surrogate": "sigmoid",
        "beta": 0.1,
        "warmup_epochs": 2,
    }
