"""The machine's use, recorded beside a run's own metrics."""

from __future__ import annotations

# MLflow's public switch, `enable_system_metrics_logging`, follows its active run, and ours are never active.
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor


def start_monitor(run_id: str, uri: str) -> SystemMetricsMonitor:
    """A running monitor, to be ended by its `finish()`.

    Args:
        run_id: of the MLflow run.
        uri: of its store.
    """
    monitor = SystemMetricsMonitor(run_id, tracking_uri=uri)
    monitor.start()
    return monitor
