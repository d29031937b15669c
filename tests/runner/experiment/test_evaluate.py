"""Probabilities of a run: raw, calibrated in one way for every loss, and by the loss's closed form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

import losses
from runner.data import Part, Splits
from runner.experiment.evaluate import closed_form_of, evaluate_logits
from runner.experiment.run import Logits

ROWS = {"train": 400, "validation": 300, "test": 200}


def part(size: int, seed: int, weights: Any = None) -> Part:
    labels = (np.random.default_rng(seed).random(size) < 0.2).astype(np.float32)
    return Part(np.arange(size), np.zeros((size, 1), np.float32), labels, None if weights is None else weights(labels))


def logits_of(labels: np.ndarray, spread: float = 1.5) -> np.ndarray:
    return spread * np.random.default_rng(5).normal(size=len(labels)) + 2 * labels - 2


def evaluated(
    loss: keras.losses.Loss, weights: Any = None, spread: float = 1.5, calibrator: str = "platt"
) -> tuple[dict[str, float], Splits]:
    train, validation, test = [part(size, seed, weights) for seed, size in enumerate(ROWS.values())]
    preprocessing: Any = None
    splits = Splits(train, validation, test, preprocessing)
    asked = SimpleNamespace(
        threshold="max_f1", cost_fp=1.0, cost_fn=1.0, min_precision=0.5, fixed_threshold=0.5,
        calibration_bins=10, bootstrap=0, calibrator=calibrator,
        min_recall=0.9, max_fpr=0.1, top_k=0.05, beta=2.0, threshold_probability=0.1,
        guarantee=None, confidence=0.95,
    )  # fmt: skip
    config: Any = SimpleNamespace(evaluation=asked)
    dataset: Any = SimpleNamespace(groups=None, costs=None, subgroups=None)
    logits = Logits(logits_of(splits.validation.labels, spread), logits_of(splits.test.labels, spread))
    return evaluate_logits(config, dataset, splits, loss, logits).metrics, splits


def test_every_loss_is_calibrated_by_the_same_fit():
    """The logits alone decide: a loss with a closed form and one without come to the same digits."""
    found = [
        evaluated(loss)[0] for loss in (losses.CustomLoss(), losses.AsymmetricLoss(0.0, 0.0, 0.0), losses.DiceLoss())
    ]
    names = [name for name in found[0] if name.startswith("test_calibrated/")]
    assert names[:3] == ["test_calibrated/log_loss", "test_calibrated/brier", "test_calibrated/brier_skill"]
    assert "test_calibrated/ece" in names
    for other in found[1:]:
        assert {name: other[name] for name in names} == {name: found[0][name] for name in names}
        assert not any(name.startswith("test_debiased/") for name in other)

    labels = part(ROWS["validation"], 1).labels
    n1, n0 = labels.sum(), (1 - labels).sum()  # Platt's targets, as weights of a row of either label
    targets = np.where(labels == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    scores = logits_of(labels)[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(
        np.concatenate([scores, scores]), np.repeat([1, 0], len(labels)), np.concatenate([targets, 1 - targets])
    )
    test = part(ROWS["test"], 2).labels
    expected = log_loss(test, fitted.predict_proba(logits_of(test)[:, None])[:, 1])
    assert found[0]["test_calibrated/log_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", [losses.CustomLoss(), keras.losses.BinaryCrossentropy(from_logits=True)], ids=type)
def test_weights_of_a_class_are_undone_like_those_of_the_loss(loss):
    """Weight 10 on positives trains as `weighted` with 10 does."""
    metrics, splits = evaluated(loss, weights=lambda labels: np.where(labels == 1, 5.0, 0.5).astype(np.float32))
    labels = splits.test.labels
    expected = log_loss(labels, expit(logits_of(labels) - np.log(10)))
    assert metrics["test_debiased/log_loss"] == pytest.approx(expected, rel=1e-6)
    by_loss = evaluated(losses.WeightedLoss(10.0))[0]
    assert metrics["test_debiased/log_loss"] == pytest.approx(by_loss["test_debiased/log_loss"], rel=1e-6)


def test_weights_of_rows_enter_by_the_means_of_their_class():
    def weights(labels: np.ndarray) -> np.ndarray:
        return (np.random.default_rng(1).uniform(0.5, 1.5, len(labels)) * np.where(labels == 1, 4, 1)).astype("float32")

    metrics, splits = evaluated(losses.CustomLoss(), weights)
    train, labels = splits.train, splits.test.labels
    assert train.weights is not None
    assert train.weights_vary_within_a_class
    ratio = train.weights[train.labels == 1].mean() / train.weights[train.labels == 0].mean()
    expected = log_loss(labels, expit(logits_of(labels) - np.log(ratio)))
    assert metrics["test_debiased/log_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "loss",
    [losses.SmoothedLoss(0.2), keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)],
    ids=["ours", "keras"],
)
def test_smoothing_is_undone_no_further_than_the_training_rows_support(loss):
    metrics, splits = evaluated(loss, spread=4.0)
    labels, least = splits.test.labels, 1 / (ROWS["train"] + 2)
    undone = (expit(logits_of(labels, 4.0)) - 0.1) / 0.8
    assert (undone < 0).any()
    expected = log_loss(labels, np.clip(undone, least, 1 - least))
    assert metrics["test_debiased/log_loss"] == pytest.approx(expected, rel=1e-6)
    assert expected < log_loss(labels, np.clip(undone, 0, 1))


def test_what_is_served_changes_nothing_of_what_losses_are_compared_by():
    loss = losses.FocalLoss(gamma=2.0)
    platt, auto = evaluated(loss)[0], evaluated(loss, calibrator="auto")[0]

    own = {name for name in auto if name.startswith(("test_served/", "calibrator/"))}
    shared = auto.keys() - own
    assert "test_served/log_loss" in own
    assert {name: auto[name] for name in shared} == {name: platt[name] for name in shared}
    assert not any(name.startswith("test_served/") for name in platt)  # test_calibrated/ is what is served


def test_the_table_of_a_closed_form_is_the_closed_form():
    splits = evaluated(losses.FocalLoss(gamma=2.0))[1]
    logits = np.random.default_rng(0).uniform(-12, 12, 500)
    for loss in (losses.FocalLoss(gamma=2.0), losses.WeightedLoss(positive_weight=9.0), losses.SmoothedLoss(0.1)):
        table = closed_form_of(loss, splits)
        expected = losses.inverse_map(loss, logits, rows=len(splits.train.labels))
        assert table is not None
        assert expected is not None
        np.testing.assert_allclose(expit(table(logits)), expected, atol=2e-3 if "Smoothed" in repr(loss) else 1e-4)
    assert closed_form_of(losses.DiceLoss(), splits) is None
