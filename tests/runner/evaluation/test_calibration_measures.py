"""Slope, intercept, Brier skill, and the calibration error that chance alone gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, d2_brier_score

from runner.evaluation import calibration_measures as measures
from runner.evaluation.metrics import expected_calibration_error

RNG = np.random.default_rng(0)
TRUTH = expit(RNG.normal(-2.5, 1.5, size=3000))
LABELS = (RNG.random(3000) < TRUTH).astype(int)


def test_slope_and_intercept_undo_a_known_distortion():
    labels = (np.random.default_rng(1).random(200_000) < np.resize(TRUTH, 200_000)).astype(int)
    told = expit(2 * logit(np.resize(TRUTH, 200_000)) + 1)
    line = measures.calibration_line(labels, told)

    assert line["calibration_slope"] == pytest.approx(0.5, abs=0.01)
    right = measures.calibration_line(labels, np.resize(TRUTH, 200_000))
    assert right["calibration_slope"] == pytest.approx(1, abs=0.02)
    assert right["calibration_intercept"] == pytest.approx(0, abs=0.02)


def test_the_slope_is_logistic_regressions_and_the_intercept_sets_the_mean_right():
    told = np.clip(TRUTH * 1.4, 0, 0.99)
    line = measures.calibration_line(LABELS, told)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(logit(told)[:, None], LABELS)

    assert line["calibration_slope"] == pytest.approx(float(model.coef_[0, 0]), rel=1e-4)
    assert expit(logit(told) + line["calibration_intercept"]).mean() == pytest.approx(LABELS.mean(), abs=1e-9)
    assert line["calibration_intercept"] < 0  # told too high


@pytest.mark.parametrize("told", [[0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], [0.5] * 4, [0.0, 0.0, 1.0, 1.0]])
def test_separated_classes_have_no_slope(told):
    assert measures.calibration_line(np.array([0, 0, 1, 1]), np.array(told)) == {}


def test_brier_skill_is_scikit_learns():
    found = measures.calibration_measures(LABELS, TRUTH, 10)
    assert found["brier_skill"] == pytest.approx(float(d2_brier_score(LABELS, TRUTH)), rel=1e-9)
    assert found["brier"] == pytest.approx(brier_score_loss(LABELS, TRUTH))
    assert found["ece"] == expected_calibration_error(LABELS, TRUTH, 10)
    constant = np.full(len(LABELS), LABELS.mean())
    assert measures.calibration_measures(LABELS, constant, 10)["brier_skill"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("most", [2 * 10**7, 0], ids=["drawn", "normal"])
def test_the_null_distribution_is_that_of_labels_drawn_from_the_probabilities(monkeypatch, most):
    monkeypatch.setattr(measures, "NUMBERS", most)
    rng = np.random.default_rng(7)
    expected = [
        expected_calibration_error((rng.random(len(TRUTH)) < TRUTH).astype(int), TRUTH, 10) for _ in range(1000)
    ]
    found = measures.null_calibration_errors(TRUTH, 10)

    assert found.mean() == pytest.approx(np.mean(expected), rel=0.05)
    assert np.quantile(found, 0.95) == pytest.approx(np.quantile(expected, 0.95), rel=0.1)
