"""`dataset.streaming=true` from the command line: a sweep whose stack reads once, a run alone, and what is refused."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from commands import TINY


@pytest.fixture
def files(tmp_path) -> Path:
    """Two Parquet files of three row groups each."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "rows"
    folder.mkdir()
    for number in range(2):
        rows = pd.DataFrame({"a": rng.normal(size=450), "b": rng.normal(size=450), "town": rng.choice(["x", "y"], 450)})
        rows["y"] = (rows["a"] + rng.normal(size=450) > 1).astype(int)
        rows.loc[::9, "b"] = np.nan
        rows.to_parquet(folder / f"{number}.parquet", row_group_size=150, index=False)
    return folder


def overrides(files: Path) -> list[str]:
    usual = [each for each in TINY if not each.startswith(("dataset", "comparison"))]
    own = [f"dataset.path={files}", "dataset.target=y", "dataset.streaming=true", "split=hash", "figures=none"]
    return ["dataset=file", *usual, *own, "paths.outputs=outputs"]


def predictions(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "predictions" / "test.parquet")


def test_a_sweep_of_streamed_rows_is_one_stack_and_its_model_scores_rows(command, store, files, tmp_path):
    done = command("-m", *overrides(files), "loss=builtin,focal", "comparison.references=logistic")
    assert done.status == 0, done.err
    assert "trained one by one" not in done.out + done.err
    every = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" in run.data.tags]
    runs = [run for run in every if "variant" in run.data.tags]
    assert (len(runs), len(every)) == (2, 3)  # and the reference
    assert all(0 < run.data.metrics["test/average_precision"] < 1 for run in every)
    with_models = [run for run in runs if run.outputs and run.outputs.model_outputs]
    assert len(with_models) == 2
    folder = Path(with_models[0].data.tags["folder"])
    tested = predictions(folder)
    table = pd.concat([pd.read_parquet(path) for path in sorted(files.glob("*"))], ignore_index=True)
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    scored = model.predict(table.iloc[tested["row"]].drop(columns="y"))
    np.testing.assert_allclose(scored["raw_probability"], tested["probability"], atol=1e-5)
    np.testing.assert_array_equal(table["y"].iloc[tested["row"]], tested["label"])

    # The same rows are tested where the table is read as a whole.
    whole = command(*overrides(files), "dataset.streaming=auto", "tracking.models=none", "trainer.epochs=1")
    assert whole.status == 0, whole.err
    np.testing.assert_array_equal(predictions(whole.folder(tmp_path))["row"], tested["row"])


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["sampling=smote"], ["sampling=smote", "streamed", "loss=weighted"]),
        (["trainer.stratified_batches=true"], ["trainer.stratified_batches=true", "trainer.batch_size"]),
        (["dataset.streaming=maybe"], ["dataset.streaming must be auto, true or false"]),
        (["split=hash", "split.validation=0.6", "split.test=0.5"], ["below 1"]),
    ],
)
def test_refusals(command, files, asked, named):
    done = command(*overrides(files), *asked)
    assert done.status == 2
    (line,) = done.errors
    for text in named:
        assert text in line
