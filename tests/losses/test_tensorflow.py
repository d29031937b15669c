"""What only TensorFlow has: its own weighted cross-entropy, and graphs of unknown batch size."""

import keras
import numpy as np
import pytest

import losses

if keras.config.backend() != "tensorflow":
    pytest.skip("about TensorFlow itself; Keras runs on another backend", allow_module_level=True)
import tensorflow as tf


@pytest.mark.parametrize("weight", [0.1, 1.0, 25.0])
def test_weighted_equals_tensorflows_pos_weight(weight):
    rng = np.random.default_rng(7)
    y, z = (rng.uniform(size=200) < 0.2).astype(float), rng.uniform(-6, 6, 200)
    expected = tf.nn.weighted_cross_entropy_with_logits(y, z, pos_weight=weight)
    loss = losses.WeightedLoss(positive_weight=weight, reduction=None, dtype="float64")
    np.testing.assert_allclose(loss(y, z), expected, rtol=1e-11)


def test_shapes_are_refused_in_a_graph_of_unknown_batch_size():
    loss = losses.CustomLoss()
    signature = [tf.TensorSpec((None, 2)), tf.TensorSpec((None, 3))]
    with pytest.raises(ValueError, match="must have the same shape"):
        tf.function(lambda y, z: loss(y, z), input_signature=signature).get_concrete_function()


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(
    ("name", "shape"), [("FocalLoss", (4,)), ("FocalLoss", (4, 1)), ("FocalLoss", (4, 2)), ("DiceLoss", (4, 1))]
)
def test_variables_are_taken_for_their_values(name, shape, from_logits):
    loss = getattr(losses, name)(from_logits=from_logits)
    y, z = np.resize([1.0, 0.0, 0.0], shape).astype("float32"), np.resize([0.1, 0.7, 0.4, 0.9], shape).astype("float32")
    expected = float(loss(y, z))
    of_keras = keras.Variable(z)
    for given, watched in ((variable := tf.Variable(z), variable), (of_keras, of_keras.value)):
        with tf.GradientTape() as tape:
            value = loss(tf.Variable(y), given)
        assert float(value) == pytest.approx(expected, rel=1e-6)
        assert np.abs(tape.gradient(value, watched)).max() > 0
