"""A store that is copied is the store that MLflow makes; it is there whole or not at all."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path

import mlflow
import pytest

from runner.tracking import fresh_store, open_store, store_uri
from runner.tracking.fresh_store import place_fresh_store


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    with fresh_store._made_store() as made:
        return Path(shutil.copy(made, tmp_path_factory.mktemp("whole") / "mlflow.db"))


@pytest.fixture
def quickly(whole, monkeypatch) -> None:
    """Stores are made by copying one."""
    monkeypatch.setattr(fresh_store, "_made_store", lambda: nullcontext(whole))


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "imbalance-runner"


def content(file: Path) -> list[str]:
    """Schema and rows, in any order, for MLflow leaves that to chance; without the moments of making."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE experiments SET creation_time = 0, last_update_time = 0")
        statements = connection.iterdump()
        return sorted(",".join(sorted(part.strip(" ,\n);") for part in each.split("\n"))) for each in statements)


def test_the_first_store_and_its_copies_are_as_mlflow_makes_one(tmp_path, cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.MlflowClient(f"sqlite:///{tmp_path / 'of_mlflow.db'}").search_experiments()
    for name in ("first.db", "second.db"):
        place_fresh_store(tmp_path / name)
        mlflow.MlflowClient(f"sqlite:///{tmp_path / name}").search_experiments()
        assert content(tmp_path / name) == content(tmp_path / "of_mlflow.db")
    assert [path.name for path in cache.iterdir()] == [f"mlflow-{mlflow.__version__}.db"]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_second_store_is_a_copy(tmp_path, cache, quickly, monkeypatch):
    place_fresh_store(tmp_path / "first.db")
    monkeypatch.setattr(fresh_store, "_made_store", lambda: pytest.fail("made once more"))
    place_fresh_store(tmp_path / "deep" / "second.db")
    assert (tmp_path / "deep" / "second.db").read_bytes() == (tmp_path / "first.db").read_bytes()


@pytest.mark.parametrize("damage", ["cut off", "empty", "no database", "a folder"])
def test_a_damaged_template_is_made_anew(tmp_path, cache, quickly, damage):
    place_fresh_store(tmp_path / "first.db")
    template = next(cache.iterdir())
    if damage == "cut off":
        template.write_bytes(template.read_bytes()[:100_000])
    elif damage == "a folder":
        template.unlink()
        template.mkdir()
    else:
        template.write_text("" if damage == "empty" else "not a database, but longer than a header would be" * 9)
    place_fresh_store(tmp_path / "second.db")
    assert content(tmp_path / "second.db") == content(tmp_path / "first.db")


def test_a_cache_that_cannot_be_written_costs_time_alone(tmp_path, quickly, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = open_store(store_uri(None, tmp_path / "outputs"), "e", tmp_path / "outputs")
    assert mlflow.MlflowClient(store.uri).get_experiment_by_name("e") is not None


def test_a_process_killed_while_it_makes_one_leaves_none(tmp_path, cache):
    file = tmp_path / "mlflow.db"
    process = multiprocessing.get_context("spawn").Process(target=place_fresh_store, args=(file,))
    process.start()
    process.join(0.3)
    while process.is_alive():
        assert not file.exists() or fresh_store._is_whole(file)
        process.join(0.5)
        process.kill()
        process.join()
    assert not file.exists() or fresh_store._is_whole(file)
    place_fresh_store(file)
    assert fresh_store._is_whole(file)
