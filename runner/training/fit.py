"""The trainer that Keras's `fit` drives: any model, any loss, one or several GPUs."""

from __future__ import annotations

from runner.training.runtime import keras, placement, start, tf

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from losses.shape import wants_logits
from runner.data.splits import Part, StreamedPart
from runner.errors import RunFailed
from runner.models.network import PREDICTION_BATCH, Network
from runner.training.batches import epoch_order, steps_per_execution
from runner.training.divergence import bad_outputs, bad_step
from runner.training.early_stopping import BestEpoch
from runner.training.pools import epoch_pools
from runner.training.sam import radius_of, worst_steps
from runner.training.trainer import (
    EpochListener,
    Measure,
    TrainerSettings,
    Training,
    TrainingTask,
    as_of_epoch,
    memory_of,
)

LossAndGradients = Callable[[], tuple[Any, list[Any]]]
STREAMED_FLOATS = 4_000_000
"""Inputs that are handed to TensorFlow at once, where rows are streamed: 16 MB."""
NON_FINITE = "non-finite"
"""Marks, in TensorFlow's error, that our own check stopped the step."""


class FitTrainer:
    """Trains one network with Keras `fit`.

    Args:
        **settings: the keys of a trainer's config: those of `TrainerSettings`, with `early_stopping` as a mapping.

    Attributes:
        settings: the same, as `TrainerSettings`.
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = TrainerSettings.from_config(**settings)

    def start(self, seed: int) -> str:
        """Prepares the framework for one run; returns the device in words. See `runner.training.runtime.start`."""
        given = self.settings
        return start(seed=seed, device=given.device, precision=given.precision, deterministic=given.deterministic)

    def scope(self) -> AbstractContextManager:
        """The context to build the network in, so that its variables are placed where training needs them."""
        return self._strategy.scope()

    @cached_property
    def _strategy(self) -> tf.distribute.Strategy:
        """One object for network and training: TensorFlow refuses to mix two, even of one kind."""
        return placement(self.settings.device)

    def train(self, task: TrainingTask, on_epoch: EpochListener) -> Training:
        """Trains `task.network` in place; it ends with the best epoch's weights.

        Args:
            task: what to train; its network was built inside `scope()`.
            on_epoch: told of each epoch's metrics as they come.

        Raises:
            RunFailed: the loss or its gradient became infinite or NaN; the step was not taken. Or there are several
                devices, and the optimizer takes two gradients a step or the loss remembers rows.
        """
        network, splits, settings = task.network, task.splits, self.settings
        rows = len(splits.train.labels)
        steps = -(-rows // settings.batch_size)
        if radius_of(task.optimizer) and self._strategy.num_replicas_in_sync > 1:
            raise RunFailed(
                "optimizer=sam trains on one device: name one in CUDA_VISIBLE_DEVICES, or trainer.device=cpu"
            )
        if memory_of(task.loss) and self._strategy.num_replicas_in_sync > 1:
            raise RunFailed(
                "loss.memory is of one device: name one in CUDA_VISIBLE_DEVICES, trainer.device=cpu, or loss.memory=0"
            )
        with self.scope():
            model = _Trained(network, task.loss)
            # Keras 3.15 cannot run several steps at once on several devices.
            at_once = steps_per_execution(steps) if self._strategy.num_replicas_in_sync == 1 else 1
            model.compile(optimizer=task.optimizer, jit_compile=False, steps_per_execution=at_once)
            # A step that makes the optimizer's variables is traced a second time, without them.
            task.optimizer.build(model.trainable_variables)
        observer = _Observer(model, splits.validation, BestEpoch(settings.early_stopping), task.measure, on_epoch)
        started = time.perf_counter()
        try:
            model.fit(
                self._batches(splits.train, task.seed),
                epochs=settings.epochs,
                steps_per_epoch=steps,
                callbacks=[observer],
                shuffle=False,  # `_batches` does it
                verbose=0,
            )
        except tf.errors.InvalidArgumentError as problem:
            if NON_FINITE not in str(problem):
                raise
            what = "gradient" if f"{NON_FINITE} gradient" in str(problem) else "loss"
            rate = float(keras.ops.convert_to_numpy(task.optimizer.learning_rate))
            raise RunFailed(bad_step(what, len(observer.history) + 1, rate)) from None
        seconds = time.perf_counter() - started
        final = network.logits.get_weights()
        network.logits.set_weights(observer.best_weights)
        as_of_epoch(task.loss, observer.best.epoch)
        done = len(observer.history)
        stopped = observer.best.ending(done, settings.epochs, pruned=observer.pruned)
        history = pd.DataFrame(observer.history)
        return Training(
            history, observer.best.epoch, stopped, final, observer.best_weights, seconds, pruned=observer.pruned
        )

    def _batches(self, part: Part, seed: int) -> tf.data.Dataset:
        """All epochs' batches, one after the other, in `epoch_order`; of streamed rows, in the order of their pools."""
        if isinstance(part, StreamedPart):
            return self._streamed_batches(part, seed)
        columns = [part.inputs, part.labels[:, None]] + ([] if part.weights is None else [part.weights])
        tensors = [tf.constant(column) for column in columns]
        rows, size = len(part.labels), self.settings.batch_size

        def order_of(epoch: int) -> np.ndarray:
            return epoch_order(part.labels, self.settings, seed, int(epoch))

        def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
            order = tf.numpy_function(order_of, [epoch], tf.int32, stateful=False)
            return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(order, [rows])).batch(size)

        batches = tf.data.Dataset.range(self.settings.epochs).flat_map(epoch_batches)
        chosen = batches.map(lambda rows: tuple(tf.gather(tensor, rows) for tensor in tensors))
        return chosen.prefetch(tf.data.AUTOTUNE)

    def _streamed_batches(self, part: StreamedPart, seed: int) -> tf.data.Dataset:
        size, width = self.settings.batch_size, part.inputs.shape[1]
        at_once = max(1, STREAMED_FLOATS // (size * width)) * size

        def rows() -> Iterator[tuple[np.ndarray, ...]]:
            for epoch in range(self.settings.epochs):
                for pool in epoch_pools(part, size, epoch):
                    order = pool.order(seed, epoch)
                    full = len(order) - len(order) % size
                    for first, end in pairwise([*range(0, full, at_once), full, len(order)]):
                        if end > first:
                            batch = min(size, end - first)
                            chosen = [column[order[first:end]] for column in pool.columns]
                            yield tuple(each.reshape(-1, batch, *each.shape[1:]) for each in chosen)

        shapes = [(None, None, width), *[(None, None)] * (1 if part.weights is None else 2)]
        signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
        several = tf.data.Dataset.from_generator(rows, output_signature=signature).prefetch(1)
        batches = several.flat_map(lambda *columns: tf.data.Dataset.from_tensor_slices(columns))
        with_labels = batches.map(lambda inputs, labels, *weights: (inputs, labels[:, None], *weights))
        return with_labels.prefetch(tf.data.AUTOTUNE)


class _Trained(keras.Model):
    """Logit and probability from one pass; a step that refuses to spoil the weights."""

    def __init__(self, network: Network, loss: keras.losses.Loss) -> None:
        super().__init__(network.logits.inputs, [network.logits.output, network.probabilities.output], name="trained")
        self.loss_function = loss
        self._chosen = 0 if wants_logits(loss) else 1
        self._mean_loss = keras.metrics.Mean(name="loss")
        # Of TensorFlow, not of Keras: it is none of the weights that are kept.
        self._queue = tf.Variable(tf.zeros((2, 2, memory_of(loss)))) if memory_of(loss) else None

    @property
    def metrics(self) -> list:
        return [self._mean_loss]

    def prediction(self, logits: Any) -> Any:
        """What the loss takes: logits, or probabilities."""
        return logits if wants_logits(self.loss_function) else tf.sigmoid(logits)

    def loss_and_logits(self, inputs: Any, labels: Any, weights: Any, training: bool) -> tuple[Any, Any]:
        outputs = self(inputs, training=training)
        return self.loss_function(labels, outputs[self._chosen], sample_weight=weights), outputs[0]

    def loss_and_queue(self, inputs: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        """The loss of a training step, and what it remembers after it: None for a loss without a memory."""
        if self._queue is None:
            return self.loss_and_logits(inputs, labels, weights, training=True)[0], None
        predictions = tf.cast(self(inputs, training=True)[self._chosen][:, 0], tf.float32)
        value, queue = self.loss_function.remembering(labels[:, 0], predictions, weights, self._queue)
        return value[0], queue

    def train_step(self, data: Any) -> dict[str, Any]:
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        rows = tf.cast(tf.shape(labels)[0], tf.float32)
        replicas, share = tf.distribute.get_strategy().num_replicas_in_sync, 1.0
        if replicas > 1:  # the last batch of an epoch may not divide evenly; every row counts the same nevertheless
            share = rows * replicas / tf.distribute.get_replica_context().all_reduce("SUM", rows)

        queues = []

        def gradients_now() -> tuple[Any, list[Any]]:
            with tf.GradientTape() as tape:
                loss, queue = self.loss_and_queue(inputs, labels, weights)
                queues.append(queue)
                loss = tf.debugging.check_numerics(loss, f"{NON_FINITE} loss")
                # Keras has divided `loss` by the number of replicas; a penalty on the weights must be as well.
                total = loss * share + sum(self.losses) / replicas if self.losses else loss * share
                scaled = self.optimizer.scale_loss(total)
            return loss, tape.gradient(scaled, self.trainable_variables)

        if radius := radius_of(self.optimizer):
            loss, gradients = self._at_worst_point(gradients_now, radius)
        else:
            loss, gradients = gradients_now()
        if not isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):  # that one skips such steps itself
            gradients = [tf.debugging.check_numerics(each, f"{NON_FINITE} gradient") for each in gradients]
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        if self._queue is not None:
            self._queue.assign(queues[0])
        self._mean_loss.update_state(loss * replicas, sample_weight=rows)
        return {"loss": self._mean_loss.result()}

    def _at_worst_point(self, gradients_now: LossAndGradients, radius: float) -> tuple[Any, list[Any]]:
        """The loss here, and the gradients at the worst point nearby, of the same batch and the same dropout mask.

        Weights are left as they were, and what layers learn without a gradient as the pass through them left it.
        """
        states = self.non_trainable_variables  # the seeds of dropout are among them
        before = [tf.identity(each.value) for each in states]
        weights = [tf.identity(each.value) for each in self.trainable_variables]
        loss, gradients = gradients_now()
        after = [tf.identity(each.value) for each in states]
        for variable, weight, step in zip(
            self.trainable_variables, weights, worst_steps(gradients, radius, stacked=False), strict=True
        ):
            variable.assign(weight + step)
        for state, value in zip(states, before, strict=True):
            state.assign(value)
        _, gradients = gradients_now()
        for variable, value in zip([*self.trainable_variables, *states], [*weights, *after], strict=True):
            variable.assign(value)
        return loss, gradients


class _Observer(keras.callbacks.Callback):
    """After each epoch: measures the validation part, tells the listener, keeps the best weights, stops in time."""

    def __init__(
        self,
        trained: _Trained,
        validation: Part,
        best: BestEpoch,
        measure: Measure,
        on_epoch: EpochListener,
    ) -> None:
        super().__init__()
        self.validation = validation
        self.best = best
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.pruned = False
        self._loss_function = trained.loss_function
        self._measure = measure
        self._on_epoch = on_epoch

        @tf.function(reduce_retracing=True)
        def forward(inputs: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return trained.loss_and_logits(inputs, labels, weights, training=False)

        self._forward = forward

        @tf.function(reduce_retracing=True)
        def of_all_rows(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            return trained.loss_function(labels, trained.prediction(logits), sample_weight=weights)

        self._of_all_rows = of_all_rows

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        as_of_epoch(self._loss_function, epoch + 1)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        loss, logits = self._validate()
        if not np.isfinite(logits).all():
            raise RunFailed(bad_outputs(epoch + 1))
        metrics = {"train/loss": float((logs or {})["loss"]), "val/loss": loss}
        measured = self._measure(self.validation.labels, logits)
        metrics |= {f"val/{name}": value for name, value in measured.items()}
        self.history.append({"epoch": epoch + 1, **metrics})
        if self.best.improved(epoch + 1, metrics):
            self.best_weights = self.model.get_weights()
        exhausted = self.best.exhausted(epoch + 1)
        self.pruned = bool(self._on_epoch(epoch + 1, metrics)) and not exhausted and epoch + 1 < self.params["epochs"]
        self.model.stop_training = exhausted or self.pruned

    def _validate(self) -> tuple[float, np.ndarray]:
        part, total, logits = self.validation, 0.0, []
        for start_row in range(0, len(part.labels), PREDICTION_BATCH):
            rows = slice(start_row, start_row + PREDICTION_BATCH)
            weights = np.ones(len(part.labels[rows]), np.float32) if part.weights is None else part.weights[rows]
            loss, logit = self._forward(part.inputs[rows], part.labels[rows, None], weights)
            total += float(loss) * len(weights)
            logits.append(logit.numpy()[:, 0])
        every = np.concatenate(logits)
        if getattr(self._loss_function, "whole_batch", False):  # no mean of its values on parts
            weights = np.ones_like(every) if part.weights is None else part.weights
            total = float(self._of_all_rows(part.labels, every, weights)) * len(every)
        return total / len(every), every.astype(np.float64)
