"""What every trainer keeps to. A new trainer is one line in TRAINERS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf
from small_training import make_network, make_splits

import losses
from runner.config.instantiate import build
from runner.errors import InputError, RunFailed
from runner.evaluation import epoch_metrics
from runner.models.network import PREDICTION_BATCH
from runner.training import SAM, CompiledTrainer, FitTrainer, TrainerSettings, Training, TrainingTask
from runner.training.batches import epoch_order
from runner.verification import reference

TRAINERS: dict[str, Callable[..., Any]] = {"fit": FitTrainer, "compiled": CompiledTrainer}
every_trainer = pytest.mark.parametrize("make", TRAINERS.values(), ids=TRAINERS.keys())


def train(make, *, loss=None, optimizer=None, splits=None, network=None, seed=0, on_epoch=None, **settings):
    trainer = make(**{"epochs": 3, "batch_size": 32, **settings})
    trainer.start(seed)
    with trainer.scope():
        network = network or make_network(seed)
        optimizer = optimizer() if optimizer else keras.optimizers.Adam(0.01)
    task = TrainingTask(network, loss or losses.CustomLoss(), optimizer, splits or make_splits(), seed, epoch_metrics)
    training: Training = trainer.train(task, on_epoch or (lambda epoch, metrics: None))
    return network, training


@every_trainer
def test_history_has_one_row_an_epoch_and_the_listener_hears_each(make):
    heard = []
    _, training = train(make, on_epoch=lambda epoch, metrics: heard.append((epoch, metrics)))

    assert list(training.history.epoch) == [1, 2, 3]
    assert [epoch for epoch, _ in heard] == [1, 2, 3]
    assert set(training.history.columns) == {
        "epoch",
        "train/loss",
        "val/loss",
        "val/log_loss",
        "val/average_precision",
        "val/roc_auc",
    }
    assert heard[1][1]["val/loss"] == training.history["val/loss"][1]
    assert training.history["train/loss"].is_monotonic_decreasing
    assert training.seconds > 0


@every_trainer
@pytest.mark.parametrize(
    ("batch_size", "batches", "weights"),  # each pair of sizes and weights occurs, and of batches and weights
    [
        pytest.param(32, {}, False, id="partial last batch, shuffled, unweighted"),
        pytest.param(32, {"stratified_batches": True}, True, id="partial last batch, stratified, weighted rows"),
        pytest.param(32, {"positive_share": 0.5}, True, id="partial last batch, half positives, weighted rows"),
        pytest.param(203, {}, True, id="one batch, shuffled, weighted rows"),
        pytest.param(203, {"stratified_batches": True}, False, id="one batch, stratified, unweighted"),
        pytest.param(1000, {"positive_share": 0.1}, False, id="batch beyond the data, fewer positives, unweighted"),
        pytest.param(1000, {"stratified_batches": True}, True, id="batch beyond the data, stratified, weighted rows"),
    ],
)
def test_steps_are_those_of_gradient_descent_written_out(make, batch_size, batches, weights):
    """Logistic regression by SGD, in NumPy float64: batch order, last partial batch, weights, reported losses."""
    assert_descends(make, make_splits(weights=weights), batch_size, **batches)


@every_trainer
@pytest.mark.parametrize("steps", [1031, 1100], ids=["a prime number", "a number with divisors"])
def test_no_epoch_takes_steps_of_the_next(make, steps):
    """More steps than Keras runs at once."""
    assert_descends(make, make_splits(rows=steps), 1)


def assert_descends(make, splits, batch_size, **batches):
    weights = splits.train.weights is not None
    network, training = train(
        make,
        splits=splits,
        network=make_network(units=[]),
        optimizer=lambda: keras.optimizers.SGD(0.1),
        batch_size=batch_size,
        **batches,
        epochs=2,
        seed=5,
    )

    kernel, bias = (weight.astype(float) for weight in make_network(units=[]).logits.get_weights())
    inputs, labels = splits.train.inputs.astype(float), splits.train.labels.astype(float)[:, None]
    row_weights = splits.train.weights.astype(float)[:, None] if weights else np.ones_like(labels)
    settings, reported = TrainerSettings(epochs=2, batch_size=batch_size, **batches), []
    for epoch in range(2):
        order, total = epoch_order(labels[:, 0], settings, 5, epoch), 0.0
        for start in range(0, len(labels), batch_size):
            x, y, w = (column[order[start : start + batch_size]] for column in (inputs, labels, row_weights))
            logits = x @ kernel + bias
            total += (w * (np.logaddexp(0, logits) - y * logits)).sum()
            slope = w * (1 / (1 + np.exp(-logits)) - y) / len(y)
            kernel, bias = kernel - 0.1 * x.T @ slope, bias - 0.1 * slope.sum(0)
        reported.append(total / len(labels))

    trained_kernel, trained_bias = network.logits.get_weights()
    np.testing.assert_allclose(trained_kernel, kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(trained_bias, bias, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(training.history["train/loss"], reported, rtol=1e-5)


@every_trainer
@pytest.mark.parametrize("radius", [0.0, 0.05, 0.8])
def test_sharpness_aware_steps_are_those_of_the_paper_written_out(make, radius):
    """Foret et al. 2021, algorithm 1, on Adam (Kingma & Ba 2015, algorithm 1), in NumPy float64."""
    splits = make_splits()
    network, training = train(
        make,
        splits=splits,
        network=make_network(units=[]),
        optimizer=lambda: SAM(0.05, radius=radius, epsilon=1e-7),
        batch_size=1000,
        epochs=4,
    )
    kernel, bias = (weight.astype(float) for weight in make_network(units=[]).logits.get_weights())
    x, y = splits.train.inputs.astype(float), splits.train.labels.astype(float)[:, None]
    weights = np.concatenate([kernel[:, 0], bias])

    def loss_and_gradient(at):
        logits = x @ at[:-1, None] + at[-1]
        slope = (1 / (1 + np.exp(-logits)) - y) / len(y)
        return (np.logaddexp(0, logits) - y * logits).mean(), np.append((x.T @ slope)[:, 0], slope.sum())

    reported, first, second = [], np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, 5):
        loss, gradient = loss_and_gradient(weights)
        reported.append(loss)
        _, gradient = loss_and_gradient(weights + radius * gradient / np.linalg.norm(gradient))
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights - 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)

    trained = np.concatenate([weight.ravel() for weight in network.logits.get_weights()])
    np.testing.assert_allclose(trained, weights, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(training.history["train/loss"], reported, rtol=1e-5)


@every_trainer
def test_validation_metrics_are_those_of_the_network_after_the_epoch(make):
    splits = make_splits(weights=True)
    network, training = train(make, splits=splits, loss=losses.WeightedLoss(3.0))
    part, logits = splits.validation, network.predict(splits.validation.inputs)
    per_row = np.where(part.labels == 1, 3, 1) * np.logaddexp(0, np.where(part.labels == 1, -1, 1) * logits)

    last = training.history.iloc[-1]
    assert last["val/loss"] == pytest.approx(np.mean(per_row * part.weights), rel=1e-5)
    assert last["val/log_loss"] == pytest.approx(epoch_metrics(part.labels, logits)["log_loss"], rel=1e-6)


@every_trainer
@pytest.mark.parametrize("from_logits", [True, False], ids=["logits", "probabilities"])
def test_validation_loss_of_a_whole_batch_loss_is_that_of_all_rows_together(make, from_logits):
    """More rows than go through a network at once."""
    splits = make_splits(weights=True, validation=2 * PREDICTION_BATCH + 7)
    network, training = train(make, splits=splits, loss=losses.DiceLoss(from_logits=from_logits))
    part, logits = splits.validation, network.predict(splits.validation.inputs)
    expected = reference.dice(part.labels, logits, part.weights)
    assert training.history.iloc[-1]["val/loss"] == pytest.approx(expected, rel=1e-5)


@every_trainer
@pytest.mark.parametrize(("mode", "weighted"), [("max", False), ("min", True)], ids=["before", "after"])
def test_a_loss_that_changes_is_left_as_it_was_in_the_best_epoch(make, mode, weighted):
    """LDAM weighs the classes from its third epoch on; what undoes its bias is the loss of the weights kept."""
    loss = losses.LDAMLoss(n1=30, n0=970, drw_epoch=2)
    rule = {"monitor": "val/log_loss", "mode": mode, "patience": 9, "min_delta": 0.0}
    _, training = train(make, loss=loss, early_stopping=rule, epochs=4)

    assert (training.best_epoch > 2) is weighted
    logits = np.linspace(-3, 3, 7)
    expected = losses.LDAMLoss(n1=30, n0=970, drw_epoch=0 if weighted else None).debias(logits)
    np.testing.assert_allclose(loss.debias(logits), expected, rtol=1e-12)


@every_trainer
def test_early_stopping_restores_the_best_epoch(make):
    rule = {"monitor": "val/log_loss", "mode": "min", "patience": 3, "min_delta": 0.0}
    splits = make_splits(rows=40)
    network, training = train(
        make, splits=splits, early_stopping=rule, epochs=300, optimizer=lambda: keras.optimizers.Adam(0.05)
    )
    curve = training.history["val/log_loss"]

    assert len(curve) < 300
    assert training.best_epoch == curve.idxmin() + 1 == len(curve) - 3
    assert "val/log_loss" in training.stopped
    measured = epoch_metrics(splits.validation.labels, network.predict(splits.validation.inputs))["log_loss"]
    assert measured == pytest.approx(curve.min(), rel=1e-6)
    assert any((a != b).any() for a, b in zip(training.final_weights, training.best_weights, strict=True))


@every_trainer
def test_without_early_stopping_the_last_epoch_is_kept(make):
    network, training = train(make, early_stopping=None)

    assert training.best_epoch == 3
    for kept, final in zip(network.logits.get_weights(), training.final_weights, strict=True):
        np.testing.assert_array_equal(kept, final)


@every_trainer
def test_the_same_seed_gives_the_same_digits(make):
    def curves(seed):
        _, training = train(make, seed=seed, network=make_network(0, dropout=0.5))
        return training.history

    first, again, other = curves(1), curves(1), curves(2)
    assert first.equals(again)
    assert not first.equals(other)


@every_trainer
@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.BinaryCrossentropy(from_logits=True),
        keras.losses.BinaryCrossentropy(from_logits=False),
        losses.CustomLoss(from_logits=False),
        keras.losses.BinaryFocalCrossentropy(gamma=0.0, from_logits=True),
    ],
    ids=["built-in on logits", "built-in on probabilities", "ours on probabilities", "another of Keras"],
)
def test_losses_that_are_equal_on_paper_train_alike(make, loss):
    _, expected = train(make, loss=losses.CustomLoss())
    _, got = train(make, loss=loss)

    np.testing.assert_allclose(got.history, expected.history, rtol=1e-3)


OPTIMIZERS = (keras.optimizers.Adam, keras.optimizers.AdamW, keras.optimizers.SGD, keras.optimizers.RMSprop, SAM)


@pytest.mark.parametrize(
    ("make", "optimizer", "precision"),
    [
        *[  # each scales its loss
            pytest.param(FitTrainer, optimizer, "mixed_float16", marks=pytest.mark.exhaustive)
            for optimizer in OPTIMIZERS
        ],
        (FitTrainer, keras.optimizers.Adam, "mixed_bfloat16"),
        (CompiledTrainer, keras.optimizers.Adam, "mixed_float16"),
        (CompiledTrainer, keras.optimizers.Adam, "mixed_bfloat16"),
    ],
)
def test_every_optimizer_learns_in_lower_precisions(make, optimizer, precision):
    """In float32 all of them are compared step by step: see stack/test_parity.py."""
    try:
        _, training = train(make, optimizer=lambda: optimizer(0.01), precision=precision, epochs=6)
    finally:
        keras.config.set_dtype_policy("float32")

    assert training.history["train/loss"].iloc[-1] < training.history["train/loss"].iloc[0]


class InfiniteFrom(losses.SigmoidLoss):
    """Infinite, or with an infinite slope, once a logit exceeds 1."""

    def __init__(self, where: str, **arguments: Any) -> None:
        super().__init__(where=where, **arguments)

    def compute(self, labels, logits):
        base = keras.ops.softplus((1 - 2 * labels) * logits)
        over = keras.ops.relu(logits - 1)
        if self.where == "value":
            return base + keras.ops.where(over > 0, np.inf, 0.0)
        # 0, but its slope is infinite minus infinite; not the same term twice, which a compiler may cancel
        return base + keras.ops.sqrt(over) - keras.ops.sqrt(2 * over) / np.sqrt(2)


@every_trainer
@pytest.mark.parametrize(("where", "word"), [("value", "loss"), ("slope", "gradient")])
def test_a_non_finite_step_is_not_taken(make, where, word):
    network = make_network()
    with pytest.raises(RunFailed, match=rf"the {word} became NaN or infinite in epoch \d+"):
        train(make, network=network, loss=InfiniteFrom(where), epochs=100)

    assert all(np.isfinite(weight).all() for weight in network.logits.get_weights())


@every_trainer
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"batch_size": 32, "patience": 3}, "unexpected keyword argument 'patience'"),
        ({}, "missing .* 'batch_size'"),
        ({"batch_size": 32, "early_stopping": {"metric": "val/loss"}}, "unexpected keyword argument 'metric'"),
    ],
    ids=["unknown", "missing", "unknown to early stopping"],
)
def test_a_config_with_other_keys_is_refused(make, keys, words):
    config = {"_target_": f"runner.training.{make.__name__}", "epochs": 1, **keys}
    with pytest.raises(InputError, match=f"^trainer: .*{words}"):
        build("trainer", OmegaConf.create(config))


@every_trainer
def test_a_gpu_that_is_not_there_is_refused(make):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="sees no GPU"):
        train(make, device="gpu")


@every_trainer
def test_a_listener_s_error_stops_training(make):
    def fail(epoch, metrics):
        raise RuntimeError("store is full")

    with pytest.raises(RuntimeError, match="store is full"):
        train(make, on_epoch=fail)


@every_trainer
def test_a_loss_is_told_each_epoch_before_it_begins(make):
    """LDAM weights its classes from `drw_epoch` on: the curve must leave that of the unweighted loss there."""

    def curve(loss):
        return train(make, loss=loss, epochs=4)[1].history["train/loss"].to_numpy()

    plain, switched = losses.LDAMLoss(n1=5, n0=1000), losses.LDAMLoss(n1=5, n0=1000, drw_epoch=2)
    rows = np.array([[1.0], [0.0]]), np.array([[0.3], [0.2]])
    assert float(switched(*rows)) == float(plain(*rows))
    never, from_two = curve(plain), curve(switched)
    assert float(switched(*rows)) != pytest.approx(float(plain(*rows)))  # left as it was in the last epoch
    np.testing.assert_array_equal(from_two[:2], never[:2])
    assert (np.abs(from_two[2:] - never[2:]) > 0.01).all()


@every_trainer
def test_a_listener_ends_the_training_and_its_best_epoch_is_kept(make):
    """As a search does that gives a run up; in the last epoch there is nothing left to give up."""
    network, training = train(make, epochs=8, on_epoch=lambda epoch, metrics: epoch == 3)
    assert training.pruned
    assert training.stopped == "pruned after 3 of 8 epochs"
    assert list(training.history.epoch) == [1, 2, 3]
    whole, first_three = train(make, epochs=3)
    for weight, expected in zip(network.logits.get_weights(), whole.logits.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-6)
    assert not first_three.pruned
    _, last = train(make, epochs=3, on_epoch=lambda epoch, metrics: epoch == 3)
    assert not last.pruned


def test_fit_traces_its_step_once():
    """Tracing takes longer than many a training; a step that made variables would be traced again without them."""
    traced = []

    class Counted(losses.CustomLoss):
        def compute(self, labels, logits):
            traced.append(logits)
            return super().compute(labels, logits)

    train(FitTrainer, loss=Counted())
    assert len(traced) == 2  # in training, and in validation
