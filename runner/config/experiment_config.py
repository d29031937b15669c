"""The configuration of one run below the command line: checked, resolved, typed. No OmegaConf node goes further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf

from runner.config.options import CONF
from runner.config.schemas import (
    ChecksConfig,
    ComparisonConfig,
    EvaluationConfig,
    InitConfig,
    PathsConfig,
    SweepConfig,
    TrackingConfig,
)
from runner.config.yaml_text import yaml_texts

Arguments = Mapping[str, Any]
"""`_target_` and the arguments of a group whose options may be a user's own."""

Schema = TypeVar("Schema")


@dataclass(frozen=True)
class ExperimentConfig:
    """What one run is asked to be.

    Attributes:
        values: the whole configuration as plain dicts and lists, resolved; keys that a user added are here alone.
        seed: of weights, batch order and dropout.
        objectives: the metrics that the run returns to a sweeper; one, or those of a list.
        figures: of which runs figures are kept.
        preprocessing: how numbers are rescaled.
        dataset, split, model, loss, optimizer, trainer: see `Arguments`; `split` without `_target_` is the random one.
        sampling: likewise; none where it is empty.
        evaluation, tracking, sweep, comparison, checks, paths, init: the groups whose keys are all ours.
    """

    values: Mapping[str, Any]
    seed: int
    objectives: tuple[str, ...]
    figures: str
    preprocessing: str
    dataset: Arguments
    split: Arguments
    model: Arguments
    loss: Arguments
    optimizer: Arguments
    trainer: Arguments
    evaluation: EvaluationConfig
    tracking: TrackingConfig
    sweep: SweepConfig
    comparison: ComparisonConfig
    paths: PathsConfig
    checks: ChecksConfig = field(default_factory=ChecksConfig)
    sampling: Arguments = field(default_factory=dict)
    init: InitConfig = field(default_factory=InitConfig)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> ExperimentConfig:
        """The configuration of checked plain values, as `values` has them."""
        objective = values["objective"]
        return cls(
            values=values,
            seed=values["seed"],
            objectives=tuple(objective) if isinstance(objective, list) else (objective,),
            figures=values["figures"],
            preprocessing=values["preprocessing"],
            **{group: values[group] for group in ("dataset", "split", "model", "loss", "optimizer", "trainer")},
            evaluation=_typed(EvaluationConfig, values["evaluation"]),
            tracking=_typed(TrackingConfig, values["tracking"]),
            sweep=_typed(SweepConfig, values["sweep"]),
            comparison=_typed(ComparisonConfig, values["comparison"]),
            paths=_typed(PathsConfig, values["paths"]),
            checks=_typed(ChecksConfig, values.get("checks", {})),
            sampling=values.get("sampling") or {},
            init=_typed(InitConfig, values.get("init") or {}),
        )

    @classmethod
    def read(cls, path: Path) -> ExperimentConfig:
        """The configuration of a run's config.yaml; keys that its version did not have yet are at their defaults.

        Raises:
            OSError, ValueError, KeyError: the file is not there, or is no such file.
        """
        values = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
        if not isinstance(values, dict):
            raise ValueError(f"{path} is no configuration")
        defaults = OmegaConf.to_container(OmegaConf.load(CONF / "evaluation" / "default.yaml"))
        assert isinstance(defaults, dict)
        values["evaluation"] = {**defaults, **values["evaluation"]}
        return cls.from_values({str(key): value for key, value in values.items()})

    def to_yaml(self) -> str:
        """The whole configuration as YAML."""
        return yaml_texts().of(dict(self.values))


def _typed(schema: type[Schema], values: Mapping[str, Any]) -> Schema:
    """A group as its schema; keys that a user added with + stay in `values` alone."""
    return schema(**{each.name: values[each.name] for each in fields(schema) if each.name in values})  # type: ignore[arg-type]


def typed_group(config: DictConfig, group: str, schema: type[Schema]) -> Schema:
    """One group of a composed config, resolved; for a sweep, whose config is not complete before its jobs are.

    Args:
        config: composed, with or without Hydra's node.
        group: such as `tracking`.
        schema: its class in `runner.config.schemas`.
    """
    values = OmegaConf.to_container(config[group], resolve=True)
    assert isinstance(values, dict)
    return _typed(schema, {str(key): value for key, value in values.items()})
