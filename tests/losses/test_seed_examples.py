"""The worked examples this project grew from, written out. Those with a printed number are `runner.verification`'s."""

import keras
import numpy as np
import pytest

import losses

double = losses.CustomLoss(from_logits=False, dtype="float64")
builtin = keras.losses.BinaryCrossentropy


def test_example_9_as_printed_is_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"labels of shape \(4,\), predictions of shape \(8,\)"):
        losses.CustomLoss(reduction=None)(np.array([0.0, 1, 1, 0]), np.zeros(8))


def test_example_12_written_out():
    y, p = np.array([0, 1, 0, 0]), np.array([0.1, 0.95, 0.2, 0.6])
    eps = np.finfo(float).eps
    by_hand = -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))
    assert by_hand == pytest.approx(0.32402205, abs=5e-8)
    assert float(double(y, p)) == pytest.approx(by_hand, rel=1e-12)


def test_example_14_weighted_is_kerass_class_weight():
    y, z = np.array([1.0, 0, 0, 1, 0]), np.array([0.3, -1.2, 0.8, -2.0, 0.1])
    by_class = builtin(from_logits=True)(y[:, None], z[:, None], sample_weight=np.where(y == 1, 2.0, 1.0))
    assert float(losses.WeightedLoss(positive_weight=2.0, negative_weight=1.0)(y, z)) == pytest.approx(float(by_class))


def test_example_15_smoothed_is_kerass_label_smoothing():
    y, p = np.array([[1.0], [0], [1]]), np.array([[0.9], [0.2], [0.4]])
    expected = builtin(label_smoothing=0.1)(y, p)
    assert float(losses.SmoothedLoss(0.1, from_logits=False)(y, p)) == pytest.approx(float(expected))


def test_example_16_alpha_on_every_term_is_a_quarter_of_the_unbalanced_focal_loss():
    y, p = np.array([1.0, 0, 1]), np.array([0.9, 0.2, 0.4])
    uniform = losses.FocalLoss(gamma=2.0, alpha=0.25, alpha_mode="uniform", from_logits=False)(y, p)
    q = np.array([0.9, 0.8, 0.4])
    assert float(uniform) == pytest.approx(0.25 * np.mean((1 - q) ** 2 * -np.log(q)), rel=1e-5)
    unbalanced = keras.losses.BinaryFocalCrossentropy(gamma=2.0)(y[:, None], p[:, None])
    assert float(uniform) == pytest.approx(0.25 * float(unbalanced), rel=1e-5)
