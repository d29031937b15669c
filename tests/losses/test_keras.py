"""The losses against Keras and scikit-learn, where those have the same one."""

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

import losses

RNG = np.random.default_rng(7)
Z = RNG.uniform(-6, 6, (200, 1)).astype("float32")
Y = (RNG.uniform(size=(200, 1)) < 0.2).astype("float32")
P = (1 / (1 + np.exp(-Z.astype(float)))).astype("float32")
WEIGHT = RNG.uniform(0, 3, 200).astype("float32")


def each(loss, y, predictions):
    loss.reduction = None
    return np.asarray(loss(y, predictions))


def test_cross_entropy_on_logits_equals_kerass_at_any_logit():
    z = np.concatenate([Z, 100 * Z, 1e4 * Z])
    y = np.concatenate([Y, Y, Y])
    keras_loss = keras.losses.BinaryCrossentropy(from_logits=True)
    np.testing.assert_allclose(each(losses.CustomLoss(), y, z), each(keras_loss, y, z), rtol=1e-6, atol=1e-30)


def test_cross_entropy_on_probabilities_equals_kerass_at_any_probability():
    # Keras 3 computes probabilities without a sigmoid behind them by the clipped formula.
    y, p = np.concatenate([Y, [[0], [1], [0], [1], [0.3]]]), np.concatenate([P, [[0], [0], [1], [1], [0]]])
    ours = losses.CustomLoss("clipped", from_logits=False)
    np.testing.assert_allclose(each(ours, y, p), each(keras.losses.BinaryCrossentropy(), y, p), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("from_logits", [True, False])
def test_smoothing_equals_kerass(smoothing, from_logits):
    keras_loss = keras.losses.BinaryCrossentropy(from_logits=from_logits, label_smoothing=smoothing)
    ours = losses.SmoothedLoss(smoothing, from_logits=from_logits)
    predictions = Z if from_logits else P
    np.testing.assert_allclose(each(ours, Y, predictions), each(keras_loss, Y, predictions), rtol=2e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [0.25, 0.9])
@pytest.mark.parametrize(("mode", "balancing"), [("none", False), ("balanced", True)])
def test_focal_equals_kerass(gamma, alpha, mode, balancing):
    arguments = {"gamma": gamma, "alpha": alpha, "from_logits": True}
    keras_loss = keras.losses.BinaryFocalCrossentropy(**arguments, apply_class_balancing=balancing)
    ours = losses.FocalLoss(**arguments, alpha_mode=mode)
    # Keras computes 1 - p_t by subtraction, which costs it digits of easy examples: up to gamma * 6e-8 / 0.0025.
    np.testing.assert_allclose(each(ours, Y, Z), each(keras_loss, Y, Z), rtol=3e-4)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_the_mean_equals_scikit_learns_log_loss(weight):
    loss = losses.CustomLoss(dtype="float64", reduction="mean_with_sample_weight")
    probabilities = 1 / (1 + np.exp(-Z.astype(float)))
    expected = log_loss(Y[:, 0], probabilities[:, 0], sample_weight=weight)
    assert float(loss(Y, Z, sample_weight=weight)) == pytest.approx(expected, rel=1e-7)


def test_balanced_equals_scikit_learns_balanced_weights():
    ours = losses.WeightedLoss(balanced=True, pi=float(Y.mean()))
    expected = losses.CustomLoss()(Y, Z, sample_weight=compute_sample_weight("balanced", Y[:, 0]))
    assert float(ours(Y, Z)) == pytest.approx(float(expected), rel=1e-5)


def fitted(loss, labels, **arguments):
    """A network trained three epochs, and its loss after each."""
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(200, 4)).astype("float32")
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(0.5), loss)
    history = network.fit(x, labels, batch_size=50, epochs=3, shuffle=False, verbose=0, **arguments)
    return network.predict(x, verbose=0), history.history["loss"]


def test_weighted_trains_as_kerass_class_weight_does():
    plain = keras.losses.BinaryCrossentropy(from_logits=True)
    theirs, their_history = fitted(plain, Y, class_weight={0: 1.0, 1: 2.0})
    ours, our_history = fitted(losses.WeightedLoss(positive_weight=2.0, negative_weight=1.0), Y)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(our_history, their_history, rtol=1e-5)
    unweighted, _ = fitted(plain, Y)
    assert np.abs(unweighted - theirs).max() > 0.05  # the weights did something


def test_labels_without_a_column_train_as_labels_with_one():
    # Plain Keras broadcasts (n,) against (n, 1) to (n, n) without a word.
    loss = losses.FocalLoss()
    np.testing.assert_array_equal(fitted(loss, Y[:, 0])[0], fitted(loss, Y)[0])
