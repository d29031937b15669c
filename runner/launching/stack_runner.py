"""The jobs of one group: admitted and prepared as single runs are, trained stack by stack, concluded like these.

`runner.experiment.execute` takes the same steps for one run.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from runner import evaluation, experiment, models, training
from runner.config.experiment_config import ExperimentConfig
from runner.errors import InputError
from runner.experiment.admit import admit
from runner.experiment.run import Logits, Run, TrainedRun
from runner.launching.completion import CompletionQueue, FinishedTraining
from runner.launching.grouping import most_members, portions
from runner.launching.jobs import DoneJob, LaunchedJob, StackedRun
from runner.runs.outcome import Outcome
from runner.sweeps.devices import share_machine
from runner.sweeps.job import JobRun
from runner.writing import console

log = logging.getLogger("runner")


class StackRunner:
    """Runs the jobs of one group: the same dataset, network, kind of optimizer and batches.

    Args:
        max_stack: most runs in a stack; None lets memory decide.
        queue: opens records and concludes runs.
    """

    def __init__(self, max_stack: int | None, queue: CompletionQueue) -> None:
        self._max_stack, self._queue = max_stack, queue
        self._admitted: list[StackedRun | DoneJob] = []
        self._optimizers = Optimizers()
        self._bytes_by_split: dict[str, int] = {}

    def add(self, launched: LaunchedJob, split: str) -> None:
        """Admits and prepares a job's run; a job that is refused ends here.

        One that an earlier attempt of the sweep has finished ends here too, but keeps its place: see `run`.

        Args:
            launched: the job.
            split: see `runner.launching.grouping.split_key`.
        """
        hydra = launched.config.hydra
        job = JobRun(launched.task, hydra)
        if not job.should_start():
            launched.ended(math.nan)
            return
        share_machine(hydra.launcher, job.journal.folder)
        try:
            spec = job.spec()
            admitted = admit(spec, job.resources, job.plan.done)
            self._bytes_by_split[split] = job.resources.splits(spec.config).nbytes
            if not isinstance(admitted, Outcome):
                run = experiment.prepare(admitted, job.resources)
                self._optimizers.of(run.spec.config)
        except Exception as problem:
            job.failed(problem)
            launched.ended(problem)
            return
        if isinstance(admitted, Outcome):
            job.finished(admitted)
            launched.ended(admitted.objective)
            self._admitted.append(DoneJob(launched, job, split))
        else:
            self._admitted.append(StackedRun(launched, job, split, run))

    @property
    def bytes_of_splits(self) -> int:
        """How much memory the splits of the admitted runs take; those of runs that are done count, as in `run`."""
        return sum(self._bytes_by_split.values())

    def run(self) -> list[LaunchedJob]:
        """Trains what was added, and hands it on to be concluded; returns the jobs that cannot be stacked.

        The last digits of a run depend on how many share its stack. So that a resumed sweep has the digits of one that
        was never interrupted, its stacks are those of the whole sweep: one that lacks a run is trained whole, and what
        had been finished of it is not recorded again.
        """
        waiting = [each for each in self._admitted if isinstance(each, StackedRun)]
        if not waiting:
            return []
        try:
            trainer = StackTrainer(waiting[0], self._optimizers)
            reason = trainer.reason_unsupported
        except Exception as problem:  # a model that cannot be built: the same one for all of them
            for each in waiting:
                self._queue.fail(each, problem)
            return []
        if reason:
            log.info("%d runs are trained one by one: %s", len(waiting), reason)
            return [each.launched for each in waiting]
        fitting = [each for each in self._admitted if isinstance(each, DoneJob) or self._fits(each, trainer)]
        runs = [each if isinstance(each, StackedRun) else self._again(each) for each in fitting]
        for members in trainer.stacks(runs, self._max_stack):
            whole = [each for each in members if each.repeated or self._open(each, trainer.device)]
            done = sum(each.repeated for each in whole)
            if done == len(whole):
                continue
            if done:
                log.info("%d of %d are done and recorded: trained once more, for the others' digits", done, len(whole))
            self._queue.conclude(self._train(trainer, whole))
        return []

    def _fits(self, stacked: StackedRun, trainer: StackTrainer) -> bool:
        """Whether the weights that a run starts from fit the network; a run whose weights do not ends here."""
        try:
            trainer.check_first_weights(stacked)
        except InputError as problem:
            self._queue.fail(stacked, problem)
            return False
        return True

    def _again(self, done: DoneJob) -> StackedRun:
        """The run of a job that is done already, to be trained once more for the sake of the others."""
        admitted = admit(done.job.spec(), done.job.resources)
        assert not isinstance(admitted, Outcome)
        run = experiment.prepare(admitted, done.job.resources)
        return StackedRun(done.launched, done.job, done.split, run, repeated=True)

    def _open(self, stacked: StackedRun, device: str) -> bool:
        """Opens the run's record; False if it is not to be trained any more, or the record cannot be opened."""
        if not stacked.job.should_start():
            stacked.launched.ended(math.nan)
            return False
        try:
            self._queue.open(stacked, device)
        except Exception as problem:
            self._queue.fail(stacked, problem)
            return False
        return True

    def _train(self, trainer: StackTrainer, members: Sequence[StackedRun]) -> list[FinishedTraining]:
        """The runs of one stack that were trained; those that fail end here.

        What stops the whole stack, a loss that cannot be computed or too little memory, concerns some runs more than
        others: each half has another try by itself.
        """
        try:
            results = trainer.train(members)
        except Exception as problem:
            if len(members) == 1:
                if not members[0].repeated:
                    self._queue.fail(members[0], problem)
                return []
            log.info("%d runs cannot be trained together: %s", len(members), problem)
            middle = len(members) // 2
            return [*self._train(trainer, members[:middle]), *self._train(trainer, members[middle:])]
        finished = []
        for stacked, result in zip(members, results, strict=True):
            if stacked.repeated:
                continue
            if isinstance(result, Exception):
                self._queue.fail(stacked, result)
            else:
                finished.append(FinishedTraining(stacked, result))
        return finished


class Optimizers:
    """The optimizers of a group. A stack only reads their rates, so that runs with equal ones share one."""

    def __init__(self) -> None:
        self._by_config: dict[str, Any] = {}

    def of(self, config: ExperimentConfig) -> Any:
        """The keras.optimizers.Optimizer of a config.

        Raises:
            InputError: there is no such optimizer, or it refuses its arguments.
        """
        key = json.dumps(config.optimizer, default=str)
        if key not in self._by_config:
            self._by_config[key] = experiment.make_optimizer(config)
        return self._by_config[key]


class StackTrainer:
    """Trains the stacks of one group.

    Args:
        first: any of the group, for what all have in common.
        optimizers: of the group.

    Attributes:
        device: in words.

    Raises:
        InputError: the model cannot be built, or the device is not there.
    """

    def __init__(self, first: StackedRun, optimizers: Optimizers) -> None:
        run = first.run
        config = run.spec.config
        self._optimizers = optimizers
        trainer = experiment.make_trainer(config)
        assert isinstance(trainer, training.CompiledTrainer)  # as the key of the group says
        self._trainer = trainer
        with experiment.initializer_lock:
            self.device = self._trainer.start(config.seed)
            with self._trainer.scope():
                self._network = experiment.make_network(config, run.splits, run.dataset)
        self._weights = {(first.split, config.seed): self._network.logits.get_weights()}
        self._optimizer = optimizers.of(config)

    @property
    def reason_unsupported(self) -> str | None:
        """Why the runs cannot be stacked, in words; None if they can."""
        return self._trainer.reason_unsupported(self._network, self._optimizer)

    def check_first_weights(self, stacked: StackedRun) -> None:
        """Refuses the weights that a run starts from, if they are of another network.

        Raises:
            InputError: they do not fit.
        """
        if stacked.run.initial is not None:
            stacked.run.initial.check(self._network.logits.get_weights())

    def stacks(self, runs: Sequence[StackedRun], max_stack: int | None) -> list[list[StackedRun]]:
        """The runs, divided into stacks.

        Args:
            runs: of the group.
            max_stack: most runs in a stack; None lets memory decide.
        """
        network, batch_size = self._network.logits, self._trainer.settings.batch_size
        widest = max(int(np.prod(layer.output.shape[1:])) for layer in network.layers)
        most = max_stack or most_members(network.count_params(), widest, batch_size)
        # Folds and splits share a stack where they make as many batches.
        alike: dict[object, list[StackedRun]] = {}
        for each in runs:
            alike.setdefault(training.batches_key(each.run.splits.train, batch_size), []).append(each)
        stacks: list[list[StackedRun]] = []
        for members in alike.values():
            keys = [training.loss_key(each.run.loss) for each in members]
            stacks += [[members[index] for index in indices] for indices in portions(keys, most)]
        return stacks

    def train(self, members: Sequence[StackedRun]) -> list[TrainedRun | Exception]:
        """Trains runs as one stack; returns for each what training left of it, or why it failed."""
        by_split = {each.split: each.run.splits for each in members}
        places, splits = {split: place for place, split in enumerate(by_split)}, list(by_split.values())
        with console.stack_progress(len(members), self._trainer.settings.epochs) as show:
            of_stack = [self._member(each, places[each.split], show) for each in members]
            stack = self._trainer.train_stack(self._network, of_stack, splits, evaluation.epoch_metrics)
        validation = stack.predict.of_own([each.validation.inputs for each in splits])
        test = stack.predict.of_own([each.test.inputs for each in splits])
        results: list[TrainedRun | Exception] = []
        for index, (stacked, done) in enumerate(zip(members, stack.trainings, strict=True)):
            if isinstance(done, Exception):
                results.append(done)
                continue
            run = stacked.run
            run.seconds.by_step["train"] = done.seconds
            logits = Logits(validation[index], test[index])
            results.append(TrainedRun(run, done, logits, _network_maker(run, done)))
        return results

    def _member(self, stacked: StackedRun, split: int, show: Callable[[int], None]) -> training.Member:
        run, recorder = stacked.run, stacked.recorder

        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> bool:
            if recorder is not None:
                recorder.log_epoch(epoch, metrics)
            show(epoch)
            return run.spec.prune is not None and run.spec.prune(epoch, metrics)

        config = run.spec.config
        rule = config.trainer.get("early_stopping")
        stopping = training.EarlyStopping(**rule) if rule else None
        weights, optimizer = self._first_weights(stacked), self._optimizers.of(config)
        return training.Member(weights, run.loss, optimizer, config.seed, stopping, on_epoch, split)

    def _first_weights(self, stacked: StackedRun) -> list[np.ndarray]:
        """The weights of the run's own seed, as a single run would draw them; the bias may be that of its split.

        Or those that its config names.
        """
        run = stacked.run
        if run.initial is not None:
            return list(run.initial.values)
        config = run.spec.config
        key = stacked.split, config.seed
        if key not in self._weights:
            with experiment.initializer_lock, self._trainer.scope():
                self._trainer.start(config.seed)
                network = experiment.make_network(config, run.splits, run.dataset)
            self._weights[key] = network.logits.get_weights()
        return self._weights[key]


def _network_maker(run: Run, done: training.Training) -> Callable[[], models.Network]:
    """What makes the trained network of a run, for the model that is packed of it."""

    def network() -> models.Network:
        with experiment.initializer_lock:
            made = experiment.make_network(run.spec.config, run.splits, run.dataset)
        made.logits.set_weights(done.best_weights)
        return made

    return network
