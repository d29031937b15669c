"""Scores as losses: of decisions they are scikit-learn's, of probabilities the losses that have names of their own."""

import numpy as np
import pytest
from sklearn import metrics

import losses

RNG = np.random.default_rng(5)
Z = RNG.normal(-1, 2, 300)
Y = (RNG.uniform(size=300) < 1 / (1 + np.exp(-Z))).astype(float)
WEIGHT = RNG.uniform(0, 3, 300)


def recalls(y, decided, weight):
    return [metrics.recall_score(y, decided, pos_label=label, sample_weight=weight) for label in (0, 1)]


@pytest.mark.parametrize(
    ("score", "by_scikit_learn"),
    [
        ("f1", lambda y, d, w: metrics.f1_score(y, d, sample_weight=w)),
        ("fbeta", lambda y, d, w: metrics.fbeta_score(y, d, beta=2.0, sample_weight=w)),
        ("g_mean", lambda y, d, w: np.sqrt(np.prod(recalls(y, d, w)))),
        ("balanced_accuracy", lambda y, d, w: metrics.balanced_accuracy_score(y, d, sample_weight=w)),
        ("youden", lambda y, d, w: metrics.balanced_accuracy_score(y, d, sample_weight=w, adjusted=True)),
        ("csi", lambda y, d, w: metrics.jaccard_score(y, d, sample_weight=w)),
        ("mcc", lambda y, d, w: metrics.matthews_corrcoef(y, d, sample_weight=w)),
        ("accuracy", lambda y, d, w: metrics.accuracy_score(y, d, sample_weight=w)),
    ],
)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_of_decisions_it_is_scikit_learns(score, by_scikit_learn, weight):
    decided = Z > 0.5
    expected = by_scikit_learn(Y, decided, weight)
    for squash in ("identity", "cosine", "sharp"):
        loss = losses.ScoreLoss(score, squash, beta=2.0, dtype="float64")
        value = float(loss(Y, np.where(decided, 50.0, -50.0), sample_weight=weight))
        assert 1 - value == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("score", "named"),
    [
        (losses.ScoreLoss("f1"), losses.DiceLoss(smooth=0.0)),
        (losses.ScoreLoss("mcc"), losses.SoftMCCLoss()),
        (losses.ScoreLoss("csi"), losses.TverskyLoss(1.0, 1.0, smooth=0.0)),
        (losses.ScoreLoss("fbeta", beta=2.0), losses.TverskyLoss(0.2, 0.8, smooth=0.0)),
    ],
)
def test_losses_with_names_are_special_cases(score, named):
    assert float(score(Y, Z, sample_weight=WEIGHT)) == pytest.approx(float(named(Y, Z, sample_weight=WEIGHT)), rel=1e-6)


@pytest.mark.parametrize("squash", ["identity", "cosine"])
def test_a_linear_score_is_the_mean_over_thresholds(squash):
    """What Marchetti et al. 2022 derive: the expected table under a random threshold."""
    from scipy.stats import cosine, uniform

    thresholds = {"identity": uniform(), "cosine": cosine(loc=0.5, scale=0.5 / np.pi)}[squash].ppf(
        (np.arange(20_000) + 0.5) / 20_000
    )
    p = np.sort(1 / (1 + np.exp(-Z)))
    y = Y[np.argsort(Z)]
    first = np.searchsorted(p, thresholds, side="right")
    hits = np.concatenate([np.cumsum(y[::-1])[::-1], [0.0]])[first]
    alarms = np.concatenate([np.cumsum(1 - y[::-1])[::-1], [0.0]])[first]
    right = (hits + (np.sum(1 - Y) - alarms)) / len(Y)
    assert 1 - float(losses.ScoreLoss("accuracy", squash)(Y, Z)) == pytest.approx(right.mean(), abs=1e-4)


def test_only_what_is_used_is_named():
    assert losses.ScoreLoss().in_force == {"score": "f1", "squash": "identity"}
    assert set(losses.ScoreLoss("fbeta", "cosine").in_force) == {"score", "squash", "beta", "width"}
    assert set(losses.ScoreLoss("mcc", "sharp").in_force) == {"score", "squash", "steepness"}
