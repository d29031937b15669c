"""What every network keeps to. A new body is one line in BODIES."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from omegaconf import OmegaConf
from scipy.special import expit

from runner.errors import InputError
from runner.models import build_network

BODIES = {
    "logistic": {"_target_": "runner.models.logistic"},
    "mlp": {"_target_": "runner.models.mlp"},
    "mlp no hidden units": {"_target_": "runner.models.mlp", "units": []},
    "mlp_wide": {"_target_": "runner.models.mlp", "units": [32, 16], "batch_normalization": True, "dropout": 0.3},
    "cnn": {"_target_": "runner.models.cnn", "filters": [4, 8, 8, 8], "units": 8, "dropout": 0.1},
}
INPUTS = np.random.default_rng(0).normal(size=(50, 64)).astype("float32")

every_body = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())


def network_of(body, prevalence=0.02, **settings):
    config = OmegaConf.create({**body, "bias_init": "prior", **settings})
    return build_network(config, width=64, prevalence=prevalence, image_shape=(8, 8, 1))


@every_body
def test_probability_is_the_sigmoid_of_the_logit(body):
    network = network_of(body)
    probabilities = network.probabilities.predict(INPUTS, verbose=0)

    assert probabilities.shape == (50, 1)
    np.testing.assert_allclose(probabilities[:, 0], expit(network.predict(INPUTS)), rtol=1e-5)


@every_body
def test_an_untrained_network_starts_around_the_prevalence(body):
    keras.utils.set_random_seed(0)
    network = network_of(body, prevalence=0.02)

    assert network.predict(np.zeros((1, 64), "float32"))[0] == pytest.approx(np.log(0.02 / 0.98), abs=1e-5)
    assert network_of(body, bias_init="zero").predict(np.zeros((1, 64), "float32"))[0] == pytest.approx(0, abs=1e-6)


@every_body
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_output_stays_float32_under_mixed_precision(body, policy):
    keras.config.set_dtype_policy(policy)
    try:
        network = network_of(body)
    finally:
        keras.config.set_dtype_policy("float32")

    assert network.logits(INPUTS[:2]).dtype == network.probabilities(INPUTS[:2]).dtype == "float32"


@every_body
def test_a_saved_network_loads_and_predicts_the_same(body, tmp_path):
    network = network_of(body)
    network.probabilities.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", compile=False)

    np.testing.assert_array_equal(loaded.predict(INPUTS, verbose=0), network.probabilities.predict(INPUTS, verbose=0))


@every_body
def test_the_same_seed_gives_the_same_weights(body):
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return network_of(body).logits.get_weights()

    for one, other in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(weights(3), weights(4), strict=True))


@every_body
def test_rows_are_scored_each_for_itself(body):
    """Many rows are scored in pieces, and batch statistics are not those of the rows scored together."""
    network = network_of(body)
    many = np.tile(INPUTS, (100, 1))

    np.testing.assert_allclose(network.predict(many)[-50:], network.predict(INPUTS), rtol=1e-4, atol=1e-5)


def test_layers_are_as_wide_as_asked_for():
    network = network_of({"_target_": "runner.models.mlp", "units": [5, 3], "activation": "tanh"})

    assert [weight.shape for weight in network.logits.weights] == [(64, 5), (5,), (5, 3), (3,), (3, 1), (1,)]


def test_a_cnn_needs_images():
    config = OmegaConf.create({"_target_": "runner.models.cnn", "bias_init": "prior"})

    with pytest.raises(InputError, match="needs images"):
        build_network(config, width=64, prevalence=0.1, image_shape=None)
    with pytest.raises(InputError, match="needs 49 inputs"):
        build_network(config, width=64, prevalence=0.1, image_shape=(7, 7, 1))
