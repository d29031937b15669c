"""The curves of loss and gradient against the prediction."""

import keras
import numpy as np
import pytest

import losses
from losses.shape import loss_shape, wants_logits

BCE = [
    losses.CustomLoss(),
    losses.CustomLoss("clipped", from_logits=False),
    losses.FocalLoss(gamma=0.0),
    keras.losses.BinaryCrossentropy(),
    keras.losses.BinaryCrossentropy(from_logits=True),
]
ids = [f"{type(loss).__name__}-{number}" for number, loss in enumerate(BCE)]


@pytest.mark.parametrize("loss", BCE, ids=ids)
def test_cross_entropy_has_its_analytic_value_and_gradient(loss):
    shape = loss_shape(loss)
    p = shape["probability"]
    np.testing.assert_allclose(shape["loss_positive"], -np.log(p), rtol=1e-9)
    np.testing.assert_allclose(shape["loss_negative"], -np.log1p(-p), rtol=1e-9)
    # with respect to the logit: p - y; central differences of step 1e-3 are good to 1e-3^2 / 6
    np.testing.assert_allclose(shape["gradient_positive"], p - 1, atol=1e-6)
    np.testing.assert_allclose(shape["gradient_negative"], p, atol=1e-6)


def test_focal_loss_has_its_own_curve():
    shape = loss_shape(losses.FocalLoss(gamma=2.0))
    p = shape["probability"]
    np.testing.assert_allclose(shape["loss_positive"], -((1 - p) ** 2) * np.log(p), rtol=1e-9)
    # d/dz = p (1-p) d/dp
    analytic = p * (1 - p) * (2 * (1 - p) * np.log(p) - (1 - p) ** 2 / p)
    np.testing.assert_allclose(shape["gradient_positive"], analytic, atol=1e-6)


def test_the_points_span_the_probabilities_in_order():
    shape = loss_shape(losses.CustomLoss(), points=51)
    p = shape["probability"].to_numpy()
    curves = {"loss_positive", "loss_negative", "gradient_positive", "gradient_negative"}
    assert set(shape) == {"probability", *curves}
    assert p[[0, -1]] == pytest.approx([0.0001, 0.9999], rel=1e-9)
    assert (np.diff(p) >= 0).all()
    assert len(p) >= 51
    assert np.isfinite(shape).all(axis=None)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.CustomLoss(), True),
        (losses.FocalLoss(from_logits=False), False),
        (keras.losses.BinaryCrossentropy(), False),
        (keras.losses.BinaryCrossentropy(from_logits=True), True),
        (keras.losses.BinaryFocalCrossentropy(from_logits=True), True),
        (keras.losses.BinaryFocalCrossentropy(), False),
        (keras.losses.MeanSquaredError(), False),
    ],
    ids=lambda value: getattr(type(value), "__name__", value),
)
def test_whether_a_loss_wants_logits(loss, expected):
    assert wants_logits(loss) is expected


def test_a_kerass_loss_of_probabilities_is_fed_probabilities():
    shape = loss_shape(keras.losses.MeanSquaredError())
    np.testing.assert_allclose(shape["loss_positive"], (1 - shape["probability"]) ** 2, rtol=1e-9)
