"""What was recorded is asked for without making anything, and a store that does not answer is one line."""

from __future__ import annotations

import socket

import pytest

from runner import tracking
from runner.errors import InputError

ASKED = {
    "a run's configuration": tracking.recorded_config,
    "a sweep": tracking.recorded_sweep,
    "a run": tracking.run_in_store,
}
each_way = pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@each_way
def test_a_server_that_does_not_answer_is_one_line(ask, closed_port):
    with pytest.raises(InputError, match=rf"the MLflow server http://127.0.0.1:{closed_port} does not answer") as said:
        ask(f"http://127.0.0.1:{closed_port}", "0" * 32)
    assert "\n" not in str(said.value)


@each_way
def test_a_database_that_does_not_answer_is_one_line(ask, closed_port):
    with pytest.raises(InputError) as said:
        ask(f"postgresql+psycopg://someone@127.0.0.1:{closed_port}/mlflow", "0" * 32)
    assert "\n" not in str(said.value)


def test_a_store_that_is_not_there_has_no_runs_and_is_not_made(tmp_path):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert tracking.run_in_store(uri, "0" * 32)[1] is None
    with pytest.raises(InputError, match="has no run of that id"):
        tracking.recorded_config(uri, "0" * 32)
    with pytest.raises(InputError, match="has no sweep of that id"):
        tracking.recorded_sweep(uri, "0" * 32)
    assert list(tmp_path.iterdir()) == []
