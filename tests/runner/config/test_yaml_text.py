"""A run's config.yaml is what OmegaConf would write, and is read back as it was."""

from __future__ import annotations

import math

import pytest
from omegaconf import OmegaConf

from runner.config.yaml_text import yaml_texts

VALUES = {
    "loss": {"_target_": "losses.FocalLoss", "gamma": 2.0, "alpha": None, "name": "1e3", "off": "no"},
    "dataset": {"columns": ["a b", "1", "é", "x: y"], "weights": [[1, 2], [], [{"k": -0.0}]], "empty": {}},
    "epochs": 5,
    "rate": 1e-05,
    "bound": math.inf,
    "note": "a long text, " * 20,
}


@pytest.mark.parametrize("changed", [{}, {"epochs": 5.0}, {"epochs": True}, {"epochs": "5"}, {"rate": -0.0}])
def test_texts_that_are_known_from_another_configuration_are_not_mixed_up(changed):
    yaml_texts().of(VALUES)
    text = yaml_texts().of(VALUES | changed)
    assert text == OmegaConf.to_yaml(OmegaConf.create(VALUES | changed))
    assert repr(OmegaConf.to_container(OmegaConf.create(text))) == repr(VALUES | changed)
