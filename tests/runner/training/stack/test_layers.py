"""Each stacked layer against Keras's own, forward and backward; and what is left to `fit`."""

from __future__ import annotations

from runner.training.runtime import tf

import keras
import numpy as np
import pytest
from keras import layers
from small_training import make_network

from runner.training.stack import reason_unsupported
from runner.training.stack.layers import STACKED
from runner.training.stack.network import StackedNetwork, stacked_weights

SHAPE = (4, 5, 3)
LAYERS = {
    "dense on vectors of pixels": lambda: layers.Dense(4, activation="softmax"),
    "dense without bias": lambda: layers.Dense(4, use_bias=False, activation="gelu"),
    "activation": lambda: layers.Activation("swish"),
    "relu with bounds": lambda: layers.ReLU(max_value=0.5, negative_slope=0.1),
    "leaky relu": lambda: layers.LeakyReLU(0.3),
    "elu": lambda: layers.ELU(0.7),
    "dropout": lambda: layers.Dropout(0.5),
    "batch normalisation": lambda: layers.BatchNormalization(momentum=0.7, epsilon=0.1),
    "batch normalisation, bare": lambda: layers.BatchNormalization(center=False, scale=False),
    "layer normalisation": lambda: layers.LayerNormalization(epsilon=0.1),
    "layer normalisation, bare": lambda: layers.LayerNormalization(center=False, scale=False),
    "convolution, same": lambda: layers.Conv2D(2, (3, 2), padding="same", activation="tanh"),
    "convolution, valid": lambda: layers.Conv2D(2, 2, use_bias=False),
    "pooling": lambda: layers.MaxPooling2D(),
    "pooling, overlapping": lambda: layers.MaxPooling2D((3, 2), strides=1),
    "pooling, same": lambda: layers.MaxPooling2D((2, 3), strides=(2, 2), padding="same"),
    "reshape": lambda: layers.Reshape((-1, 6)),
    "flatten": lambda: layers.Flatten(),
}


def network(make, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((int(np.prod(SHAPE)),))
    hidden = layers.Flatten()(make()(layers.Reshape(SHAPE)(inputs)))
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()([hidden, layers.Add()([hidden, hidden])])))
    rng = np.random.default_rng(seed)
    model.set_weights([np.abs(rng.normal(size=weight.shape)) + 0.1 for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("training", [False, True], ids=["predicting", "training"])
def test_a_stacked_layer_computes_what_keras_s_does(make, training):
    if training and isinstance(make(), layers.Dropout):
        pytest.skip("masks differ: see test_dropout.py")
    models = [network(make, seed) for seed in (1, 2)]
    # Equal pixels, for which pooling has to choose one.
    rows = np.random.default_rng(0).integers(-2, 3, size=(2, 6, int(np.prod(SHAPE)))).astype(np.float32)
    stacked = StackedNetwork(models[0])
    weights = stacked_weights([model.get_weights() for model in models])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        logits, after = stacked(
            weights, tf.constant(rows), training=training, seeds=tf.zeros(2, tf.uint32), step=tf.constant(0)
        )
        total = tf.reduce_sum(tf.sin(logits))
    slopes = tape.gradient(total, [w for w, yes in zip(weights, stacked.trainable, strict=True) if yes])

    for place, model in enumerate(models):
        with tf.GradientTape() as tape:
            expected = model(rows[place], training=training)[:, 0]
            own = tf.reduce_sum(tf.sin(expected))
        expected_slopes = tape.gradient(own, model.trainable_variables)
        np.testing.assert_allclose(logits[place], expected, rtol=1e-4, atol=1e-4)
        for slope, expected_slope in zip(slopes, expected_slopes, strict=True):
            np.testing.assert_allclose(slope[place], expected_slope, rtol=2e-3, atol=2e-3)
        for updated, variable in zip(after, model.weights, strict=True):
            np.testing.assert_allclose(updated[place], variable, rtol=1e-5)


def test_every_stacked_layer_is_tested_here():
    tested = {type(make()) for make in LAYERS.values()} | {layers.Add, layers.Concatenate}
    assert tested == set(STACKED)


REFUSED = {
    "a layer that is not listed": (lambda: layers.GaussianNoise(0.1), "GaussianNoise"),
    "a subclass": (lambda: type("Mine", (layers.Dense,), {})(3), "Mine"),
    "a penalty on weights": (lambda: layers.Dense(3, kernel_regularizer="l2"), "regularizer"),
    "a penalty on activations": (lambda: layers.Dense(3, activity_regularizer="l2"), "regularizer"),
    "a constraint": (lambda: layers.Dense(3, bias_constraint="non_neg"), "constraint"),
    "an activation with weights": (lambda: layers.Dense(3, activation=layers.PReLU()), "activation that is a layer"),
    "a frozen layer": (lambda: layers.Dense(3, trainable=False), "frozen"),
    "strides": (lambda: layers.Conv2D(2, 2, strides=2), "strides"),
    "groups": (lambda: layers.Conv2D(3, 2, groups=3), "groups"),
    "another axis": (lambda: layers.BatchNormalization(axis=1), "another axis"),
    "several axes": (lambda: layers.LayerNormalization(axis=[1, 2]), "another axis"),
    "a noise shape": (lambda: layers.Dropout(0.5, noise_shape=(None, 1, 1, 3)), "noise shape"),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_stacked_form_is_named(make, words):
    reason = reason_unsupported(network(make, 0), keras.optimizers.Adam(), "float32", "auto")

    assert reason is not None
    assert words in reason
    with pytest.raises(ValueError, match=words):
        StackedNetwork(network(make, 0))


def without_decay(**variables) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(**variables)
    return optimizer


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (lambda: keras.optimizers.Lion(), "Lion"),
        (lambda: keras.optimizers.Adam(clipnorm=1.0), "clipnorm"),
        (lambda: keras.optimizers.Adam(amsgrad=True), "amsgrad"),
        (lambda: keras.optimizers.SGD(use_ema=True), "use_ema"),
        (lambda: keras.optimizers.RMSprop(centered=True), "centered"),
        (lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10)), "schedule"),
        (lambda: keras.optimizers.Adam(lambda: 0.1), "schedule"),
        (lambda: without_decay(var_names=["bias"]), "excludes weights"),
        (lambda: without_decay(var_list=make_network().logits.trainable_variables[:1]), "excludes weights"),
    ],
    ids=["Lion", "clipnorm", "amsgrad", "averages", "centered", "schedule", "function", "no decay by name", "no decay"],
)
def test_optimizers_without_a_stacked_form_are_named(optimizer, words):
    assert words in str(reason_unsupported(make_network().logits, optimizer(), "float32", "auto"))


def test_other_networks_and_settings_are_for_fit():
    shared = keras.layers.Dense(5)
    inputs = keras.Input((5,))
    twice = keras.Model(inputs, keras.layers.Dense(1)(shared(shared(inputs))))
    elsewhere = keras.layers.Dense(5)
    elsewhere(keras.Input((5,)))
    outside = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.sin(inputs)))

    def reason(model, precision="float32"):
        return str(reason_unsupported(model, keras.optimizers.Adam(), precision, "auto"))

    assert reason(twice) == f"layer {shared.name!r} is used more than once"
    assert "more than once" in reason(keras.Model(inputs, keras.layers.Dense(1)(elsewhere(inputs))))
    assert "Sin" in reason(outside) or "outside layers" in reason(outside)
    assert "precision=mixed_bfloat16" in reason(make_network().logits, "mixed_bfloat16")
    assert reason_unsupported(make_network().logits, keras.optimizers.Adam(), "float32", "auto") is None
