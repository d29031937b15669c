"""Checks of a composed config that types alone cannot make: ranges, and parts that must fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from losses.catalogue import CATALOGUE, check_arguments
from losses.domains import some_of
from runner.config.experiment_config import ExperimentConfig
from runner.config.fold_sweeps import ALL
from runner.config.schemas import ENSEMBLES, REFERENCES, ComparisonConfig
from runner.errors import InputError
from runner.metrics import OBJECTIVES
from runner.terms.promises import promises
from runner.writing.wording import closest, override


def load(config: DictConfig) -> ExperimentConfig:
    """The typed configuration of a run, checked: see `check`.

    Args:
        config: composed, without Hydra's node.

    Raises:
        InputError: names the key, its value, and what is expected.
    """
    return ExperimentConfig.from_values(check(config))


def check(config: DictConfig) -> dict[str, Any]:
    """The values of a config, resolved, as plain dicts and lists; refuses what types alone cannot.

    That is missing values, numbers out of range, parts that do not fit together.

    Args:
        config: composed, without Hydra's node.

    Raises:
        InputError: names the key, its value, and what is expected.
    """
    try:
        for key in sorted(OmegaConf.missing_keys(config)):
            raise InputError(f"{key} has no value: give it one on the command line, as {key}=...")
        values = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as problem:
        raise InputError(f"{problem.full_key}: {str(problem).splitlines()[0]}") from problem
    for group in ("dataset", "split", "model", "loss", "optimizer", "trainer"):
        if not OmegaConf.is_dict(config[group]):
            raise InputError(f"{group}={config[group]}: a run needs one; `python -m runner --help` lists them")
    if config.split.get("fold") == ALL:
        raise InputError(
            f"split.fold={ALL}: stands for the folds of a sweep that lists its runs: add -m, and no search; one run "
            "has one of them, as split.fold=0"
        )
    _check_ranges(config, "")
    _check_loss(config.loss)
    _check_shares(config.split)
    _check_test_files(config)
    _check_early_stopping(config.trainer)
    cost = config.evaluation
    if cost.threshold == "cost" and cost.cost_fp + cost.cost_fn == 0:
        raise InputError("evaluation.cost_fp and evaluation.cost_fn are both 0: at least one error must cost something")
    if cost.top_k > 1 and cost.top_k % 1:
        raise InputError(
            f"evaluation.top_k={cost.top_k:g} is neither a share of the rows, below 1, nor a whole number of them"
        )
    _check_guarantee(values)
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def objectives_of(config: DictConfig) -> tuple[str, ...]:
    """The metrics that a run returns to a sweeper: one, or those of a list.

    Args:
        config: of a run or a sweep, checked or not.

    Raises:
        InputError: one of them is no objective, or there is none.
    """
    value: Any = config.objective
    if OmegaConf.is_config(value):
        value = OmegaConf.to_container(value)
    if expected := some_of(*OBJECTIVES).violation(value):
        raise InputError(f"objective must be {expected}. Received: objective={value}")
    return tuple(value) if isinstance(value, list) else (value,)


def references_of(comparison: ComparisonConfig) -> tuple[str, ...]:
    """The references that a sweep is to be measured against.

    Raises:
        InputError: one of them is not known.
    """
    return _some("comparison.references", comparison.references, REFERENCES)


def ensembles_of(comparison: ComparisonConfig) -> tuple[str, ...]:
    """The ensembles that a sweep's report is to have.

    Raises:
        InputError: one of them is not known.
    """
    return _some("comparison.ensembles", comparison.ensembles, ENSEMBLES)


def _some(key: str, value: Any, options: Sequence[str]) -> tuple[str, ...]:
    if expected := some_of(*options, or_none=True).violation(value):
        raise InputError(f"{key} must be {expected}. Received: {key}={value}")
    if value is None or value == "none":
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def check_batches(trainer: Mapping[str, Any], rows: int, positives: int) -> None:
    """Refuses stratified batches where there are more batches than positives, or where their share is given.

    Args:
        trainer: the trainer's arguments.
        rows, positives: of the training part.

    Raises:
        InputError: names the smallest batch size that works, or the other key.
    """
    if not trainer.get("stratified_batches"):
        return
    if trainer.get("positive_share") is not None:
        raise InputError(
            f"trainer.stratified_batches=true: every batch has trainer.positive_share={trainer['positive_share']} of "
            "positives already: leave one of the two out"
        )
    size = trainer["batch_size"]
    batches = -(-rows // size)
    if batches > positives:
        raise InputError(
            f"trainer.stratified_batches=true: {positives} positives cannot reach all {batches} batches "
            f"of trainer.batch_size={size}; use {override('trainer.batch_size', -(-rows // positives))} or more"
        )


def check_streamed(sampling: Mapping[str, Any], trainer: Mapping[str, Any]) -> None:
    """Refuses what needs all training rows at once, where they are streamed.

    Args:
        sampling, trainer: the arguments of both.

    Raises:
        InputError: names the key, and what does instead.
    """
    whole = "needs all training rows at once, and this table is streamed"
    if sampling:
        raise InputError(
            f"sampling={str(sampling.get('_target_')).rpartition('.')[2].lower()}: {whole}: choose sampling=none with a"
            " weighted loss, as loss=weighted, or dataset.streaming=false where memory allows"
        )
    for key in ("stratified_batches", "positive_share"):
        if trainer.get(key) in (None, False):
            continue
        raise InputError(
            f"trainer.{key}={str(trainer[key]).lower()}: {whole}: leave it out and take larger batches, as"
            " trainer.batch_size=4096, or dataset.streaming=false where memory allows"
        )


def _check_ranges(node: DictConfig, path: str) -> None:
    schema = OmegaConf.get_type(node)
    if is_dataclass(schema):
        for each in fields(schema):
            domain = each.metadata.get("domain")
            value: Any = node[each.name]
            if OmegaConf.is_list(value):
                value = OmegaConf.to_container(value)
            expected = domain.violation(value) if domain else None
            if expected:
                raise InputError(f"{path}{each.name} must be {expected}. Received: {path}{each.name}={value}")
    for key, value in node.items():
        if OmegaConf.is_dict(value):
            _check_ranges(value, f"{path}{key!s}.")


def _check_guarantee(values: Any) -> None:
    wanted = values["evaluation"]["guarantee"]
    if wanted is None:
        return
    try:
        promises(wanted)
    except (ValueError, TypeError) as problem:
        right = """'evaluation.guarantee="recall>=0.9"'"""
        raise InputError(f"evaluation.guarantee={wanted}: {problem}; it is written {right}") from problem


def _check_shares(split: DictConfig) -> None:
    """Shares of all rows; those of the splits that are named by a `_target_` are shares of what is left."""
    if split.get("_target_") is None and split.validation + split.test >= 1:
        raise InputError(
            f"split.validation={split.validation} and split.test={split.test} leave no rows to train on: "
            "together they must stay below 1"
        )


def _check_test_files(config: DictConfig) -> None:
    """Refuses files of test rows for a split that would not go by them."""
    split, path = str(config.split.get("_target_", "runner.data.RandomSplit")), config.dataset.get("test_path")
    if path is not None and split.startswith("runner.data.") and split != "runner.data.GivenSplit":
        raise InputError(f"dataset.test_path={path} says which rows are the test: choose split=given, or leave it out")


def _check_loss(loss: DictConfig) -> None:
    target = loss.get("_target_") if OmegaConf.is_dict(loss) else None
    if not isinstance(target, str):
        raise InputError("loss has no _target_: a loss option names its class, as _target_: losses.FocalLoss")
    package, _, name = target.rpartition(".")
    if package == "losses" and name not in CATALOGUE:
        near = closest(name, CATALOGUE) or sorted(CATALOGUE)
        right = override("loss._target_", f"losses.{near[0]}")
        raise InputError(f"loss._target_={target}: there is no such loss; did you mean {right}?")
    values = OmegaConf.to_container(loss, resolve=True)
    assert isinstance(values, dict)
    try:
        check_arguments(name if package == "losses" else "", {str(key): value for key, value in values.items()})
    except ValueError as problem:
        raise InputError(f"loss: {problem}") from problem


def _check_early_stopping(trainer: DictConfig) -> None:
    stopping = trainer.get("early_stopping")
    if stopping is None:
        return
    right = "min" if stopping.monitor in ("val/loss", "val/log_loss") else "max"
    if stopping.mode != right:
        raise InputError(
            f"trainer.early_stopping.mode={stopping.mode} keeps the worst epoch of {stopping.monitor}: "
            f"use {override('trainer.early_stopping.mode', right)}"
        )
