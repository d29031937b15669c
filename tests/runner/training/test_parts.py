"""The trainers' shared parts: batch order, early stopping, steps between two looks at the keyboard."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer

from runner.data import Part, Splits, with_batch_share
from runner.training import TrainerSettings
from runner.training.batches import LONGEST_EXECUTION, batch_order, epoch_order, steps_per_execution, stratified_order
from runner.training.early_stopping import BestEpoch, EarlyStopping


def test_an_epoch_visits_every_row_once_in_an_order_of_its_own():
    orders = [batch_order(100, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]

    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(100))
    assert len({order.tobytes() for order in orders}) == 4
    np.testing.assert_array_equal(batch_order(100, 1, 1), orders[3])


@pytest.mark.parametrize(
    ("rows", "positives", "batch_size"),
    [(100, 10, 10), (103, 11, 10), (103, 37, 10), (100, 99, 7), (64, 2, 32), (5, 1, 32), (31, 31, 30), (6, 6, 1)],
)
def test_stratified_batches_all_hold_their_share_of_positives(rows, positives, batch_size):
    labels = np.zeros(rows, np.float32)
    labels[np.random.default_rng(0).permutation(rows)[:positives]] = 1
    orders = [stratified_order(labels, batch_size, 3, epoch) for epoch in (0, 1)]
    for order in orders:
        assert order.dtype == np.int32
        np.testing.assert_array_equal(np.sort(order), np.arange(rows))
        for start in range(0, rows, batch_size):
            batch = labels[order[start : start + batch_size]]
            assert batch.sum() >= 1
            share = 1 + (positives - -(-rows // batch_size)) * (len(batch) - 1) / max(rows - -(-rows // batch_size), 1)
            assert abs(batch.sum() - share) < 1
    assert rows < 10 or (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(stratified_order(labels, batch_size, 3, 1), orders[1])


@pytest.mark.parametrize(
    ("rows", "positives", "batch_size", "share"),
    [
        (100, 10, 10, 0.5),
        (103, 11, 10, 0.3),
        (103, 90, 10, 0.1),
        (100, 2, 32, 0.9),
        (5, 1, 32, 0.5),
        (97, 9, 16, 0.001),
    ],
)
def test_batches_have_the_share_that_was_asked_for(rows, positives, batch_size, share):
    labels = np.zeros(rows, np.float32)
    labels[np.random.default_rng(0).permutation(rows)[:positives]] = 1
    settings = TrainerSettings(epochs=1, batch_size=batch_size, positive_share=share)
    orders = [epoch_order(labels, settings, 3, epoch) for epoch in (0, 1)]
    for order in orders:
        assert (order.dtype, order.shape) == (np.int32, (rows,))
        for start in range(0, rows, batch_size):
            batch = labels[order[start : start + batch_size]]
            wanted = np.clip(share * len(batch), 1, len(batch) - 1)  # both classes are there
            assert abs(batch.sum() - wanted) <= 1
            assert len(batch) == 1 or 0 < batch.sum() < len(batch)
        for label in (0, 1):  # no row has its second turn before all others of its class had their first
            times = np.bincount(order, minlength=rows)[labels == label]
            assert np.ptp(times) <= 1
    assert (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(epoch_order(labels, settings, 3, 1), orders[1])


def test_what_an_epoch_shows_is_what_its_order_holds():
    labels = np.repeat([1, 0], [13, 90]).astype(np.float32)
    part = Part(np.arange(103), np.zeros((103, 1), np.float32), labels, None)
    splits = with_batch_share(Splits(part, part, part, ColumnTransformer([])), 10, 0.4)
    order = epoch_order(labels, TrainerSettings(epochs=1, batch_size=10, positive_share=0.4), 0, 0)
    ones = int(labels[order].sum())
    assert (splits.positives, splits.negatives) == splits.train.shown == (ones, 103 - ones)
    np.testing.assert_allclose(splits.train.class_weights, (ones / 13, (103 - ones) / 90))


def test_stratified_batches_do_not_begin_with_their_positives():
    labels = np.repeat([1.0, 0.0], [50, 50])
    order = stratified_order(labels, 20, 0, 0)
    firsts = [labels[order[start : start + 10]].sum() for start in range(0, 100, 20)]
    assert 0 < np.mean(firsts) < 10


@pytest.mark.parametrize(
    ("mode", "values", "best", "stops_after"),
    [
        ("max", [0.1, 0.5, 0.4, 0.3, 0.9], 2, 4),
        ("min", [0.5, 0.1, 0.2, 0.1, 0.0], 2, 4),  # equal is no improvement
        ("max", [0.1, 0.2, 0.3, 0.4, 0.5], 5, None),
        ("max", [np.nan, 0.2, np.nan, 0.3, 0.1], 4, None),  # a number is better than none
        ("max", [np.nan, np.nan, np.nan, 0.3, 0.1], 1, 3),
    ],
)
def test_best_epoch_and_end(mode, values, best, stops_after):
    follower = BestEpoch(EarlyStopping("val/x", mode, patience=2))
    stopped = None
    for epoch, value in enumerate(values, 1):
        follower.improved(epoch, {"val/x": value})
        if follower.exhausted(epoch):
            stopped = epoch
            break

    assert (follower.epoch, stopped) == (best, stops_after)


def test_a_small_gain_within_min_delta_is_none():
    follower = BestEpoch(EarlyStopping("val/x", "max", patience=5, min_delta=0.1))

    assert [follower.improved(epoch, {"val/x": value}) for epoch, value in enumerate([0.5, 0.55, 0.61], 1)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("steps", [1, 7, 103, 1024, 1025, 7919, 31250])
def test_executions_never_borrow_steps_of_the_next_epoch(steps):
    size = steps_per_execution(steps)

    assert steps % size == 0
    assert size <= LONGEST_EXECUTION or size == steps


TWO_DEVICES = """
import sys
from runner.training.runtime import keras, tf
import numpy as np
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
import runner.training.fit as fit
sys.path[:0] = sys.argv[1:]
import test_contract as contract
for weights in (False, True):
    fit.placement = lambda device: tf.distribute.get_strategy()
    _, alone = contract.train(fit.FitTrainer, seed=1, splits=contract.make_splits(weights=weights))
    fit.placement = lambda device: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    _, both = contract.train(fit.FitTrainer, seed=1, splits=contract.make_splits(weights=weights))
    np.testing.assert_allclose(both.history, alone.history, rtol=1e-3)
print("same curves")
"""


@pytest.mark.slow
def test_two_devices_give_the_curves_of_one(request):
    """MirroredStrategy on two logical CPU devices, as it would be on two GPUs."""
    folders = str(request.path.parent), str(request.path.parents[2] / "support")
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES, *folders], capture_output=True, text=True, check=False)

    assert "same curves" in done.stdout, done.stderr[-3000:]


@pytest.mark.parametrize(
    ("best", "done", "patience", "words"),
    [
        (10, 10, 5, "all 10 epochs done, still improving in epoch 10: raise trainer.epochs"),
        (19, 20, 5, "all 20 epochs done, still improving in epoch 19: raise trainer.epochs"),
        (9, 10, 5, "all 10 epochs done"),
        (10, 10, None, "all 10 epochs done"),  # without early stopping the last counts as the best
        (4, 9, 5, "val/log_loss no better for 5 epochs"),
    ],
)
def test_how_training_ended_tells_where_it_ended_too_early(best, done, patience, words):
    follower = BestEpoch(None if patience is None else EarlyStopping("val/log_loss", "min", patience))
    for epoch in range(1, done + 1):
        follower.improved(epoch, {"val/log_loss": abs(epoch - best)})
    assert follower.epoch == (done if patience is None else best)
    assert follower.ending(done, done if words.startswith("all") else 10) == words
