"""Where runs are recorded: plain files in the run's folder, and MLflow. The only package that imports mlflow."""

from runner.tracking.folder import RunFolder
from runner.tracking.recording import Recorder, record
from runner.tracking.store import Store, open_store, store_of, store_uri

__all__ = ["Recorder", "RunFolder", "Store", "open_store", "record", "store_of", "store_uri"]
