"""Tests do not disturb one another, in whichever order they run."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import keras
import mlflow
import pytest
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from isolation import end_joblib_workers, isolated
from omegaconf import OmegaConf

from runner.tracking.contact import contact_with


@functools.lru_cache
def of_a_folder(folder: Path) -> list[None]:
    return []


@functools.lru_cache
def of_a_server(uri: str) -> list[None]:
    return []


def change_hydra_s_config() -> None:
    hydra: Any = HydraConfig.instance()
    hydra.cfg = OmegaConf.create({"hydra": {"job": {"name": "left over"}}})


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    # what can be read, and a change of it
    "a variable added": (lambda: os.environ.get("LEFT_OVER"), lambda: os.environ.update(LEFT_OVER="1")),
    "a variable removed": (lambda: os.environ.get("PATH"), lambda: os.environ.pop("PATH")),
    "the current folder": (os.getcwd, lambda: os.chdir("/")),
    "the search path": (lambda: list(sys.path), lambda: sys.path.insert(0, "/left/over")),
    "the arguments": (lambda: list(sys.argv), lambda: sys.argv.append("left-over")),
    "what SIGTERM does": (
        lambda: signal.getsignal(signal.SIGTERM),
        lambda: signal.signal(signal.SIGTERM, lambda *_: None),
    ),
    "the root logger's level": (lambda: logging.root.level, lambda: logging.root.setLevel(1)),
    "the root logger's handlers": (
        lambda: list(logging.root.handlers),
        lambda: logging.root.addHandler(logging.NullHandler()),
    ),
    "the runner's level": (lambda: logging.getLogger("runner").level, lambda: logging.getLogger("runner").setLevel(1)),
    "all loggers": (lambda: logging.root.manager.disable, logging.disable),
    "the dtype policy": (lambda: keras.config.dtype_policy().name, lambda: keras.config.set_dtype_policy("float64")),
    "the float type": (keras.config.floatx, lambda: keras.config.set_floatx("float64")),
    "epsilon": (keras.config.epsilon, lambda: keras.config.set_epsilon(0.1)),
    "MLflow's address": (mlflow.get_tracking_uri, lambda: mlflow.set_tracking_uri("sqlite:///left_over.db")),
    "Hydra's search path": (
        lambda: GlobalHydra.instance().is_initialized(),
        lambda: initialize_config_dir("/left/over", version_base="1.3"),
    ),
    "Hydra's store": (
        lambda: sorted(ConfigStore.instance().repo),
        lambda: ConfigStore.instance().store(name="left_over", node={"a": 1}),
    ),
    "Hydra's config": (HydraConfig.initialized, change_hydra_s_config),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_put_back(tmp_path, name):
    read, change = CHANGES[name]
    before = read()
    with isolated(tmp_path):
        change()
        assert read() != before

    assert read() == before


def test_log_files_are_closed(tmp_path):
    with isolated(tmp_path):
        handler = logging.FileHandler(tmp_path / "runner.log")
        logging.root.addHandler(handler)

    assert handler.stream is None


@pytest.mark.parametrize("content", [1, 2, 3])
def test_modules_of_one_name_are_each_test_s_own(tmp_path, content):
    """`import buggy` finds the file of this test, whichever test wrote a file of that name before."""
    (tmp_path / "buggy.py").write_text(f"content = {content}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "part.py").write_text(f"content = {content}")
    sys.path.insert(0, str(tmp_path))

    assert importlib.import_module("buggy").content == content
    assert importlib.import_module("folder.part").content == content


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_is_isolated(turn):
    assert "LEFT_OVER" not in os.environ
    assert keras.config.dtype_policy().name == "float32"
    assert not any(issubclass(Warning, category) for action, _, category, *_ in warnings.filters if action == "error")
    os.environ["LEFT_OVER"] = "1"
    keras.config.set_dtype_policy("float64")
    warnings.simplefilter("error")


def test_random_numbers_of_keras_are_the_same_in_each_test():
    keras.utils.set_random_seed(0)
    first = keras.random.uniform((3,))
    keras.utils.set_random_seed(0)

    assert (first == keras.random.uniform((3,))).numpy().all()


@pytest.mark.parametrize(("cached", "place"), [(of_a_folder, Path("place")), (of_a_server, "http://place:1")])
def test_what_the_runner_keeps_of_a_place_is_forgotten(tmp_path, monkeypatch, cached, place):
    module: Any = types.ModuleType("runner.left_over")
    module.cached = cached
    monkeypatch.setitem(sys.modules, "runner.left_over", module)
    kept = cached(place)
    assert cached(place) is kept
    with isolated(tmp_path):
        pass

    assert cached(place) is not kept


def test_what_is_known_of_a_server_is_forgotten(tmp_path):
    with isolated(tmp_path):
        contact_with("http://localhost:1").answers()
        assert contact_with("http://localhost:1").away

    assert not contact_with("http://localhost:1").away


def test_joblib_s_workers_end():
    first = set(joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(4)))
    end_joblib_workers()
    second = set(joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(4)))

    assert os.getpid() not in first
    assert not first & second


def test_where_nothing_was_changed_it_takes_less_than_a_millisecond(tmp_path):
    seconds = []
    for _ in range(100):
        started = time.process_time()
        with isolated(tmp_path):
            pass
        seconds.append(time.process_time() - started)

    assert min(seconds) < 1e-3


def test_a_command_leaves_the_process_as_it_was(command, tmp_path):
    (tmp_path / "buggy.py").write_text("raise RuntimeError('a bug of mine')")
    before = {name: read() for name, (read, _) in CHANGES.items()}
    done = command("loss._target_=buggy.Loss", "~loss.label_smoothing", "~loss.from_logits", "tracking=none")

    assert done.status != 0
    assert {name: read() for name, (read, _) in CHANGES.items()} == before
    assert "buggy" not in sys.modules
