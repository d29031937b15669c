"""By what a finished run is recognised: what it computed, not where or when."""

from __future__ import annotations

import hashlib
import json

from omegaconf import DictConfig, OmegaConf

import runner

ELSEWHERE = (
    "paths",
    "tracking",
    "sweep",
    "comparison",
    "figures",
)  # what changes where results go and what is shown of them

FINGERPRINT_TAG = "fingerprint"  # the MLflow tag it is kept under


def fingerprint(config: DictConfig, digest: str) -> str:
    """SHA-256 of the resolved config, the dataset's digest and this package's version.

    Args:
        config: the composed config of one run.
        digest: `Dataset.digest`.
    """
    values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    computed = {key: value for key, value in values.items() if key not in ELSEWHERE}
    said = json.dumps([computed, digest, runner.__version__], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()
