"""What every network keeps to. A new backbone is one line in BACKBONES."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest
from hydra.utils import get_method
from scipy.special import expit

from runner import models
from runner.errors import InputError
from runner.models import backbones, build_network, cnn, logistic, mlp

BACKBONES = {
    "logistic": logistic,
    "mlp": mlp,
    "mlp no hidden units": partial(mlp, units=[]),
    "mlp_wide": partial(mlp, units=[32, 16], batch_normalization=True, dropout=0.3),
    "cnn": partial(cnn, filters=[4, 8, 8, 8], units=8, dropout=0.1, image_shape=(8, 8, 1)),
}
INPUTS = np.random.default_rng(0).normal(size=(50, 64)).astype("float32")

every_backbone = pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES.keys())


def network_of(backbone, prevalence=0.02, **settings):
    return build_network(backbone, width=64, prevalence=prevalence, **settings)


@every_backbone
def test_probability_is_the_sigmoid_of_the_logit(backbone):
    network = network_of(backbone)
    probabilities = network.probabilities.predict(INPUTS, verbose=0)

    assert probabilities.shape == (50, 1)
    np.testing.assert_allclose(probabilities[:, 0], expit(network.predict(INPUTS)), rtol=1e-5)


@every_backbone
def test_an_untrained_network_starts_around_the_prevalence(backbone):
    keras.utils.set_random_seed(0)
    network = network_of(backbone, prevalence=0.02)

    assert network.predict(np.zeros((1, 64), "float32"))[0] == pytest.approx(np.log(0.02 / 0.98), abs=1e-5)
    assert network_of(backbone, bias_init="zero").predict(np.zeros((1, 64), "float32"))[0] == pytest.approx(0, abs=1e-6)


@every_backbone
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_output_stays_float32_under_mixed_precision(backbone, policy):
    keras.config.set_dtype_policy(policy)
    try:
        network = network_of(backbone)
    finally:
        keras.config.set_dtype_policy("float32")

    assert network.logits(INPUTS[:2]).dtype == network.probabilities(INPUTS[:2]).dtype == "float32"


@every_backbone
def test_a_saved_network_loads_and_predicts_the_same(backbone, tmp_path):
    network = network_of(backbone)
    network.probabilities.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", compile=False)

    np.testing.assert_array_equal(loaded.predict(INPUTS, verbose=0), network.probabilities.predict(INPUTS, verbose=0))


@every_backbone
def test_the_same_seed_gives_the_same_weights(backbone):
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return network_of(backbone).logits.get_weights()

    for one, other in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(weights(3), weights(4), strict=True))


@every_backbone
def test_rows_are_scored_each_for_itself(backbone):
    """Many rows are scored in pieces, and batch statistics are not those of the rows scored together."""
    network = network_of(backbone)
    many = np.tile(INPUTS, (100, 1))

    np.testing.assert_allclose(network.predict(many)[-50:], network.predict(INPUTS), rtol=1e-4, atol=1e-5)


def test_layers_are_as_wide_as_asked_for():
    network = network_of(partial(mlp, units=[5, 3], activation="tanh"))

    assert [weight.shape for weight in network.logits.weights] == [(64, 5), (5,), (5, 3), (3,), (3, 1), (1,)]


def test_a_cnn_needs_images():
    with pytest.raises(InputError, match="needs images"):
        network_of(cnn)
    with pytest.raises(InputError, match="needs 49 inputs"):
        network_of(partial(cnn, image_shape=(7, 7, 1)))


@pytest.mark.parametrize("name", ["logistic", "mlp", "cnn"])
def test_configs_find_backbones_in_the_room(name):
    assert get_method(f"runner.models.{name}") is getattr(backbones, name)


def test_keras_loads_with_the_first_name_that_is_used():
    code = "import sys; from runner import models; print('keras' in sys.modules, *models.__all__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", *vars(models)["__all__"]]
