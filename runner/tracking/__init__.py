"""Where runs are recorded: plain files in the run's folder, and MLflow. The only package that imports mlflow."""

from runner.tracking.folder import RunFolder
from runner.tracking.recording import Recorder, open_record, record
from runner.tracking.store import Store, open_store, store_of, store_uri
from runner.tracking.writer import StoreError, StoreWriter

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
