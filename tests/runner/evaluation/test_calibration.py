"""Platt scaling against scikit-learn's logistic regression on Platt's targets."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from runner.evaluation.calibration import platt_scaling


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("prevalence", [0.01, 0.3])
def test_equals_logistic_regression_on_the_targets(scale, prevalence):
    rng = np.random.default_rng(0)
    labels = (rng.random(2000) < prevalence).astype(float)
    logits = (rng.normal(size=2000) + 2 * labels - 5) * scale
    slope, shift = platt_scaling(labels, logits)

    # A soft target t is one row of label 1 with weight t and one of label 0 with weight 1 - t.
    n1, n0 = labels.sum(), (1 - labels).sum()
    targets = np.where(labels == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    scores = np.concatenate([logits, logits])[:, None] / scale
    twice = np.repeat([1, 0], 2000)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    model.fit(scores, twice, sample_weight=np.concatenate([targets, 1 - targets]))
    expected = model.predict_proba(logits[:, None] / scale)[:, 1]
    np.testing.assert_allclose(expit(slope * logits + shift), expected, rtol=1e-4)


def test_recovers_a_known_distortion():
    rng = np.random.default_rng(1)
    truth = rng.normal(-2, 2, size=200_000)
    labels = (rng.random(200_000) < expit(truth)).astype(float)
    slope, shift = platt_scaling(labels, 3 * truth + 1)

    assert slope == pytest.approx(1 / 3, rel=0.02)
    assert shift == pytest.approx(-1 / 3, abs=0.02)


@pytest.mark.parametrize("logits", [[-3.0, -2.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]], ids=["separable", "constant"])
def test_is_finite_where_logistic_regression_is_not(logits):
    slope, shift = platt_scaling(np.array([0.0, 0.0, 1.0, 1.0]), np.array(logits))
    probabilities = expit(slope * np.array(logits) + shift)

    assert np.isfinite([slope, shift]).all()
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities.mean() == pytest.approx(0.5, abs=1e-6)
