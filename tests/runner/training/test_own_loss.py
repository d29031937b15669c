"""Functions as losses: what `model.compile(loss=function)` trains, and what is said of those that cannot be trained."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from keras import ops
from small_training import make_network, make_splits

from runner.errors import InputError
from runner.evaluation import epoch_metrics
from runner.training import CompiledTrainer, FitTrainer, FunctionLoss, TrainingTask, check_loss


def squared(y_true, y_pred):
    return ops.mean((y_true - y_pred) ** 2, axis=-1)


def powered(y_true, y_pred, power=2.0):
    return ops.abs(y_true - y_pred) ** power


def one_number(y_true, y_pred):
    return ops.mean((y_true - y_pred) ** 2)


FUNCTIONS = {
    "per row": squared,
    "per output": lambda y_true, y_pred: (y_true - y_pred) ** 2,
    "one number": one_number,
    "partial": functools.partial(powered, power=3.0),
    "of Keras": keras.losses.binary_crossentropy,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_function_is_the_loss_that_compile_makes_of_it(function):
    model = make_network(3).probabilities
    splits = make_splits(weights=True)
    model.compile(keras.optimizers.SGD(0.1), loss=function)
    part = splits.train
    theirs = model.evaluate(part.inputs, part.labels[:, None], batch_size=len(part.labels), verbose=0)
    ours = FunctionLoss(function)(part.labels[:, None], model.predict(part.inputs, verbose=0))
    assert float(ours) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("make", [FitTrainer, CompiledTrainer])
def test_a_function_trains_alone_and_in_a_stack(make):
    splits, rate = make_splits(), 0.5
    trainer = make(epochs=3, batch_size=len(splits.train.labels))
    trainer.start(0)
    network = make_network(units=[])
    kernel, bias = (weight.astype(float) for weight in make_network(units=[]).logits.get_weights())
    task = TrainingTask(network, FunctionLoss(squared), keras.optimizers.SGD(rate), splits, 0, epoch_metrics)
    training = trainer.train(task, lambda epoch, metrics: None)
    x, y = splits.train.inputs.astype(float), splits.train.labels.astype(float)[:, None]
    for _ in range(3):
        p = 1 / (1 + np.exp(-(x @ kernel + bias)))
        slope = 2 * (p - y) * p * (1 - p) / len(y)
        kernel, bias = kernel - rate * x.T @ slope, bias - rate * slope.sum(0)
    np.testing.assert_allclose(training.final_weights[0], kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(training.final_weights[1], bias, rtol=1e-4, atol=1e-6)


def by_numpy(y_true, y_pred):
    return np.mean((np.asarray(y_true) - np.asarray(y_pred)) ** 2)


class Vectors(keras.losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return y_true - y_pred

    def call(self, y_true, y_pred):
        return y_true - y_pred


REFUSED = {
    "NumPy": (FunctionLoss(by_numpy), "cannot be computed.*use|cannot be computed.*keras.ops"),
    "a bug": (FunctionLoss(lambda y_true, y_pred: y_pred.nonsense), "cannot be computed: AttributeError"),
    "no gradient": (FunctionLoss(lambda y_true, y_pred: ops.mean(y_true)), "does not depend on the predictions"),
    "decisions": (
        FunctionLoss(lambda y_true, y_pred: ops.cast(y_pred > 0.5, "float32") * y_true),
        "does not depend on the predictions",
    ),
    "no number": (Vectors(), r"shape \(4, 1\) instead of one number"),
}


@pytest.mark.parametrize(("loss", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_trained_is_refused_in_a_line(loss, words):
    with pytest.raises(InputError, match=words) as refusal:
        check_loss(loss, "loss._target_=mine")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("loss._target_=mine")
