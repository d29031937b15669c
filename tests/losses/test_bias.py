"""The way back for losses that are not ours."""

import keras
import numpy as np
import pytest

import losses
from losses.bias import inverse_map
from runner.verification import reference

LOGITS = np.linspace(-4, 4, 9)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("from_logits", [True, False])
def test_keras_cross_entropy_is_undone_like_ours(smoothing, from_logits):
    theirs = keras.losses.BinaryCrossentropy(from_logits=from_logits, label_smoothing=smoothing)
    expected = np.clip((reference.sigmoid(LOGITS) - smoothing / 2) / (1 - smoothing), 0, 1)

    for loss in (theirs, losses.SmoothedLoss(smoothing)):
        undone = inverse_map(loss, LOGITS)
        assert undone is not None
        np.testing.assert_allclose(undone, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "loss", [keras.losses.BinaryFocalCrossentropy(), losses.AsymmetricLoss(), losses.BootstrapLoss()], ids=type
)
def test_where_no_closed_form_is_known_there_is_none(loss):
    assert inverse_map(loss, LOGITS) is None


class HalfLoss(losses.WeightedLoss):
    """Another formula, which nobody has solved."""

    def compute(self, labels, logits):
        return super().compute(labels, logits) ** 0.5


class SolvedLoss(HalfLoss):
    """One with a way back of its own."""

    def debias(self, logits):
        return np.full_like(logits, 0.25)


class TrebledLoss(losses.WeightedLoss):
    """The same formula with other numbers."""

    @property
    def weights(self):
        return 3.0, 1.0


class OwnCrossEntropy(keras.losses.BinaryCrossentropy):
    """Keras's name on another formula."""

    def call(self, y_true, y_pred):
        return super().call(y_true, y_pred) ** 0.5


def test_another_formula_has_not_the_way_back_of_the_class_it_is_made_from():
    assert inverse_map(HalfLoss(2.0), LOGITS) is None
    assert inverse_map(OwnCrossEntropy(), LOGITS) is None
    assert inverse_map(SolvedLoss(2.0), LOGITS) == pytest.approx(0.25)
    assert inverse_map(TrebledLoss(), LOGITS) == pytest.approx(reference.sigmoid(LOGITS - np.log(3)))


def test_class_weights_of_the_examples_are_taken_off_the_odds():
    expected = reference.sigmoid(LOGITS - np.log(2.0) - np.log(6.0))
    assert inverse_map(losses.WeightedLoss(2.0), LOGITS, class_weights=(3.0, 0.5)) == pytest.approx(expected)


def test_smoothing_is_undone_to_what_so_many_rows_support():
    undone = inverse_map(losses.SmoothedLoss(0.2), LOGITS, rows=98)
    assert undone is not None
    assert (undone.min(), undone.max()) == (0.01, 0.99)
    exact = inverse_map(losses.SmoothedLoss(0.0), np.array([-20.0]), rows=98)
    assert exact == pytest.approx(reference.sigmoid(-20.0))
