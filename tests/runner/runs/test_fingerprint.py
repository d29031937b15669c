"""By what a finished run is recognised."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import runner
from runner.config import schemas
from runner.config.experiment_config import ExperimentConfig
from runner.config.options import CONF
from runner.runs.fingerprint import fingerprint

CONFIG = {"seed": 0, "loss": {"gamma": 2.0}, "paths": {"outputs": "here"}, "tracking": {"uri": None}, "sweep": {}}

EARLIER = {
    "dataset=page_blocks": "d7a4c13a443b027181095497bd4e6fa6f290962d640fca67850bb1d89a1fec3f",
    "dataset=file dataset.path=a.csv dataset.target=y": "e037c5bc25658573c3e9a72e0294bc4ff3bbf710d4c21ff14e8a98357c22ed0e",  # noqa: E501
    "loss=smooth_ap": "89ca24dee5bfdf7b27ed36a6cffd5f8c196c95ba2206c176308bec9a16fc165d",
    "split=kfold": "1cc1867b3fc6ba6b8c203afe83a266baa5eaf6b4a016965e2262393552141a24",
}
"""What these overrides had in November 2026, before `dataset.streaming` and others; without the package's version."""


def test_a_fingerprint_is_of_what_is_computed_and_not_of_where(monkeypatch):
    mark = fingerprint(CONFIG, "digest")

    assert mark == fingerprint({**CONFIG, "paths": {"outputs": "there"}}, "digest")
    assert mark == fingerprint({**CONFIG, "sweep": {"resume": True}}, "digest")
    assert mark != fingerprint({**CONFIG, "seed": 1}, "digest")
    assert mark != fingerprint({**CONFIG, "loss": {"gamma": 1.0}}, "digest")
    assert mark != fingerprint(CONFIG, "other data")
    dataset = {"path": "a.csv", "group": None}
    mark = fingerprint({**CONFIG, "dataset": dataset}, "digest")
    assert mark == fingerprint({**CONFIG, "dataset": {**dataset, "test_path": None}}, "digest")  # of older versions
    assert mark != fingerprint({**CONFIG, "dataset": {**dataset, "test_path": "b.csv"}}, "digest")
    evaluation = {"threshold": "max_f1"}
    mark = fingerprint({**CONFIG, "evaluation": evaluation}, "digest")
    assert mark == fingerprint(
        {**CONFIG, "evaluation": {**evaluation, "calibrator": "platt", "top_k": 0.05, "guarantee": None}}, "digest"
    )
    assert mark != fingerprint({**CONFIG, "evaluation": {**evaluation, "calibrator": "auto"}}, "digest")
    mark = fingerprint(CONFIG, "digest")
    assert mark == fingerprint({**CONFIG, "loss": {"gamma": 2.0, "warmup_epochs": 0}}, "digest")
    assert mark != fingerprint({**CONFIG, "loss": {"gamma": 2.0, "warmup_epochs": 3}}, "digest")
    assert mark == fingerprint({**CONFIG, "sampling": {}}, "digest")
    assert mark != fingerprint({**CONFIG, "sampling": {"_target_": "runner.data.Smote"}}, "digest")
    assert mark == fingerprint({**CONFIG, "init": {"weights": None}}, "digest")
    assert mark != fingerprint({**CONFIG, "init": {"weights": "abc"}}, "digest")
    monkeypatch.setattr(runner, "__version__", "9.9")
    assert mark != fingerprint(CONFIG, "digest")


@pytest.mark.parametrize("overrides", EARLIER)
def test_runs_of_an_earlier_version_are_recognised(overrides, monkeypatch):
    """A new key needs its line in LATER, or a resumed sweep trains all over again."""
    monkeypatch.setattr(runner, "__version__", "0")
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_container(compose("config", overrides.split()), resolve=False)
    assert isinstance(config, dict)
    values = ExperimentConfig.from_values({str(key): value for key, value in config.items()}).values
    assert fingerprint(values, "d") == EARLIER[overrides]
