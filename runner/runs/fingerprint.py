"""By what a finished run is recognised: what it computed, not where or when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import runner

NOT_COMPUTED = ("paths", "tracking", "sweep", "comparison", "checks", "figures")
"""Groups that say where results go and what is shown of them."""
LATER: Mapping[str, Mapping[str, Any]] = {
    "dataset": {
        "test_path": None,
        "validation_path": None,
        "cost_fn": None,
        "cost_fp": None,
        "gain_tp": None,
        "unlabelled": None,
        "streaming": "auto",
    },
    "evaluation": {
        "calibrator": "platt",
        "guarantee": None,
        "confidence": 0.95,
        "min_recall": 0.9,
        "max_fpr": 0.1,
        "top_k": 0.05,
        "beta": 2.0,
        "threshold_probability": 0.1,
        "groups": None,
        "importance": False,
    },
    "trainer": {"positive_share": None},
    "loss": {"warmup_epochs": 0, "fpr": None, "counted": "all", "memory": 0},
}
"""Keys that older versions do not have, with what these did: a run that does the same is the one that they recorded."""
LATER_GROUPS: Mapping[str, Mapping[str, Any]] = {"sampling": {}, "init": {"weights": None}}
"""Likewise, whole groups."""


def fingerprint(values: Mapping[str, Any], digest: str) -> str:
    """SHA-256 of the configuration, the dataset's digest and this package's version.

    Args:
        values: `ExperimentConfig.values` of one run.
        digest: `Dataset.digest`.
    """
    computed = {
        key: _as_before(key, value)
        for key, value in values.items()
        if key not in NOT_COMPUTED and not (key in LATER_GROUPS and value == LATER_GROUPS[key])
    }
    text = json.dumps([computed, digest, runner.__version__], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


EVALUATED_ALIKE = ("evaluation.bootstrap", "evaluation.importance", "split.repeats")
"""Parameters of a split and an evaluation that no metric depends on."""


def split_fingerprint(params: Mapping[str, str], digest: str) -> str:
    """SHA-256 of all that decides what a model is trained and tested on, and how its predictions are evaluated.

    Equal for runs of any loss, network and seed on one split of the data.

    Args:
        params: of a run's record, flat.
        digest: `Dataset.digest`.
    """
    groups = ("split", "preprocessing", "evaluation")
    told = {key: value for key, value in params.items() if key.partition(".")[0] in groups}
    text = json.dumps([{key: told[key] for key in told if key not in EVALUATED_ALIKE}, digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_before(group: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    then = LATER.get(group, {})
    return {key: inner for key, inner in value.items() if key not in then or inner != then[key]}
