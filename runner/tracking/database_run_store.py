"""Runs in a database, written as the rows that MLflow's client would write, for many runs in one transaction.

The client asks the database dozens of times for each run, which takes some 50 ms of CPU that training lacks.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy
from mlflow.entities import DatasetInput, Metric
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.tracking.dbmodels import models
from mlflow.utils.uri import append_to_uri_path
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from runner.tracking import names
from runner.tracking.model_package import log_model
from runner.tracking.recorder import ModelPackage, StoreError
from runner.tracking.run_store import CreatedRun, NewRun, reason_tags
from runner.tracking.store import Store

KNOWN_REVISIONS = frozenset({"dc11669786a5"})
"""Of MLflow's database schema, those for which the rows are known to be the client's: MLflow 3.17."""

LOCK_SECONDS = 60.0  # that another process may take to write
LARGEST = 1.7976931348623157e308  # which MLflow writes for infinity

_EXPERIMENTS, _RUNS = models.SqlExperiment.__table__, models.SqlRun.__table__
_TAGS, _PARAMS = models.SqlTag.__table__, models.SqlParam.__table__
_METRICS, _LATEST = models.SqlMetric.__table__, models.SqlLatestMetric.__table__
_DATASETS, _INPUTS = models.SqlDataset.__table__, models.SqlInput.__table__
_INPUT_TAGS = models.SqlInputTag.__table__

Row = dict[str, Any]


@dataclass
class _Waiting:
    """What is to be written of one run.

    Attributes:
        new: the run, where it is to be created.
        began: milliseconds since 1970.
        artifact_uri: of a new run.
        metrics, tags: values.
        ending: status and time of a run that ends.
    """

    new: NewRun | None = None
    began: int = 0
    artifact_uri: str = ""
    metrics: list[Metric] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    ending: tuple[str, int] | None = None


class DatabaseRunStore:
    """Keeps rows until `commit`, which writes those of all runs together, or of none.

    Where the rows of one run cannot be written, those of the others are.

    Args:
        store: in a database whose schema is known: see `knows`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._experiment_id = int(store.experiment_id)
        self._engine = _engine(store.uri)
        self._waiting: dict[str, _Waiting] = {}
        self._latest: dict[str, dict[str, Row]] = {}  # what MLflow keeps of each metric of a run under way
        with self._engine.connect() as connection:
            place = select(_EXPERIMENTS.c.artifact_location).where(_EXPERIMENTS.c.experiment_id == self._experiment_id)
            self._artifacts = str(connection.execute(place).scalar_one())

    def create(self, run: NewRun) -> CreatedRun:
        """See `RunStore`."""
        run_id = uuid.uuid4().hex
        artifact_uri = append_to_uri_path(self._artifacts, run_id, "artifacts")
        self._waiting[run_id] = _Waiting(run, _now(), artifact_uri)
        self._latest[run_id] = {}
        return CreatedRun(run_id, artifact_uri)

    def write(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        """See `RunStore`."""
        waiting = self._waiting.setdefault(run_id, _Waiting())
        waiting.metrics += metrics
        waiting.tags.update({key: value[: names.TAG_LENGTH] for key, value in tags.items()})

    def log_artifacts(self, run: CreatedRun, paths: Sequence[Path]) -> None:
        """See `RunStore`."""
        repository = get_artifact_repository(run.artifact_uri)
        for path in paths:
            if path.is_dir():
                repository.log_artifacts(str(path), path.name)
            elif path.exists():
                repository.log_artifact(str(path))

    def log_model(self, run: CreatedRun, package: ModelPackage) -> None:
        """See `RunStore`."""
        log_model(self._store, run.run_id, package)

    def known_id(self, run_id: str) -> str:
        """See `RunStore`."""
        return run_id

    def end(self, run_id: str, status: str, reason: str = "") -> None:
        """See `RunStore`."""
        self.write(run_id, [], reason_tags(status, reason) if reason else {})
        self._waiting[run_id].ending = (status, _now())

    def commit(self) -> Mapping[str, Exception]:
        """See `RunStore`."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return {}
        try:
            self._write(waiting)
        except OperationalError as problem:  # the database, and not what one run would have in it
            return dict.fromkeys(waiting, problem)
        except (SQLAlchemyError, StoreError) as problem:
            if len(waiting) == 1:
                return dict.fromkeys(waiting, problem)
            errors: dict[str, Exception] = {}
            for run_id, own in waiting.items():
                try:
                    self._write({run_id: own})
                except (SQLAlchemyError, StoreError) as of_this:
                    errors[run_id] = of_this
            return errors
        return {}

    def close(self) -> None:
        """See `RunStore`."""
        self._engine.dispose()

    def _write(self, waiting: Mapping[str, _Waiting]) -> None:
        """Writes the rows of some runs in one transaction.

        Raises:
            SQLAlchemyError: nothing was written.
            StoreError: neither; the experiment or a run has been deleted.
        """
        new = {run_id: own for run_id, own in waiting.items() if own.new is not None}
        latest = {run_id: self._newer(run_id, own.metrics) for run_id, own in waiting.items()}
        with self._engine.begin() as connection:
            self._refuse_deleted(connection, [run_id for run_id in waiting if run_id not in new], bool(new))
            self._create(connection, new)
            tags = [
                {"run": run_id, "name": key, "run_uuid": run_id, "key": key, "value": value}
                for run_id, own in waiting.items()
                for key, value in own.tags.items()
            ]
            if tags:
                here = (_TAGS.c.run_uuid == bindparam("run"), _TAGS.c.key == bindparam("name"))
                connection.execute(
                    delete(_TAGS).where(*here), [{"run": tag["run"], "name": tag["name"]} for tag in tags]
                )
            _insert(connection, _TAGS, ({name: tag[name] for name in ("run_uuid", "key", "value")} for tag in tags))
            rows = (_row(run_id, each) for run_id, own in waiting.items() for each in own.metrics)
            _insert(connection, _METRICS, rows, may_be_there=True)
            self._write_latest(connection, latest)
            endings = [
                {"run": run_id, "status": own.ending[0], "end_time": own.ending[1]}
                for run_id, own in waiting.items()
                if own.ending is not None
            ]
            if endings:
                connection.execute(update(_RUNS).where(_RUNS.c.run_uuid == bindparam("run")), endings)
        for run_id, own in waiting.items():
            self._latest.setdefault(run_id, {}).update(latest[run_id])
            if own.ending is not None:
                del self._latest[run_id]

    def _refuse_deleted(self, connection: Connection, open_runs: Sequence[str], creates: bool) -> None:
        if creates:
            stage = select(_EXPERIMENTS.c.lifecycle_stage).where(_EXPERIMENTS.c.experiment_id == self._experiment_id)
            if connection.execute(stage).scalar() != "active":
                raise StoreError("the experiment has been deleted")
        here = select(_RUNS.c.run_uuid).where(_RUNS.c.run_uuid.in_(open_runs), _RUNS.c.lifecycle_stage == "active")
        if open_runs and len(connection.execute(here).all()) < len(open_runs):
            raise StoreError("the run has been deleted")

    def _create(self, connection: Connection, new: Mapping[str, _Waiting]) -> None:
        runs, tags, params, inputs, contexts = [], [], [], [], []
        datasets: dict[str, str] = {}
        for run_id, own in new.items():
            run = own.new
            assert run is not None
            runs.append(self._run_row(run_id, own, run))
            named = {**run.tags, "mlflow.runName": run.name}
            tags += [{"run_uuid": run_id, "key": key, "value": value} for key, value in named.items()]
            params += [{"run_uuid": run_id, "key": key, "value": value} for key, value in run.params.items()]
            digest = run.dataset.dataset.digest
            if digest not in datasets:
                datasets[digest] = self._dataset(connection, run.dataset)
            key = uuid.uuid4().hex
            inputs.append(
                {
                    "input_uuid": key,
                    "source_type": "DATASET",
                    "source_id": datasets[digest],
                    "destination_type": "RUN",
                    "destination_id": run_id,
                    "step": 0,
                }
            )
            contexts += [{"input_uuid": key, "name": tag.key, "value": tag.value} for tag in run.dataset.tags]
        for table, rows in (
            (_RUNS, runs),
            (_TAGS, tags),
            (_PARAMS, params),
            (_INPUTS, inputs),
            (_INPUT_TAGS, contexts),
        ):
            _insert(connection, table, rows)

    def _run_row(self, run_id: str, own: _Waiting, run: NewRun) -> Row:
        return {
            "run_uuid": run_id,
            "name": run.name,
            "source_type": "UNKNOWN",
            "source_name": "",
            "entry_point_name": "",
            "user_id": run.tags.get(names.USER, "unknown"),
            "status": "RUNNING",
            "start_time": own.began,
            "end_time": None,
            "deleted_time": None,
            "source_version": "",
            "lifecycle_stage": "active",
            "artifact_uri": own.artifact_uri,
            "experiment_id": self._experiment_id,
        }

    def _dataset(self, connection: Connection, described: DatasetInput) -> str:
        """The dataset's id, which it is given when it is first used in the experiment."""
        dataset = described.dataset
        row = {
            "dataset_uuid": uuid.uuid4().hex,
            "experiment_id": self._experiment_id,
            "name": dataset.name,
            "digest": dataset.digest,
            "dataset_source_type": dataset.source_type,
            "dataset_source": dataset.source,
            "dataset_schema": dataset.schema,
            "dataset_profile": dataset.profile,
        }
        _insert(connection, _DATASETS, [row], may_be_there=True)
        here = select(_DATASETS.c.dataset_uuid).filter_by(
            experiment_id=self._experiment_id, name=dataset.name, digest=dataset.digest
        )
        return str(connection.execute(here).scalar_one())

    def _newer(self, run_id: str, metrics: Iterable[Metric]) -> dict[str, Row]:
        """Of each metric the value that MLflow shows from now on: of the highest step, and of one step the latest."""
        newer: dict[str, Row] = {}
        before = self._latest.get(run_id, {})
        for metric in metrics:
            row = _row(run_id, metric)
            shown = newer.get(metric.key) or before.get(metric.key)
            if shown is None or _order(row) > _order(shown):
                newer[metric.key] = row
        return newer

    def _write_latest(self, connection: Connection, latest: Mapping[str, Mapping[str, Row]]) -> None:
        rows = [
            (row, key in self._latest.get(run_id, {})) for run_id, own in latest.items() for key, row in own.items()
        ]
        _insert(connection, _LATEST, (row for row, known in rows if not known))
        known = [{**row, "run": row["run_uuid"], "name": row["key"]} for row, known in rows if known]
        if known:
            here = (_LATEST.c.run_uuid == bindparam("run"), _LATEST.c.key == bindparam("name"))
            connection.execute(update(_LATEST).where(*here), known)


def knows(uri: str) -> bool:
    """Whether a store is a database in which the rows are known.

    Args:
        uri: of a store that is there.
    """
    if not uri.startswith(("sqlite:", "postgresql", "mysql")):
        return False
    engine = _engine(uri)
    try:
        with engine.connect() as connection:
            found = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()
    return found in KNOWN_REVISIONS


def _engine(uri: str) -> sqlalchemy.Engine:
    engine = sqlalchemy.create_engine(uri, connect_args={"timeout": LOCK_SECONDS} if uri.startswith("sqlite:") else {})
    if engine.dialect.name == "sqlite":

        @sqlalchemy.event.listens_for(engine, "connect")
        def check_references(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _insert(connection: Connection, table: Any, rows: Iterable[Row], *, may_be_there: bool = False) -> None:
    """Inserts rows; those that are there already stay, or are an error."""
    rows = list(rows)
    if not rows:
        return
    statement: Any = insert(table)
    if may_be_there and connection.dialect.name == "sqlite":
        statement = sqlite.insert(table).on_conflict_do_nothing()
    elif may_be_there and connection.dialect.name == "postgresql":
        statement = postgresql.insert(table).on_conflict_do_nothing()
    elif may_be_there:
        statement = statement.prefix_with("IGNORE", dialect="mysql")
    connection.execute(statement, rows)


def _row(run_id: str, metric: Metric) -> Row:
    """A metric's row; NaN and infinity as MLflow keeps them."""
    value = float(metric.value)
    is_nan = math.isnan(value)
    return {
        "run_uuid": run_id,
        "key": metric.key,
        "value": 0.0 if is_nan else max(-LARGEST, min(LARGEST, value)),
        "timestamp": metric.timestamp,
        "step": metric.step,
        "is_nan": is_nan,
    }


def _order(row: Row) -> tuple[int, int, float]:
    return row["step"], row["timestamp"], row["value"]


def _now() -> int:
    return int(time.time() * 1000)
