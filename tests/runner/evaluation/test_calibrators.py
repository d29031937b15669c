"""Calibrators against scikit-learn, brute force, and maps that are known."""

from __future__ import annotations

import dataclasses
import json
import runpy

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from runner.config.schemas import EvaluationConfig
from runner.evaluation import calibration_map
from runner.evaluation.calibrators import FITS, Calibrator, ClosedForm, fit_calibrator
from runner.evaluation.logistic import logistic_fit, nonnegative_fit


def sample(seed: int, rows: int = 1500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, logits that are off by a known map, and the true probabilities."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-2, 1.5, size=rows)
    labels = (rng.random(rows) < expit(truth)).astype(int)
    return labels, 0.5 * truth + 0.7, expit(truth)


LABELS, LOGITS, _ = sample(0)


def test_there_is_a_map_for_each_name_of_the_configuration():
    (field,) = [each for each in dataclasses.fields(EvaluationConfig) if each.name == "calibrator"]
    assert set(field.metadata["domain"].options) == {"auto", *FITS}
    assert set(FITS) == set(calibration_map.MAPS)


class Logits(DummyClassifier):
    """A classifier whose decision is its input."""

    def decision_function(self, inputs: np.ndarray) -> np.ndarray:
        return inputs[:, 0]


def test_temperature_is_scikit_learns():
    network = Logits().fit(LOGITS[:, None], LABELS)
    theirs = CalibratedClassifierCV(FrozenEstimator(network), method="temperature").fit(LOGITS[:, None], LABELS)
    expected = theirs.predict_proba(LOGITS[:, None])[:, 1]

    np.testing.assert_allclose(fit_calibrator("temperature", LABELS, LOGITS, None)(LOGITS), expected, rtol=1e-3)


def test_isotonic_is_scikit_learns_but_for_certainty():
    expected = IsotonicRegression(out_of_bounds="clip").fit(LOGITS, LABELS)
    rows = np.concatenate([LOGITS, np.linspace(-9, 9, 300)])
    least = 1 / (len(LABELS) + 2)

    found = fit_calibrator("isotonic", LABELS, LOGITS, None)(rows)
    np.testing.assert_allclose(found, np.clip(expected.predict(rows), least, 1 - least), atol=least)
    assert found.min() == pytest.approx(least)


@pytest.mark.parametrize("seed", range(20))
def test_venn_abers_is_two_isotonic_regressions_with_the_row_itself(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 40))
    logits = rng.integers(-4, 5, count).astype(float) if seed % 2 else rng.normal(size=count)
    labels = (rng.random(count) < 0.3).astype(int)
    rows = np.concatenate([logits, 3 * rng.normal(size=20)])

    def regression(row: float, label: int) -> float:
        fitted = IsotonicRegression().fit(np.append(logits, row), np.append(labels, label))
        return float(fitted.predict([row])[0])

    p0, p1 = (np.array([regression(row, label) for row in rows]) for label in (0, 1))
    found = fit_calibrator("venn_abers", labels, logits, None)(rows)
    np.testing.assert_allclose(found, p1 / (1 - p0 + p1), atol=1e-9)


def targets_of(labels: np.ndarray) -> np.ndarray:
    n1, n0 = labels.sum(), (1 - labels).sum()
    return np.where(labels == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))


@pytest.mark.parametrize("flip", [1, -1])
def test_beta_is_the_best_of_its_family(flip):
    """Kull's formula on probabilities, minimised by SciPy; with scores upside down a bound is active."""
    logits = flip * LOGITS
    p, targets = expit(logits), targets_of(LABELS)

    def loss(parameters: np.ndarray) -> float:
        a, b, shift = parameters
        z = a * np.log(p) - b * np.log(1 - p) + shift
        return float(np.mean(np.logaddexp(0, z) - targets * z))

    best = minimize(loss, [1, 1, 0], bounds=[(0, None), (0, None), (None, None)], method="L-BFGS-B")
    found = fit_calibrator("beta", LABELS, logits, None)
    a, b, shift = (found.parameters[name] for name in ("a", "b", "shift"))
    assert min(a, b) >= 0
    assert loss(np.array([a, b, shift])) <= best.fun + 1e-9
    z = a * np.log(p) - b * np.log(1 - p) + shift
    np.testing.assert_allclose(found(logits), expit(z), rtol=1e-9)


def test_a_quadratic_is_one_between_its_ends_and_a_line_beyond():
    rng = np.random.default_rng(3)
    logits = rng.uniform(-3, 3, 4000)
    truth = -2 + logits + 0.12 * logits**2
    labels = (rng.random(4000) < expit(truth)).astype(int)
    found = fit_calibrator("quadratic", labels, logits, None)

    inside = np.linspace(logits.min(), logits.max(), 50)
    z = logit(found(inside))
    np.testing.assert_allclose(np.diff(z, 3), 0, atol=1e-9)
    assert np.diff(z, 2).mean() > 0
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    model.fit(np.stack([logits, logits**2], axis=1), labels)  # its best quadratic rises here, so no bound is active
    expected = model.predict_proba(np.stack([inside, inside**2], axis=1))[:, 1]
    np.testing.assert_allclose(found(inside), expected, rtol=0.02)
    beyond = logit(found(np.array([4.0, 5.0, 6.0])))
    assert np.diff(beyond, 2) == pytest.approx(0, abs=1e-9)


def test_a_quadratic_never_falls():
    rng = np.random.default_rng(4)
    logits = rng.uniform(-3, 3, 2000)
    labels = (rng.random(2000) < expit(1 - logits**2)).astype(int)
    assert (np.diff(fit_calibrator("quadratic", labels, logits, None)(np.linspace(-9, 9, 500))) >= -1e-12).all()


@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize(
    ("labels", "logits"),
    [([0, 0, 1, 1], [-3.0, -2.0, 2.0, 3.0]), ([0, 1, 0, 1], [1.0, 1.0, 1.0, 1.0]), ([1, 0], [-30.0, 700.0])],
    ids=["separable", "constant", "upside down"],
)
def test_maps_of_few_rows_are_probabilities_that_rise(method, labels, logits):
    fitted = fit_calibrator(method, np.array(labels), np.array(logits), None)
    found = fitted(np.linspace(-800, 800, 201))

    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
    if (method, labels) != ("platt", [1, 0]):  # Platt's slope may be below 0, and says what was seen
        assert (np.diff(found) >= -1e-12).all()


def test_auto_takes_what_is_best_by_cross_validation():
    labels, logits, truth = sample(5, 20_000)
    found = fit_calibrator("auto", labels, logits, None)
    assert found.closed_form is None
    assert found.method in ("platt", "beta", "quadratic")  # a slope and a shift are needed
    np.testing.assert_allclose(found(logits), truth, atol=0.03)
    np.testing.assert_allclose(fit_calibrator("auto", labels, logit(truth), None)(logit(truth)), truth, atol=0.02)
    distorted = np.sinh(logit(truth))  # no straight line undoes it
    assert fit_calibrator("auto", labels, distorted, None).method in ("beta", "quadratic")


def test_auto_prefers_the_closed_form_where_that_is_right():
    labels, _, truth = sample(6, 20_000)
    table = np.linspace(-36, 36, 1441)
    closed_form = ClosedForm(table, 2 * np.arcsinh(4 * table))
    logits = np.sinh(logit(truth) / 2) / 4
    found = fit_calibrator("auto", labels, logits, closed_form)

    assert found.closed_form is closed_form
    assert "closed form" in str(found)
    assert log_loss(labels, found(logits)) == pytest.approx(log_loss(labels, truth), abs=1e-3)


def test_auto_of_one_positive_is_platt():
    assert fit_calibrator("auto", np.array([0, 0, 1]), np.array([0.0, -1.0, 1.0]), None).method == "platt"


@pytest.mark.parametrize("method", ["auto", *FITS])
def test_the_logged_code_alone_calibrates_from_json(method):
    fitted = fit_calibrator(method, LABELS, LOGITS, ClosedForm(np.array([-9.0, 9.0]), np.array([-5.0, 8.0])))
    logged = runpy.run_path(str(calibration_map.__file__))["calibrated"]
    read = json.loads(json.dumps(fitted.as_json()))

    np.testing.assert_array_equal(logged(read, LOGITS), fitted(LOGITS))
    assert all(isinstance(value, float) for value in fitted.numbers.values())


def test_no_map_is_the_sigmoid_also_where_it_overflows():
    logits = np.array([-800.0, -1.0, 0.0, 36.0, 800.0])
    np.testing.assert_allclose(Calibrator()(logits), expit(logits), rtol=1e-12)


def test_logistic_fit_is_scikit_learns_and_takes_an_offset():
    features = np.stack([np.ones_like(LOGITS), LOGITS, LOGITS**2 / 5], axis=1)
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(features, LABELS)
    np.testing.assert_allclose(logistic_fit(features, LABELS), model.coef_[0], rtol=1e-4)
    (shift,) = logistic_fit(np.ones((len(LABELS), 1)), LABELS, offset=LOGITS)
    assert expit(LOGITS + shift).mean() == pytest.approx(LABELS.mean(), abs=1e-9)  # the equation that it solves


def test_weights_of_which_one_would_be_negative():
    features = np.stack([-LOGITS, LOGITS**2 / 5], axis=1)
    weights, free = nonnegative_fit(features, LABELS, np.ones((len(LABELS), 1)))

    def loss(parameters: np.ndarray) -> float:
        z = features @ parameters[:2] + parameters[2]
        return float(np.mean(np.logaddexp(0, z) - LABELS * z))

    best = minimize(loss, np.zeros(3), bounds=[(0, None), (0, None), (None, None)], method="L-BFGS-B")
    assert weights.min() == 0
    assert loss(np.array([*weights, *free])) <= best.fun + 1e-9
