"""By what a finished run is recognised."""

from __future__ import annotations

import runner
from runner.runs.fingerprint import fingerprint

CONFIG = {"seed": 0, "loss": {"gamma": 2.0}, "paths": {"outputs": "here"}, "tracking": {"uri": None}, "sweep": {}}


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
