"""Dropout's masks: against the hash written out in Python, and as random numbers should be."""

from __future__ import annotations

from runner.training.runtime import tf

import keras
import numpy as np
import pytest
from small_training import make_network, make_splits

import losses
from runner.evaluation import epoch_metrics
from runner.training import CompiledTrainer, Training
from runner.training.stack import Member
from runner.training.stack.dropout import keep_mask


def masks(seeds, layer=1, step=0, shape=(32, 64), rate=0.3):
    return keep_mask(tf.constant(seeds, tf.uint32), layer, tf.constant(step), shape, rate).numpy()


def murmur(bits: int) -> int:
    """fmix32, from the description of MurmurHash3."""
    bits ^= bits >> 16
    bits = bits * 0x85EBCA6B % 2**32
    bits ^= bits >> 13
    bits = bits * 0xC2B2AE35 % 2**32
    return bits ^ bits >> 16


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.999])
def test_masks_are_the_hash_of_seed_layer_step_and_place(rate):
    seeds, layer, step = [3, 2**32 - 1], 2, 1234
    expected = [
        [murmur(murmur(murmur(seed) ^ murmur((step * 64 + layer) % 2**32)) ^ murmur(place)) for place in range(12)]
        for seed in seeds
    ]
    got = masks(seeds, layer, step, (3, 4), rate)

    np.testing.assert_array_equal(got, (np.array(expected) >= rate * 2**32).reshape(2, 3, 4))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_dropped_is_the_rate(rate):
    """Of 40,960 units; five standard errors."""
    dropped = [1 - masks([seed], step=step, rate=rate).mean() for seed in range(4) for step in range(5)]

    assert np.mean(dropped) == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / (20 * 2048)))


def test_members_steps_layers_and_places_are_independent():
    def correlation(one, other):
        return abs(np.corrcoef(one.ravel(), other.ravel())[0, 1])

    base = masks([1])
    for other in (masks([2]), masks([1], step=1), masks([1], layer=2), masks([257])):
        assert correlation(base, other) < 5 / np.sqrt(base.size)
    assert correlation(base[..., 1:], base[..., :-1]) < 5 / np.sqrt(base.size)
    assert correlation(base[:, 1:], base[:, :-1]) < 5 / np.sqrt(base.size)
    # The first unit over time, and over seeds.
    over_time = np.array([masks([1], step=step, shape=(2,))[0] for step in range(500)])
    assert abs(np.corrcoef(over_time[1:, 0], over_time[:-1, 0])[0, 1]) < 5 / np.sqrt(500)
    over_seeds = masks(list(range(2000)), shape=(2,))
    assert abs(np.corrcoef(over_seeds.T)[0, 1]) < 5 / np.sqrt(2000)


def test_a_mask_does_not_depend_on_the_other_members():
    np.testing.assert_array_equal(masks([5, 6, 7])[1], masks([6])[0])


def test_dropout_is_for_training_only():
    """Weights stay as they are at a rate of 0: prediction uses every unit, the training loss saw half of them."""
    trainer = CompiledTrainer(epochs=1, batch_size=32)
    trainer.start(0)
    network = make_network(dropout=0.5)
    member = Member(
        network.logits.get_weights(),
        losses.CustomLoss(),
        keras.optimizers.SGD(0.0),
        0,
        None,
        lambda epoch, metrics: None,
    )
    splits = make_splits()
    stack = trainer.train_stack(network, [member], [splits], epoch_metrics)

    np.testing.assert_allclose(stack.predict(splits.test.inputs)[0], network.predict(splits.test.inputs), atol=1e-6)
    (training,) = stack.trainings
    assert isinstance(training, Training)
    assert training.history["train/loss"][0] != pytest.approx(training.history["val/loss"][0])
