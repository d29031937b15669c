"""The jobs of one group: prepared, and trained stack by stack."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from omegaconf import DictConfig, OmegaConf

from runner import console
from runner.config.instantiate import build
from runner.experiment.execute import Prepared, make_network, prepare
from runner.experiment.resources import cache_of
from runner.launching.completion import Conclusions, Passenger, Trained
from runner.launching.grouping import most_members, portions
from runner.sweeps.devices import share_machine
from runner.sweeps.job import Job
from runner.sweeps.journal import Outcome

if TYPE_CHECKING:
    import keras

    from runner.launching.launcher import Launched
    from runner.models import Network
    from runner.training import CompiledTrainer, Training
    from runner.training.stack import Member

log = logging.getLogger("runner")

DRAWING = threading.Lock()
"""Held where a network is built: all threads draw its first weights from the same random numbers."""


class StackRunner:
    """Runs the jobs of one group: the same rows, network, kind of optimizer and batches.

    Args:
        max_stack: most runs in a stack; None lets memory decide.
        conclusions: where records are opened and concluded.
    """

    def __init__(self, max_stack: int | None, conclusions: Conclusions) -> None:
        self._max_stack, self._conclusions = max_stack, conclusions
        self._waiting: list[Passenger] = []
        self._weights: dict[int, list[np.ndarray]] = {}
        self._optimizers: dict[str, keras.optimizers.Optimizer] = {}

    def add(self, launched: Launched) -> None:
        """Prepares a job's run; one that is refused, or done already, is over with that."""
        hydra = launched.config.hydra
        job, folder = Job(launched.task, hydra), Path(hydra.sweep.dir)
        if not job.may_start():
            launched.ended(math.nan)
            return
        share_machine(hydra.launcher, folder)
        try:
            run = prepare(job.config, job.choices, job.folder, job.overrides, job.plan, cache_of(folder))
            if not isinstance(run, Outcome):
                self._optimizer(run.config)
        except Exception as problem:
            job.failed(problem)
            launched.ended(problem)
            return
        if isinstance(run, Outcome):
            job.finished(run)
            launched.ended(run.objective)
        else:
            self._waiting.append(Passenger(launched, job, run))

    def run(self) -> list[Launched]:
        """Trains what was added, and hands it on to be concluded; returns the jobs that cannot be stacked."""
        if not self._waiting:
            return []
        try:
            reason = self._start(self._waiting[0].run)
        except Exception as problem:  # a model that cannot be built: the same one for all of them
            for each in self._waiting:
                self._conclusions.failed(each, problem)
            return []
        if reason:
            log.info("%d runs are trained one by one: %s", len(self._waiting), reason)
            return [each.launched for each in self._waiting]
        for stack in self._stacks():
            crew = [each for each in stack if self._boards(each)]
            if crew:
                self._conclusions.conclude(self._train(crew))
        return []

    def _start(self, run: Prepared) -> str | None:
        """Gets what all stacks share; returns why the runs cannot be stacked, or None."""
        import runner.training.runtime  # noqa: F401 - the first to load TensorFlow, for it does so quietly

        self._trainer: CompiledTrainer = build("trainer", run.config.trainer)
        with DRAWING:
            self._device = self._trainer.start(run.config.seed)
            with self._trainer.scope():
                self._network: Network = make_network(run.config, run.splits, run.dataset)
        self._weights[run.config.seed] = self._network.logits.get_weights()
        return self._trainer.reason_unsupported(self._network, self._optimizer(run.config))

    def _stacks(self) -> list[list[Passenger]]:
        from runner.training.stack import loss_key

        logits = self._network.logits
        widest = max(int(np.prod(layer.output.shape[1:])) for layer in logits.layers)
        most = self._max_stack or most_members(logits.count_params(), widest, self._trainer.settings.batch_size)
        kinds = [loss_key(each.run.loss) for each in self._waiting]
        return [[self._waiting[place] for place in places] for places in portions(kinds, most)]

    def _boards(self, passenger: Passenger) -> bool:
        """Opens the run's record; False if it is not to be trained any more, or the record cannot be opened."""
        if not passenger.job.may_start():
            passenger.launched.ended(math.nan)
            return False
        try:
            self._conclusions.open(passenger, self._device)
        except Exception as problem:
            self._conclusions.failed(passenger, problem)
            return False
        return True

    def _train(self, crew: Sequence[Passenger]) -> list[Trained]:
        """Trains runs as one stack; those that fail are over with that.

        What stops the whole stack, a loss that cannot be computed or too little memory, concerns some runs more than
        others: each half has another try by itself.
        """
        try:
            return self._train_together(crew)
        except Exception as problem:
            if len(crew) == 1:
                self._conclusions.failed(crew[0], problem)
                return []
            log.info("%d runs cannot be trained together: %s", len(crew), problem)
            middle = len(crew) // 2
            return [*self._train(crew[:middle]), *self._train(crew[middle:])]

    def _train_together(self, crew: Sequence[Passenger]) -> list[Trained]:
        from runner.evaluation import epoch_metrics

        epochs = self._trainer.settings.epochs
        with console.stack_progress(len(crew), epochs) as show:
            members = [self._member(each, show) for each in crew]
            stack = self._trainer.train_stack(self._network, members, crew[0].run.splits, epoch_metrics)
        splits = crew[0].run.splits
        logits = {id(part.inputs): stack.predict(part.inputs) for part in (splits.validation, splits.test)}
        trained = []
        for place, (passenger, training) in enumerate(zip(crew, stack.trainings, strict=True)):
            if isinstance(training, Exception):
                self._conclusions.failed(passenger, training)
                continue
            passenger.run.seconds["train"] = training.seconds
            trained.append(Trained(passenger, training, _row(logits, place), self._with_weights(passenger, training)))
        return trained

    def _member(self, passenger: Passenger, show: Callable[[int], None]) -> Member:
        from runner.training.early_stopping import EarlyStopping
        from runner.training.stack import Member

        run, recorder = passenger.run, passenger.recorder
        assert recorder is not None

        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
            recorder.epoch(epoch, metrics)
            show(epoch)

        rule = run.config.trainer.early_stopping
        stopping = EarlyStopping(**rule) if rule else None
        return Member(
            self._start_weights(run), run.loss, self._optimizer(run.config), run.config.seed, stopping, on_epoch
        )

    def _start_weights(self, run: Prepared) -> list[np.ndarray]:
        """Of the run's own seed, as `run_experiment` would draw them."""
        seed = run.config.seed
        if seed not in self._weights:
            with DRAWING, self._trainer.scope():
                self._trainer.start(seed)
                self._weights[seed] = make_network(run.config, run.splits, run.dataset).logits.get_weights()
        return self._weights[seed]

    def _optimizer(self, config: DictConfig) -> keras.optimizers.Optimizer:
        """Of the config. A stack only reads its rates, so that runs with the same ones share it."""
        key = json.dumps(OmegaConf.to_container(config.optimizer, resolve=True), default=str)
        if key not in self._optimizers:
            self._optimizers[key] = build("optimizer", config.optimizer)
        return self._optimizers[key]

    def _with_weights(self, passenger: Passenger, training: Training) -> Callable[[], Network]:
        def network() -> Network:
            run = passenger.run
            with DRAWING:
                made = make_network(run.config, run.splits, run.dataset)
            made.logits.set_weights(training.best_weights)
            return made

        return network


def _row(logits: Mapping[int, np.ndarray], place: int) -> Callable[[np.ndarray], np.ndarray]:
    """Predictions of one member, for the parts that were predicted for all."""
    return lambda inputs: logits[id(inputs)][place]
