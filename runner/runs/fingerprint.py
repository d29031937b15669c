"""By what a finished run is recognised: what it computed, not where or when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import runner

NOT_COMPUTED = ("paths", "tracking", "sweep", "comparison", "figures")
"""Groups that say where results go and what is shown of them."""
LATER: Mapping[str, Mapping[str, Any]] = {
    "dataset": {"test_path": None, "validation_path": None},
    "evaluation": {
        "calibrator": "platt",
        "guarantee": None,
        "confidence": 0.95,
        "min_recall": 0.9,
        "max_fpr": 0.1,
        "top_k": 0.05,
        "beta": 2.0,
        "threshold_probability": 0.1,
    },
    "loss": {"warmup_epochs": 0, "fpr": None, "counted": "all"},
}
"""Keys that older versions do not have, with what these did: a run that does the same is the one that they recorded."""


def fingerprint(values: Mapping[str, Any], digest: str) -> str:
    """SHA-256 of the configuration, the dataset's digest and this package's version.

    Args:
        values: `ExperimentConfig.values` of one run.
        digest: `Dataset.digest`.
    """
    computed = {key: _as_before(key, value) for key, value in values.items() if key not in NOT_COMPUTED}
    text = json.dumps([computed, digest, runner.__version__], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_before(group: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    then = LATER.get(group, {})
    return {key: inner for key, inner in value.items() if key not in then or inner != then[key]}
