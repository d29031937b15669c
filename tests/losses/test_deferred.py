"""LDAM's class weights from a later epoch on, in `fit` as Keras users call it."""

from typing import Any

import keras
import numpy as np
import pytest

import losses

EPOCHS, DRW_EPOCH = 4, 2
COUNTS: dict[str, Any] = {"n1": 5, "n0": 59}
jax_only = pytest.mark.skipif(keras.config.backend() != "jax", reason="other backends' compiled steps see the change")
jax_too = pytest.mark.filterwarnings("ignore:Under JAX a compiled training step")


class TellsTheEpoch(keras.callbacks.Callback):
    """Calls the loss's `begin_epoch`, as a trainer would."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.loss.begin_epoch(epoch)


def data():
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    return x, (x[:, 0] > 1.3).astype("float32")


def network(loss, **arguments):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), loss, **arguments)
    return model


def curves(model, start=0, end=EPOCHS, callbacks=()):
    """Training and validation loss, one row an epoch."""
    x, y = data()
    arguments = {"batch_size": 32, "shuffle": False, "validation_data": (x, y), "callbacks": list(callbacks)}
    history = model.fit(x, y, initial_epoch=start, epochs=end, verbose=0, **arguments).history
    return np.transpose([history["loss"], history["val_loss"]])


def deferred(**arguments):
    return curves(network(losses.LDAMLoss(**COUNTS, drw_epoch=DRW_EPOCH), **arguments), callbacks=[TellsTheEpoch()])


@pytest.fixture(scope="module")
def unweighted():
    return curves(network(losses.LDAMLoss(**COUNTS)))


@jax_too
def test_uncompiled_training_is_weighted_from_the_epoch_on(unweighted):
    values = deferred(run_eagerly=True)
    np.testing.assert_allclose(values[:DRW_EPOCH], unweighted[:DRW_EPOCH], rtol=1e-5)
    assert (values[DRW_EPOCH:] < 0.8 * unweighted[DRW_EPOCH:]).all()  # negatives, most rows, now weigh 0.16


@pytest.mark.skipif(keras.config.backend() == "jax", reason="JAX's compiled step keeps the weights it has")
def test_compiled_training_is_weighted_from_the_epoch_on():
    np.testing.assert_allclose(deferred(), deferred(run_eagerly=True), rtol=1e-5)


@jax_only
def test_under_jax_compiled_training_stays_unweighted_and_a_warning_says_so(unweighted):
    with pytest.warns(UserWarning, match="from epoch 2 on, compile the model again with drw_epoch=0"):
        values = deferred()
    np.testing.assert_allclose(values, unweighted, rtol=1e-5)


@jax_too
def test_compiling_again_weighs_the_epochs_to_come_on_any_backend():
    model = network(losses.LDAMLoss(**COUNTS, drw_epoch=DRW_EPOCH))
    first = curves(model, end=DRW_EPOCH)
    model.compile(model.optimizer, losses.LDAMLoss(**COUNTS, drw_epoch=0))
    both = np.concatenate([first, curves(model, start=DRW_EPOCH)])
    np.testing.assert_allclose(both, deferred(run_eagerly=True), rtol=1e-5)


@jax_too
def test_the_weights_are_in_force_where_the_epoch_has_come():
    y, z = np.array([1.0, 0.0]), np.zeros(2)
    plain, loss = losses.LDAMLoss(**COUNTS), losses.LDAMLoss(**COUNTS, drw_epoch=1)
    weighted = losses.LDAMLoss(**COUNTS, drw_epoch=0)
    for epoch, same in ((0, plain), (1, weighted), (2, weighted), (0, plain)):
        loss.begin_epoch(epoch)
        plain.begin_epoch(epoch)  # drw_epoch None: never
        np.testing.assert_array_equal(loss(y, z), same(y, z))
        np.testing.assert_array_equal(loss.debias(z), same.debias(z))
    assert float(weighted(y, z)) != float(plain(y, z))
