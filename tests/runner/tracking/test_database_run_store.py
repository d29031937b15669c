"""Rows that are written in bulk are those that MLflow's client writes for the same runs, in every table."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
import sqlalchemy
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

from runner.tracking import Store, open_store, store_uri
from runner.tracking.database_run_store import DatabaseRunStore, knows
from runner.tracking.run_store import ClientRunStore, NewRun, RunStore

CONTEXT = [InputTag("mlflow.data.context", "training")]
TOY = DatasetInput(Dataset("toy", "abc", "local", '{"uri": "here"}', "{}", '{"rows": 3}'), CONTEXT)
OTHER = DatasetInput(Dataset("other", "def", "local", '{"uri": "there"}', None, None), CONTEXT)
RANDOM = ("run_uuid", "dataset_uuid", "input_uuid", "source_id", "destination_id")
AT = 1_700_000_000_000


def metrics(step: int, **values: float) -> list[Metric]:
    return [Metric(f"val/{name}", value, AT + step, step) for name, value in values.items()]


def tell(runs: RunStore, folder: Path) -> None:
    """All that a run store can be told, some of it more than once."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "figures" / "roc.png").write_text("a figure")
    (folder / "config.yaml").write_text("seed: 0")
    params = {f"key.{number}": str(number) for number in range(250)} | {"empty": "", "umlaut": "größer", "null": "None"}
    tags = {
        "mlflow.user": "ada",
        "mlflow.parentRunId": "0" * 32,
        "mlflow.note.content": "first",
        "variant": "focal γ=2",
    }
    first = runs.create(NewRun("builtin · toy", tags, params, TOY))
    second = runs.create(NewRun("focal · toy", {}, {}, TOY))
    third = runs.create(NewRun("focal · other", {"mlflow.runColor": "#0072B2"}, {"seed": "1"}, OTHER))
    assert runs.commit() == {}
    runs.write(first.run_id, metrics(1, loss=0.7, f1=math.nan, huge=math.inf), {})
    runs.write(first.run_id, metrics(2, loss=0.5, f1=0.25, huge=-math.inf), {"variant": "focal γ=3"})
    runs.write(second.run_id, metrics(1, loss=0.125), {"x": "1"})
    runs.write(second.run_id, metrics(1, loss=0.125), {"x": "2"})
    assert runs.commit() == {}
    runs.write(
        first.run_id,
        [*metrics(2, loss=0.5), *metrics(2, loss=0.4), *metrics(1, f1=0.9)],
        {"mlflow.note.content": "x" * 9000},
    )
    runs.write(first.run_id, [Metric("test/f1", 0.5, AT + 9, 0), Metric("test/f1", 0.25, AT + 9, 0)], {})
    runs.log_artifacts(first, [folder / "figures", folder / "config.yaml", folder / "not there"])
    runs.end(first.run_id, "FINISHED")
    runs.end(second.run_id, "FAILED", "a reason — with a dash")
    assert runs.commit() == {}
    fourth = runs.create(NewRun("in one go", {"variant": "dice"}, {"seed": "2"}, TOY))
    runs.write(fourth.run_id, metrics(1, loss=1e-300), {"variant": "dice again"})
    runs.end(fourth.run_id, "KILLED", "Interrupted")
    runs.end(third.run_id, "KILLED")
    assert runs.commit() == {}
    runs.close()


def tables(uri: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every table of a store; ids that are drawn at random stand as the order in which they came."""
    engine = sqlalchemy.create_engine(uri)
    reflected = sqlalchemy.MetaData()
    reflected.reflect(engine)
    with engine.connect() as connection:
        runs = reflected.tables["runs"]
        named = dict(map(tuple, connection.execute(sqlalchemy.select(runs.c.run_uuid, runs.c.name))))
        datasets = reflected.tables["datasets"]
        named |= dict(map(tuple, connection.execute(sqlalchemy.select(datasets.c.dataset_uuid, datasets.c.name))))
        inputs = reflected.tables["inputs"]
        for link in connection.execute(sqlalchemy.select(inputs)).mappings():
            named[link["input_uuid"]] = f"{named[link['source_id']]} of {named[link['destination_id']]}"
        for name, table in sorted(reflected.tables.items()):
            rows = [dict(row) for row in connection.execute(sqlalchemy.select(table)).mappings()]
            for row in rows:
                for column in {*RANDOM} & {*row}:
                    row[column] = named.get(row[column], row[column])
            yield name, sorted(rows, key=str)
    engine.dispose()


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the moments at which it was written; those that are there are told from those that are not."""
    moments = [column for column in ("start_time", "end_time") if row.get(column) is not None]
    assert all(row[column] > AT for column in moments)
    return {**row, **dict.fromkeys(moments, "some time")}


@pytest.fixture(params=["sqlite", "postgresql"])
def by_way(request, tmp_path) -> dict[str, Store]:
    """Two copies of one store, each of which was told the same."""
    if request.param == "sqlite":
        made = open_store(store_uri(None, tmp_path), "equal", tmp_path)

        def copied(way: str) -> str:
            return f"sqlite:///{shutil.copy(tmp_path / 'mlflow.db', tmp_path / f'{way}.db')}"
    else:
        server, name = request.getfixturevalue("postgresql"), tmp_path.name
        made = open_store(server.create(name), "equal", tmp_path)

        def copied(way: str) -> str:
            return str(server.create(f"{name}-{way}", template=name))

    stores = {}
    for way, kind in (("rows", DatabaseRunStore), ("client", ClientRunStore)):
        stores[way] = replace(made, uri=copied(way))
        tell(kind(stores[way]), tmp_path / "files")
    return stores


def test_every_row_of_every_table_is_as_the_client_writes_it(by_way):
    ours, theirs = (dict(tables(by_way[way].uri)) for way in ("rows", "client"))

    assert ours.keys() == theirs.keys()
    assert {name: len(rows) for name, rows in ours.items()} == {name: len(rows) for name, rows in theirs.items()}
    assert len(ours["runs"]) == 4
    assert len(ours["params"]) == 253 + 2
    assert len(ours["metrics"]) == 12
    assert len(ours["datasets"]) == 2
    for name in ours:
        for row, other in zip(ours[name], theirs[name], strict=True):
            if name == "runs":
                for each in (row, other):
                    each["artifact_uri"] = each["artifact_uri"].count("/artifacts")
            assert timeless(row) == timeless(other), name


def test_the_client_reads_what_is_written(by_way):
    found = {}
    for way, store in by_way.items():
        client = mlflow.MlflowClient(store.uri)
        runs = client.search_runs([store.experiment_id], order_by=["attributes.run_name ASC"])
        found[way] = [
            (
                run.info.run_name,
                run.info.status,
                *map(sorted, (run.data.metrics.items(), run.data.params.items(), run.data.tags.items())),
            )
            for run in runs
        ]
        first = next(run for run in runs if run.info.run_name == "builtin · toy")
        assert {item.path for item in client.list_artifacts(first.info.run_id)} == {"config.yaml", "figures"}
        assert [item.path for item in client.list_artifacts(first.info.run_id, "figures")] == ["figures/roc.png"]
        assert str(first.info.artifact_uri).endswith(f"/artifacts/{first.info.run_id}/artifacts")
        assert first.info.end_time >= first.info.start_time
    assert str(found["rows"]) == str(found["client"])  # as text: NaN is no NaN's equal


def test_a_database_is_known_by_the_revision_of_its_schema(by_way):
    uri = by_way["rows"].uri
    assert knows(uri)
    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = 'of the future'"))
    assert not knows(uri)
    engine.dispose()
    assert not knows("http://127.0.0.1:1")


RECORD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_recorder import opened, trained
from runner.tracking import MlflowTracker, open_store
folder = Path(sys.argv[2])
store = open_store(sys.argv[1], "together", folder)
with MlflowTracker(store, 0.05).recording() as recording:
    recorders = [opened(recording, folder / str(number), f"{folder.name} {number}") for number in range(25)]
    for number, recorder in enumerate(recorders):
        trained(recorder, folder / str(number), number)
        recorder.close()
    for recorder in recorders:
        recorder.wait()
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_four_processes_record_at_once_in_a_new_store(request, tmp_path, database):
    uri = store_uri(None, tmp_path)
    if database == "postgresql":
        uri = request.getfixturevalue("postgresql").create(tmp_path.name)
    started = []
    for name in "abcd":
        (tmp_path / "outputs" / name).mkdir(parents=True)
        arguments = [sys.executable, "-c", RECORD, uri, str(tmp_path / "outputs" / name), str(Path(__file__).parent)]
        started.append(subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said

    runs = mlflow.MlflowClient(uri).search_runs(["1"], max_results=200)
    assert {run.info.run_name for run in runs} == {f"{name} {number}" for name in "abcd" for number in range(25)}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {len(run.data.metrics) for run in runs} == {5 + 200 + 1}
    assert len({used.dataset.digest for run in runs if run.inputs for used in run.inputs.dataset_inputs}) == 1
