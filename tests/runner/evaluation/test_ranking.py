"""Ranks against scikit-learn's: one model and several at once, and one ranking with its rows counted differently."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from runner.evaluation import epoch_metrics
from runner.evaluation import metrics as metrics_module

ONE_ULP_APART = [np.nextafter(1.0, 0), 1.0, np.nextafter(1.0, 2)]


def by_scikit_learn(labels, logits):
    """Log loss in extended precision, for scikit-learn's clips probabilities."""
    wide = np.where(labels == 1, -logits, logits).astype(np.longdouble)
    return {
        "log_loss": float(np.mean(np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide))))),
        "average_precision": average_precision_score(labels, logits),
        "roc_auc": roc_auc_score(labels, logits),
    }


def assert_exact(labels, logits):
    """Each model alone, and all at once, as scikit-learn has them."""
    together = epoch_metrics(labels, logits)
    for member, row in enumerate(logits):
        alone, expected = epoch_metrics(labels, row), by_scikit_learn(labels, row)
        assert list(alone) == list(together) == list(expected)
        for name, value in expected.items():
            assert type(alone[name]) is float
            assert together[name].shape == (len(logits),)
            assert alone[name] == pytest.approx(value, rel=1e-12, abs=1e-15), name
            assert together[name][member] == alone[name], name


def scores(kind, rng, shape):
    normal = rng.normal(-1, 2, shape)
    return {
        "float64": normal,
        "float32": normal.astype(np.float32).astype(float),
        "tied": np.round(normal),
        "all equal": np.full(shape, -1.5),
        "saturated": np.round(400 * normal),
        "signed zeros": rng.choice([0.0, -0.0], shape),
        "huge": rng.choice([-1e300, -1e299, 0.0, 1e299, 1e300], shape),
        "one ulp apart": rng.choice(ONE_ULP_APART, shape),
        "subnormal": rng.choice([-5e-324, -0.0, 0.0, 5e-324], shape),
    }[kind]


KINDS = (
    "float64", "float32", "tied", "all equal", "saturated", "signed zeros", "huge", "one ulp apart", "subnormal"
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("models", [1, 5])
@pytest.mark.parametrize("positives", [1, 12, 149])
def test_epoch_metrics_are_scikit_learns(kind, models, positives):
    rng = np.random.default_rng(positives)
    labels = rng.permutation(np.r_[np.ones(positives, int), np.zeros(150 - positives, int)])
    assert_exact(labels, scores(kind, rng, (models, 150)))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), *[st.sampled_from([-800.0, -1.0, -0.0, 0.0, *ONE_ULP_APART, 800.0])] * 3),
        min_size=0,
        max_size=20,
    )
)
def test_epoch_metrics_are_scikit_learns_for_any_ties(rows):
    table = np.array([*rows, (True, 0.0, 1.0, -0.0), (False, -0.0, 1.0, 800.0)], float)
    assert_exact(table[:, 0].astype(int), table[:, 1:].T)


def test_models_may_lie_on_several_axes_and_rows_anywhere_in_memory():
    rng = np.random.default_rng(0)
    labels = (rng.random(60) < 0.2).astype(float)
    logits = rng.normal(size=(60, 3, 2)).T  # not contiguous
    found = epoch_metrics(labels, logits)
    for name, values in found.items():
        expected = [[by_scikit_learn(labels, row)[name] for row in rows] for rows in logits]
        np.testing.assert_allclose(values, expected, rtol=1e-12, err_msg=name)


def test_measuring_in_pieces_changes_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    labels, logits = (rng.random(60) < 0.2).astype(int), rng.normal(size=(7, 60))
    logits[4, 3] = np.nan
    whole = epoch_metrics(labels, logits)
    for cells in (1, 120, 200):
        monkeypatch.setattr(metrics_module, "CELLS", cells)
        np.testing.assert_equal(epoch_metrics(labels, logits), whole)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_model_with_a_broken_logit_has_nan_and_the_others_stay_exact(broken):
    rng = np.random.default_rng(0)
    labels, logits = (rng.random(80) < 0.2).astype(int), rng.normal(size=(5, 80))
    healthy = epoch_metrics(labels, logits)
    logits[1, 7] = broken
    for name, values in epoch_metrics(labels, logits).items():
        assert np.isnan(values[1])
        np.testing.assert_array_equal(np.delete(values, 1), np.delete(healthy[name], 1))
    with pytest.raises(ValueError, match="must be finite"):
        epoch_metrics(labels, logits[1])


@pytest.mark.parametrize(
    ("labels", "logits", "words"),
    [
        ([0, 1], [1.0, 2.0, 3.0], "one value a label, 2"),
        ([0, 1], [[1.0], [2.0]], "one value a label, 2"),
        ([0, 1], 1.0, "one value a label, 2"),
        ([[0], [1]], [[1.0], [2.0]], "a row of 0 and 1"),
        ([0, 1, 2], [1.0, 2.0, 3.0], "a row of 0 and 1"),
        ([0, np.nan], [1.0, 2.0], "a row of 0 and 1"),
        ([], [], "a row of 0 and 1"),
    ],
)
def test_what_cannot_be_ranked_is_refused(labels, logits, words):
    with pytest.raises(ValueError, match=words):
        epoch_metrics(np.array(labels), np.array(logits))


@pytest.mark.filterwarnings("ignore:No positive class", "ignore:Only one class")
@pytest.mark.parametrize("label", [0, 1])
def test_a_missing_class_is_measured_as_scikit_learn_does(label):
    labels, logits = np.full(4, label), np.array([1.0, 2.0, 2.0, 3.0])
    found = epoch_metrics(labels, logits)
    assert found["average_precision"] == average_precision_score(labels, logits) == label
    assert np.isnan(found["roc_auc"])
    assert np.isnan(roc_auc_score(labels, logits))
