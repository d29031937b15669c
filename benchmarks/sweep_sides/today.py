"""The peer: a sweep as people write it today, with Hydra, Keras `fit` and one MLflow run each.

    python benchmarks/sweep_sides/today.py -m data=/tmp/splits.npz loss=builtin,focal seed=0,1

`way=tuned` is for speed: many steps an execution, no per-step metrics, exact validation metrics from one forward pass
an epoch, and everything logged in one batch. `way=usual` is what tutorials show: accuracy and AUC metrics, validation
data, and autolog; without tensorboard, which autolog needs, its parts by hand: a callback that logs each epoch, and the
model.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import hydra
import keras
import mlflow
import numpy as np
import tensorflow as tf
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig
from sklearn import metrics as exact

DEFAULTS = {
    "data": "splits.npz",
    "loss": "builtin",
    "seed": 0,
    "epochs": 30,
    "batch_size": 32,
    "way": "tuned",
    "store": "sqlite:///mlflow.db",
}
ConfigStore.instance().store("today", DEFAULTS)

Arrays = dict[str, np.ndarray]


def loss_on_logits(name: str, labels: np.ndarray) -> Callable[[Any, Any], Any]:
    """A loss of (n, 1) labels and logits; `labels` are those trained on, for the losses that count them."""
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    positives = float(labels.sum())
    negatives = len(labels) - positives

    def weighted(positive: float, negative: float) -> Callable[[Any, Any], Any]:
        def loss(y: Any, z: Any) -> Any:
            weights = negative + (positive - negative) * y
            return tf.reduce_mean(weights * tf.nn.sigmoid_cross_entropy_with_logits(y, z))

        return loss

    def custom(y: Any, z: Any) -> Any:
        return tf.reduce_mean(tf.nn.relu(z) - z * y + tf.math.log1p(tf.exp(-tf.abs(z))))

    def logit_adjusted(y: Any, z: Any) -> Any:
        return cross_entropy(y, z + float(np.log(positives / negatives)))

    def dice(y: Any, z: Any) -> Any:
        p = tf.sigmoid(z)
        return 1 - (2 * tf.reduce_sum(p * y) + 1) / (tf.reduce_sum(p) + tf.reduce_sum(y) + 1)

    effective = np.array([1 - 0.999**positives, 1 - 0.999**negatives])
    shares = 2 / effective / np.sum(1 / effective)
    return {
        "builtin": cross_entropy,
        "custom": custom,
        "weighted": weighted(2.0, 1.0),
        "smoothed": keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        "focal": keras.losses.BinaryFocalCrossentropy(gamma=2.0, from_logits=True),
        "class_balanced": weighted(*shares),
        "logit_adjusted": logit_adjusted,
        "dice": dice,
    }[name]


def network(width: int, prevalence: float) -> keras.Model:
    """64-32-1 up to the logit, which starts at the prior."""
    prior = keras.initializers.Constant(np.log(prevalence / (1 - prevalence)))
    layers = [keras.layers.Dense(units, activation="relu") for units in (64, 32)]
    return keras.Sequential([keras.Input((width,)), *layers, keras.layers.Dense(1, bias_initializer=prior)])


class Exact(keras.callbacks.Callback):
    """After each epoch: the validation part's loss and exact metrics, kept until the end."""

    def __init__(self, loss: Callable[[Any, Any], Any], inputs: np.ndarray, labels: np.ndarray) -> None:
        super().__init__()
        self.loss, self.inputs, self.labels = loss, inputs, labels
        self.history: list[dict[str, float]] = []
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logits = self.model.predict_on_batch(self.inputs)
        measured = {"train/loss": float(logs["loss"]), "val/loss": float(self.loss(self.labels, logits))}
        self.history.append(measured | ranking(self.labels[:, 0], logits[:, 0], "val"))
        self.times.append(time.perf_counter())


def ranking(labels: np.ndarray, logits: np.ndarray, part: str) -> dict[str, float]:
    """Metrics that need no threshold."""
    return {
        f"{part}/log_loss": float(np.logaddexp(0, np.where(labels == 1, -logits, logits)).mean()),
        f"{part}/average_precision": exact.average_precision_score(labels, logits),
        f"{part}/roc_auc": exact.roc_auc_score(labels, logits),
    }


def train_tuned(model: keras.Model, loss: Callable[[Any, Any], Any], data: Arrays, epochs: int, batch: int) -> Exact:
    """Trains by the fastest of what `fit` offers on a network this small.

    Arrays instead of a `tf.data` pipeline, one step an execution, or steps compiled by XLA are all slower here.
    """
    labels = data["train_labels"][:, None]
    rows = tf.data.Dataset.from_tensor_slices((data["train_inputs"], labels))
    batches = rows.shuffle(len(labels)).batch(batch).prefetch(tf.data.AUTOTUNE)
    model.compile("adam", loss, steps_per_execution=-(-len(labels) // batch), jit_compile=False)
    watch = Exact(loss, data["validation_inputs"], data["validation_labels"][:, None])
    model.fit(batches, epochs=epochs, callbacks=[watch], shuffle=False, verbose=0)
    return watch


class LogEachEpoch(keras.callbacks.Callback):
    """What autolog does with the metrics of an epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        mlflow.log_metrics(logs, step=epoch)


def train_usual(model: keras.Model, loss: Callable[[Any, Any], Any], data: Arrays, epochs: int, batch: int) -> None:
    """Trains with binned metrics at every step, logged after every epoch; logs the model."""
    measured = [
        keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0),
        keras.metrics.AUC(curve="PR", name="pr_auc", from_logits=True),
        keras.metrics.AUC(name="auc", from_logits=True),
    ]
    model.compile("adam", loss, metrics=measured)
    auto = importlib.util.find_spec("tensorboard") is not None
    if auto:
        mlflow.tensorflow.autolog(silent=True)
    inputs, labels = data["train_inputs"], data["train_labels"][:, None]
    held_out = (data["validation_inputs"], data["validation_labels"][:, None])
    callbacks = [] if auto else [LogEachEpoch()]
    model.fit(inputs, labels, validation_data=held_out, epochs=epochs, batch_size=batch, callbacks=callbacks, verbose=0)
    if not auto:
        needed = [f"tensorflow=={tf.__version__}", f"keras=={keras.__version__}"]
        mlflow.tensorflow.log_model(model, name="model", pip_requirements=needed)


def judged(model: keras.Model, data: Arrays) -> dict[str, float]:
    """Test metrics, those of decisions at the threshold with the best F1 on the validation part."""
    predicted = {part: model.predict_on_batch(data[f"{part}_inputs"])[:, 0] for part in ("validation", "test")}
    precision, recall, thresholds = exact.precision_recall_curve(data["validation_labels"], predicted["validation"])
    best = np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-12))
    threshold = thresholds[min(best, len(thresholds) - 1)]
    labels, logits = data["test_labels"], predicted["test"]
    decided = logits >= threshold
    return {
        **ranking(labels, logits, "test"),
        "test/brier": exact.brier_score_loss(labels, 1 / (1 + np.exp(-logits))),
        "test/f1": exact.f1_score(labels, decided),
        "test/mcc": exact.matthews_corrcoef(labels, decided),
        "test/balanced_accuracy": exact.balanced_accuracy_score(labels, decided),
        "test/precision": exact.precision_score(labels, decided, zero_division=0),
        "test/recall": exact.recall_score(labels, decided),
        "threshold": float(threshold),
    }


def one_run(config: DictConfig) -> float:
    """Trains, evaluates and records one run."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    with np.load(config.data) as stored:
        data = dict(stored)
    labels = data["train_labels"]
    model = network(data["train_inputs"].shape[1], float(labels.mean()))
    loss = loss_on_logits(config.loss, labels)
    mlflow.set_tracking_uri(config.store)
    mlflow.set_experiment("today")
    with mlflow.start_run() as run:
        mlflow.log_params(dict(config))
        history: list[dict[str, float]] = []
        if config.way == "usual":
            train_usual(model, loss, data, config.epochs, config.batch_size)
        else:
            history = train_tuned(model, loss, data, config.epochs, config.batch_size).history
        final = judged(model, data)
        now = int(time.time() * 1000)
        logged = [
            mlflow.entities.Metric(name, value, now, epoch)
            for epoch, measured in enumerate(history)
            for name, value in measured.items()
        ]
        logged += [mlflow.entities.Metric(name, value, now, config.epochs) for name, value in final.items()]
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics=logged)
    return final["test/average_precision"]


main = hydra.main(version_base=None, config_path=None, config_name="today")(one_run)

if __name__ == "__main__":
    store = f"sqlite:///{os.path.abspath('mlflow.db')}"
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("today")  # once, before any other process: several that create one store at once all fail
    main()
