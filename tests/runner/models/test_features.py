"""Models of one's own: understood, or refused in a line that says what to return."""

from __future__ import annotations

from runner.models.keras_runtime import keras

import numpy as np
import pytest

from runner.errors import InputError
from runner.models import build_network, features_of

layers = keras.layers
INPUTS = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = layers.Dense(4)

    def call(self, inputs):
        return self.hidden(inputs)


def hidden(inputs):
    return layers.Dense(8, activation="tanh", name="own")(inputs)


def sequential():
    return keras.Sequential([layers.Input((5,)), layers.Dense(8, name="own"), layers.Dense(1, activation="sigmoid")])


WITHOUT_OUTPUT = {
    "hidden layer": hidden,
    "sigmoid of several units": lambda inputs: layers.Dense(8, activation="sigmoid")(inputs),
    "inputs alone": lambda inputs: inputs,
    "an operation": lambda inputs: keras.ops.concatenate([inputs, inputs], axis=-1),
    "a layer": lambda inputs: layers.Dense(3),
    "a class of model": lambda inputs: Subclassed(),
    "a class of model, called": lambda inputs: Subclassed()(inputs),
    "one unit of another kind": lambda inputs: layers.Dense(1, activation="relu")(inputs),
}
WITH_OUTPUT = {
    "a sigmoid": lambda inputs: layers.Dense(1, activation="sigmoid")(hidden(inputs)),
    "a logit": lambda inputs: layers.Dense(1)(hidden(inputs)),
    "a sigmoid layer": lambda inputs: layers.Activation("sigmoid")(layers.Dense(1)(hidden(inputs))),
    "Sequential": lambda inputs: sequential(),
    "Sequential, called": lambda inputs: sequential()(inputs),
    "Model": lambda inputs: keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden(inputs))),
}
REFUSED = {
    "nothing": (lambda inputs: None, "returns nothing"),
    "a list": (lambda inputs: [hidden(inputs)], "returns a list"),
    "numbers": (lambda inputs: np.zeros((3, 2)), "returns a numpy.ndarray"),
    "a word": (lambda inputs: "mlp", "returns a str"),
    "sigmoid operation": (lambda inputs: keras.ops.sigmoid(layers.Dense(1)(inputs)), "ends in a sigmoid"),
    "softmax": (lambda inputs: layers.Dense(2, activation="softmax")(inputs), "ends in a softmax"),
    "softmax layer": (lambda inputs: layers.Softmax()(layers.Dense(2)(inputs)), "ends in a softmax"),
    "too many axes": (lambda inputs: layers.Reshape((5, 1))(inputs), r"shape \(None, 5, 1\): flatten"),
    "other inputs": (lambda inputs: layers.Dense(3)(keras.Input((5,))), "not computed from its inputs alone"),
    "another width": (
        lambda inputs: keras.Sequential([layers.Input((7,)), layers.Dense(8)]),
        r"expected shape=\(None, 7\)",
    ),
    "a wrong argument": (lambda inputs: layers.Dense(-3)(inputs), "-3"),
}


@pytest.mark.parametrize("model", WITHOUT_OUTPUT.values(), ids=WITHOUT_OUTPUT.keys())
def test_features_are_kept_as_they_are(model, caplog):
    network = build_network(lambda inputs: features_of(model, inputs, "mine"), width=5, prevalence=0.1)
    assert network.predict(INPUTS).shape == (20,)
    assert not caplog.messages


@pytest.mark.parametrize("model", WITH_OUTPUT.values(), ids=WITH_OUTPUT.keys())
def test_an_output_layer_of_its_own_gives_way_to_the_network_s(model, caplog):
    network = build_network(lambda inputs: features_of(model, inputs, "mine"), width=5, prevalence=0.1)
    (message,) = caplog.messages
    assert message.startswith("mine ends in an output layer")
    kernel, bias = network.logits.get_layer("logit").get_weights()
    assert kernel.shape == (8, 1)
    assert [weight.shape for weight in network.logits.get_weights()] == [(5, 8), (8,), (8, 1), (1,)]
    assert bias == pytest.approx(np.log(0.1 / 0.9))
    assert np.ptp(network.predict(INPUTS)) > 0


@pytest.mark.parametrize(("model", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_tensor_of_features_is_refused_in_a_line(model, words):
    with pytest.raises(InputError, match=f"^mine.*{words}") as refusal:
        features_of(model, keras.Input((5,)), "mine")
    assert "\n" not in str(refusal.value)
    assert "\x1b" not in str(refusal.value)
