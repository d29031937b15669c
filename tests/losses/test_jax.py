"""JAX as it comes, in float32 and without TensorFlow: nothing warns, nothing is missing."""

import inspect
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import losses

if keras.config.backend() != "jax":
    pytest.skip("about JAX itself; Keras runs on another backend", allow_module_level=True)
import jax

PRIORS = {"pi": 0.2, "n1": 13, "n0": 51}


@pytest.fixture
def float32_only():
    with jax.enable_x64(False):
        yield


@pytest.mark.usefixtures("float32_only")
@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("name", losses.CATALOGUE)
def test_a_model_trains_and_is_saved_and_loaded(name, tmp_path):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    y = (x[:, 0] > 0.8).astype("float32")
    parameters = inspect.signature(getattr(losses, name)).parameters
    loss = getattr(losses, name)(**{key: PRIORS[key] for key in PRIORS if key in parameters})
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), loss)
    before = model.predict(x, verbose=0)
    model.fit(x, y, batch_size=32, epochs=2, verbose=0)
    after = model.predict(x, verbose=0)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 1e-3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


PROGRAM = """
import sys, warnings
warnings.simplefilter("error", UserWarning)
import jax, keras, numpy as np, losses
from losses.bias import inverse_map
from losses.shape import loss_shape, minimiser

for name in losses.CATALOGUE:
    getattr(losses, name)
assert "tensorflow" not in sys.modules

for loss in (losses.CustomLoss(), losses.CustomLoss(from_logits=False), losses.FocalLoss(gamma=0.0)):
    shape = loss_shape(loss)
    p = shape["probability"]
    np.testing.assert_allclose(shape["loss_positive"], -np.log(p), rtol=1e-9)
    np.testing.assert_allclose(shape["gradient_negative"], p, atol=1e-6)
for loss in (keras.losses.BinaryCrossentropy(from_logits=True), keras.losses.BinaryCrossentropy()):
    shape = loss_shape(loss)
    np.testing.assert_allclose(shape["loss_positive"], -np.log(shape["probability"]), atol=1e-3)
    np.testing.assert_allclose(shape["gradient_negative"], shape["probability"], atol=1e-3)
for loss in (losses.CustomLoss(), losses.WeightedLoss(20.0), losses.FocalLoss()):
    least = minimiser(loss, 0.1)
    np.testing.assert_allclose(inverse_map(loss, np.log(least) - np.log1p(-least)), 0.1, atol=1e-6)

assert jax.numpy.zeros(1).dtype == keras.ops.zeros(1).dtype == "float32"  # as it was before
"""


def test_curves_and_minimisers_are_exact_in_a_process_of_float32():
    ordinary = {key: value for key, value in os.environ.items() if key != "JAX_ENABLE_X64"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=ordinary)
    assert done.returncode == 0, done.stderr
