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
