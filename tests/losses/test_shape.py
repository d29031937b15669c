"""The curves of loss and gradient against the prediction."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from losses_backend import value_and_gradient

import losses
from losses.shape import example_batch, loss_shape, minimiser, wants_logits

BCE = [
    losses.CustomLoss(),
    losses.CustomLoss("clipped", from_logits=False),
    losses.FocalLoss(gamma=0.0),
    keras.losses.BinaryCrossentropy(),
    keras.losses.BinaryCrossentropy(from_logits=True),
]
ids = [f"{type(loss).__name__}-{number}" for number, loss in enumerate(BCE)]


def averages_in_float32(loss):
    """Keras's own losses end in ops.mean, which under JAX computes in float32."""
    return keras.config.backend() == "jax" and not isinstance(loss, losses.SigmoidLoss)


@pytest.mark.parametrize("loss", BCE, ids=ids)
def test_cross_entropy_has_its_analytic_value_and_gradient(loss):
    shape = loss_shape(loss)
    p = shape["probability"]
    rounding = 6e-8 if averages_in_float32(loss) else 1e-9
    np.testing.assert_allclose(shape["loss_positive"], -np.log(p), rtol=rounding)
    np.testing.assert_allclose(shape["loss_negative"], -np.log1p(-p), rtol=rounding)
    # with respect to the logit: p - y; central differences of step 1e-3 are good to 1e-3^2 / 6
    quiet = 5e-4 if averages_in_float32(loss) else 1e-6
    np.testing.assert_allclose(shape["gradient_positive"], p - 1, atol=quiet)
    np.testing.assert_allclose(shape["gradient_negative"], p, atol=quiet)


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


class Described(keras.losses.Loss):
    """A user's loss that says what it takes in its config alone."""

    def call(self, y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    def get_config(self):
        return {**super().get_config(), "from_logits": True}


class Unsaid(Described):
    def get_config(self):
        raise NotImplementedError


def test_a_users_loss_says_it_in_its_config_or_takes_probabilities():
    assert wants_logits(Described()) is True
    assert wants_logits(Unsaid()) is False


def test_every_loss_of_keras_says_what_it_was_given():
    classes: list[Any] = [found for _, found in inspect.getmembers(keras.losses, inspect.isclass)]
    given = [found for found in classes if "from_logits" in inspect.signature(found).parameters]
    assert keras.losses.BinaryCrossentropy in given
    for found in given:
        assert wants_logits(found(from_logits=True)) is True
        assert wants_logits(found(from_logits=False)) is False
    assert not any(wants_logits(found()) for found in set(classes) - set(given) - {keras.losses.Loss})


def test_a_kerass_loss_of_probabilities_is_fed_probabilities():
    loss = keras.losses.MeanSquaredError()
    shape = loss_shape(loss)
    rounding = 6e-8 if averages_in_float32(loss) else 1e-9
    np.testing.assert_allclose(shape["loss_positive"], (1 - shape["probability"]) ** 2, rtol=rounding)


@pytest.mark.parametrize("name", [name for name, entry in losses.CATALOGUE.items() if entry.whole_batch])
def test_a_whole_batch_loss_is_shown_by_one_row_of_a_batch(name):
    loss = getattr(losses, name)(dtype="float64")
    labels, others = example_batch()
    shape = loss_shape(loss, points=51)
    for word, row in (("positive", 5), ("negative", 55)):
        sure = others.copy()
        sure[row] = 40.0 if labels[row] else -40.0
        for _, point in shape.iloc[3::20].iterrows():
            moved = others.copy()
            moved[row] = np.log(point["probability"] / (1 - point["probability"]))
            value, gradient = value_and_gradient(loss, labels, moved, "float64")
            expected = 100 * (value - float(loss(labels, sure)))
            np.testing.assert_allclose(point[f"loss_{word}"], expected, rtol=1e-9, atol=1e-9)
            if np.isfinite(point[f"gradient_{word}"]):
                np.testing.assert_allclose(point[f"gradient_{word}"], 100 * gradient[row], rtol=1e-4, atol=1e-5)
        assert np.isfinite(shape[f"gradient_{word}"]).mean() > 0.85


def test_a_whole_batch_loss_has_no_minimiser_of_one_row():
    with pytest.raises(ValueError, match="DiceLoss belongs to a whole batch"):
        minimiser(losses.DiceLoss(), 0.1)
