"""Losses of a whole batch that begin as cross-entropy, in `fit` as Keras users call it."""

import keras
import numpy as np
import pytest

import losses
from losses.catalogue import CATALOGUE

BATCH = [name for name, entry in CATALOGUE.items() if entry.whole_batch]
RNG = np.random.default_rng(6)
Z = RNG.normal(-1, 2, 40)
Y = (RNG.uniform(size=40) < 0.3).astype(float)
W = RNG.uniform(0, 3, 40)
pytestmark = pytest.mark.filterwarnings("ignore:Under JAX a compiled training step")


@pytest.mark.parametrize("name", BATCH)
def test_it_goes_from_cross_entropy_to_the_loss_in_equal_steps(name):
    kind = getattr(losses, name)
    plain = losses.CustomLoss(reduction="mean_with_sample_weight", dtype="float64")
    ends = float(plain(Y, Z, sample_weight=W)), float(kind(dtype="float64")(Y, Z, sample_weight=W))
    loss = kind(warmup_epochs=4, dtype="float64")
    for epoch, share in ((0, 0.0), (1, 0.25), (3, 0.75), (4, 1.0), (9, 1.0), (2, 0.5)):
        loss.begin_epoch(epoch)
        expected = (1 - share) * ends[0] + share * ends[1]
        assert float(loss(Y, Z, sample_weight=W)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", BATCH)
def test_without_a_warm_up_nothing_changes_with_the_epochs(name):
    loss = getattr(losses, name)()
    before = float(loss(Y, Z))
    loss.begin_epoch(7)
    assert float(loss(Y, Z)) == before
    assert "warmup_epochs" not in loss.in_force
    assert getattr(losses, name)(warmup_epochs=3).in_force["warmup_epochs"] == 3


def test_it_is_saved_with_the_loss():
    loss = losses.DiceLoss(warmup_epochs=5)
    assert losses.DiceLoss.from_config(loss.get_config()).warmup_epochs == 5


@pytest.mark.parametrize("value", [-1, 2.5, "3", [[1], [2]]])
def test_only_a_whole_number_will_do(value):
    with pytest.raises(ValueError, match="warmup_epochs"):
        losses.DiceLoss(warmup_epochs=value)
    with pytest.raises(TypeError, match="no argument `warmup_epochs`"):
        losses.FocalLoss(warmup_epochs=3)  # type: ignore[call-arg]


def trained(loss, epochs):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), loss, run_eagerly=keras.config.backend() == "jax")
    for epoch in range(epochs):
        if hasattr(model.loss, "begin_epoch"):
            model.loss.begin_epoch(epoch)
        model.fit(Z[:, None], Y, batch_size=20, shuffle=False, verbose=0)
    return np.concatenate([each.ravel() for each in model.get_weights()])


def test_a_compiled_training_sees_it():
    np.testing.assert_allclose(trained(losses.DiceLoss(warmup_epochs=9), 1), trained(losses.CustomLoss(), 1), rtol=1e-5)
    warm, cold = trained(losses.DiceLoss(warmup_epochs=2), 4), trained(losses.CustomLoss(), 4)
    assert np.abs(warm - cold).max() > 0.01
