"""Where runs are recorded: plain files in the run's folder, and MLflow. The only package that imports mlflow."""

from runner.runs.folder import RunFolder
from runner.tracking.async_writer import StoreError, StoreWriter
from runner.tracking.recorder import Recorder, open_record, record
from runner.tracking.store import Store, open_store, store_of, store_uri

__all__ = [
    "Recorder",
    "RunFolder",
    "Store",
    "StoreError",
    "StoreWriter",
    "open_record",
    "open_store",
    "record",
    "store_of",
    "store_uri",
]
