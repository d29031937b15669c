"""Addresses within MLflow's UI, relative to its page, for whoever serves it and under whatever address."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def artifact_page(experiment_id: str, run_id: str, path: str) -> str:
    """The page that shows an artifact of a run."""
    return f"#/experiments/{experiment_id}/runs/{run_id}/artifacts/{quote(path)}"


def artifact_file(run_id: str, path: str) -> str:
    """The artifact itself, such as an image in a note."""
    return f"get-artifact?{urlencode({'path': path, 'run_uuid': run_id})}"
