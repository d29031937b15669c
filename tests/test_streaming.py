"""`dataset.streaming=true` from the command line: a sweep whose stack reads once, a run alone, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from commands import TINY
from small_training import make_network

from runner.data import HashSplit, StreamedDataset, make_splits
from runner.data.sources import load_file, streamed_file
from runner.experiment.importance import run_importance


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

    refit = command("promote", runs[0].data.tags["mlflow.parentRunId"], "--refit", "--force")
    assert refit.status == 2
    assert "is streamed" in refit.err

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


def test_the_importance_of_columns_is_that_of_the_test_rows_in_the_sample(files, monkeypatch):
    monkeypatch.setattr(streamed_file, "SAMPLED_ROWS", 500)
    monkeypatch.setattr(streamed_file, "LEAST_SAMPLED", 500)
    kept = None
    for streaming in (True, False):
        dataset = load_file(files, "y", streaming=streaming)
        splits = make_splits(dataset, HashSplit(3, 0.25, 0.2))
        network = make_network(width=splits.test.inputs.shape[1])
        if isinstance(dataset, StreamedDataset):
            kept = dataset.sampled[dataset.sampled_among(splits.test.rows)]
            assert len(kept) < len(splits.test.rows)
            found, preprocessing = run_importance(network, dataset, splits, seed=0), splits.preprocessing
        else:
            assert kept is not None
            test = replace(splits.test, rows=kept)
            expected = run_importance(network, dataset, replace(splits, test=test, preprocessing=preprocessing), seed=0)
    pd.testing.assert_frame_equal(found, expected)
