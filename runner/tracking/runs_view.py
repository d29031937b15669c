"""How MLflow's list of runs should look: a shared view, which its UI keeps as a tag of the experiment.

Left to itself the list shows names, times and sources, and none of the numbers one compares runs by.
"""

from __future__ import annotations

import json

from runner.tracking import names

KEY = "imbalance-runner"
TAG = f"mlflow.sharedViewState.{KEY}"
COLUMNS = (
    "attributes.`Created`",
    "attributes.`Duration`",
    "params.`loss`",
    "params.`seed`",
    "params.`split.seed`",
    "metrics.`test/average_precision`",
    "metrics.`test/roc_auc`",
    "metrics.`test/mcc`",
    "metrics.`test/log_loss`",
    f"tags.`{names.DATASET_NAME}`",
    f"tags.`{names.SWEEP_PROGRESS}`",
    f"tags.`{names.VERDICT}`",
)
TAGS = {
    TAG: json.dumps(
        {"selectedColumns": COLUMNS, "orderByKey": "attributes.start_time", "orderByAsc": False}, sort_keys=True
    )
}


def runs_page(address: str, experiment_id: str) -> str:
    """The address of the list of runs in this view.

    Args:
        address: of the MLflow server, without a slash at its end.
        experiment_id: whose runs.
    """
    return f"{address}/#/experiments/{experiment_id}/runs?viewStateShareKey={KEY}"
