"""A model behind MLflow's scoring server: the scores of the model itself, limits, errors of one line."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
import uvicorn
from commands import TINY
from processes import Process

from runner.tracking import LoadedModel, RequestLimits, load_model, scoring_app

LIMITS = RequestLimits(megabytes=0.1, rows=200, at_once=3)
SERVING = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # which MLflow sets for good
JSON, CSV = "application/json", "text/csv"


@pytest.fixture(scope="module")
def folder(module_command, module_folder: Path) -> Path:
    done = module_command(*TINY, "figures=none")
    assert done.status == 0, done.err
    return done.folder(module_folder) / "model"


@pytest.fixture(scope="module")
def model(folder) -> LoadedModel:
    return load_model(str(folder), "sqlite:///not-asked.db", "model")


@pytest.fixture(scope="module")
def rows(folder) -> pd.DataFrame:
    example = mlflow.pyfunc.load_model(str(folder)).input_example
    return pd.DataFrame(example)


@contextmanager
def running(app) -> Iterator[int]:
    """The port of a server in a thread of this process, which goes on as if there had been none."""
    os.environ.pop(SERVING, None)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


Ask = Callable[..., tuple[int, dict]]


@pytest.fixture(scope="module")
def ask(model) -> Iterator[Ask]:
    with running(scoring_app(model, LIMITS)) as port:
        yield lambda body, kind=JSON, path="/invocations": asked(port, body, kind, path)


def asked(port: int, body: str | bytes, kind: str | None = JSON, path: str = "/invocations") -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_csv_json_and_parquet_score_as_the_model_does(ask, model, rows):
    expected = model.score(rows)
    split = json.dumps({"dataframe_split": rows.to_dict("split")})
    records = json.dumps({"dataframe_records": rows.to_dict("records")})
    columns = json.dumps({"inputs": rows.to_dict("list")})
    packed = io.BytesIO()
    rows.to_parquet(packed)
    bodies = [(split, JSON), (records, JSON), (columns, JSON), (rows.to_csv(index=False), CSV)]
    for body, kind in [*bodies, (packed.getvalue(), "application/vnd.apache.parquet")]:
        status, answer = ask(body, kind)
        assert status == 200, answer
        scores = pd.DataFrame(answer["predictions"])
        assert list(scores) == ["probability", "raw_probability", "label"]
        np.testing.assert_allclose(scores["raw_probability"], expected["raw_probability"], rtol=1e-5)
        np.testing.assert_array_equal(scores["label"], expected["label"])


def test_requests_under_way_together_get_their_own_scores(ask, model, rows):
    """Threads of the server score with one network."""
    tables = [rows.iloc[[number % len(rows)] * (1 + number % 4)] for number in range(12)]
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda table: ask(table.to_csv(index=False), CSV), tables))
    for (status, answer), table in zip(answers, tables, strict=True):
        assert status == 200
        found = [row["raw_probability"] for row in answer["predictions"]]
        np.testing.assert_allclose(found, model.score(table)["raw_probability"], rtol=1e-5)


def test_errors_are_one_line_of_json_that_names_the_column(ask, rows):
    first = rows.columns[0]
    broken = rows.astype(object).assign(**{first: "oops"})
    other = rows.rename(columns={first: f"{first}x"})
    tables = {
        rf"no column '{first}', which the model needs: did you mean '{first}x'": other.to_csv(index=False),
        rf"{first}.* must hold numbers: could not convert string to float: 'oops'": broken.to_csv(index=False),
        "where this server takes 200 at once": pd.concat([rows] * 41).to_csv(index=False),
    }
    wanted: dict[str, tuple[str, str | None]] = {text: (body, CSV) for text, body in tables.items()}
    wanted["valid JSON"] = ("{", JSON)
    wanted["exactly one of the input fields"] = ('{"rows": []}', JSON)
    wanted["which the model needs"] = ('{"instances": [[1, 2], [3, 4]]}', JSON)
    wanted["no Content-Type"] = ("{}", None)
    wanted["only supports the following content types"] = ("{}", "text/html")
    for text, (body, kind) in wanted.items():
        status, answer = ask(body, kind)
        assert status in (400, 413, 415), (text, answer)
        assert set(answer) == {"error_code", "message"}
        assert "\n" not in answer["message"]
        assert pd.Series([answer["message"]]).str.contains(text, regex=True).all(), (text, answer)
    assert ask("{}", JSON, "/nothing")[0] == 404


def test_long_requests_and_too_many_are_refused_and_the_rest_goes_on(ask, model, rows):
    status, answer = ask("x" * 150_000, CSV)
    assert (status, answer["error_code"]) == (413, "REQUEST_LIMIT_EXCEEDED")
    assert "longer than 0.1 MiB" in answer["message"]

    held, go_on = threading.Barrier(2), threading.Event()

    def slow(frame: pd.DataFrame) -> pd.DataFrame:
        if go_on.is_set() or len(frame) < 5:  # the rows that warm it up
            return model.score(frame)
        held.wait(60)
        go_on.wait(60)
        return model.score(frame)

    held_back = LoadedModel(model.name, model.columns, model.reading, model.prevalence, slow)
    body = rows.to_csv(index=False)
    with running(scoring_app(held_back, RequestLimits(at_once=1))) as port:
        answers: list[tuple[int, dict]] = []
        first = threading.Thread(target=lambda: answers.append(asked(port, body, CSV)))
        first.start()
        held.wait(60)
        status, answer = asked(port, body, CSV)
        go_on.set()
        first.join()
        assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert answers[0][0] == 200
        assert asked(port, body, CSV)[0] == 200


def test_the_command_serves_until_it_is_told_to_end(folder, rows, tmp_path, command):
    with Process([sys.executable, "-m", "runner", "serve", str(folder), "--port", "0"], cwd=tmp_path) as server:
        found = server.wait_for(r"answers at http://127.0.0.1:(\d+)/invocations")
        port = int(found[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as health:
            assert health.status == 200
        assert asked(port, rows.to_csv(index=False), CSV)[0] == 200
        taken = command("serve", str(folder), "--port", str(port))
        time.sleep(0.1)
        assert server.end(signal.SIGINT) == 0, server.said
    assert (taken.status, len(taken.errors)) == (2, 1)
    assert f"--port {port} cannot be used" in taken.err
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_served_is_refused_in_a_line(command, folder, tmp_path):
    for arguments, text in (
        (("serve", str(tmp_path)), "neither a model nor the folder of a finished run"),
        (("serve", str(folder), "--max-rows", "0"), "--max-rows 0: must be above 0"),
        (("serve", str(folder), "--host", "203.0.113.1"), "--host 203.0.113.1 cannot be used"),
    ):
        done = command(*arguments)
        assert (done.status, len(done.errors)) == (2, 1), done.err
        assert text in done.err
