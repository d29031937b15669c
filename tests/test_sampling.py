"""`sampling=` from the command line: a sweep that compares it with losses, and a run of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import TINY
from omegaconf import OmegaConf
from sklearn.metrics import log_loss

SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none")
WAYS = ("none", "undersample", "oversample", "smote")


def predictions(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "predictions" / "test.parquet")


def test_sampling_is_compared_with_losses_in_one_sweep(command, store, tmp_path):
    arguments = (*SMALL, "comparison.references=logistic", "sampling.ratio=0.8", "paths.outputs=outputs")
    done = command(
        *("-m", *SMALL, "comparison.references=logistic", "split.seed=0,1", "paths.outputs=outputs"),
        *("grid=[loss=builtin,focal]", "grid=[loss=builtin sampling=undersample,oversample,smote sampling.ratio=0.8]"),
    )
    assert done.status == 0, done.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    every = store.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    runs = [run for run in every if "variant" in run.data.tags]
    variants = {run.data.tags["variant"] for run in runs}
    sampled = {f"builtin · logistic · {way} · ratio=0.8" for way in WAYS[1:]}
    assert variants == {"builtin · logistic", "focal gamma=2 · logistic", *sampled}

    folder = Path(runs[0].data.tags["folder"]).parent
    board = pd.read_csv(folder / "comparison" / "leaderboard.csv", index_col="loss")
    assert set(board.index) >= sampled
    table = pd.read_csv(folder / "comparison" / "runs.csv")
    assert (table["n_train"] == 192).all()  # whatever sampling makes of the rows: the corrected test counts the data's
    assert "trained one by one" not in done.out + done.err

    references = [run for run in every if "reference" in run.data.tags]
    assert len(references) == 2
    assert {run.data.tags["reference.rows"] for run in references} == {"144"}

    # Alone, by `fit`, it is the same run.
    (smote,) = [run for run in runs if " smote " in run.data.tags["variant"] and run.data.tags["split"] == "1"]
    alone = command(*arguments, "comparison=none", "split.seed=1", "sampling=smote", "trainer=fit")
    assert alone.status == 0, alone.err
    one, other = predictions(Path(smote.data.tags["folder"])), predictions(alone.folder(tmp_path))
    np.testing.assert_allclose(one["logit"], other["logit"], atol=1e-4)
    recorded = OmegaConf.load(alone.folder(tmp_path) / "config.yaml").sampling
    assert recorded == {"_target_": "runner.data.Smote", "ratio": 0.8, "k_neighbors": 5}

    # Half of the rows that are trained on are positive or nearly so; the closed form undoes that.
    metrics = smote.data.metrics
    assert metrics["test_debiased/log_loss"] < metrics["test/log_loss"]


def test_batches_with_half_positives_shift_the_odds_and_the_closed_form_shifts_them_back(command, tmp_path):
    arguments = (*SMALL, "comparison=none", "tracking=none", "trainer.positive_share=0.5", "evaluation.bootstrap=0")
    done = command("-m", *arguments, "loss=builtin,logit_adjusted", "paths.outputs=outputs")
    assert done.status == 0, done.err
    assert "trained one by one" not in done.out + done.err
    folders = [path.parent for path in tmp_path.glob("outputs/sweeps/*/*/*/metrics.json")]
    assert len(folders) == 2
    for folder in folders:
        table, metrics = predictions(folder), json.loads((folder / "metrics.json").read_text())
        # 144 rows are trained on, 28 of them positive, and 72 of an epoch's.
        debiased = 1 / (1 + np.exp(-(table["logit"] - np.log(116 / 28))))
        assert metrics["test_debiased/log_loss"] == pytest.approx(log_loss(table["label"], debiased), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["trainer.positive_share=1"], ["trainer.positive_share", "Received: trainer.positive_share=1"]),
        (["trainer.positive_share=0.5", "trainer.stratified_batches=true"], ["positive_share=0.5", "leave one"]),
        (["sampling=undersample", "sampling.ratio=0.1"], ["sampling.ratio=0.1", "already"]),
        (["sampling=smote", "sampling.k_neighbors=60"], ["sampling.k_neighbors=60", "27 or fewer"]),
        (["sampling.ratio=0.5"], ["sampling.ratio", "no such key"]),
        (["sampling=smot"], ["sampling=smot", "did you mean sampling=smote"]),
        (["sampling=smote", "sampling.ratio=2"], ["sampling.ratio", "Received: sampling.ratio=2"]),
    ],
)
def test_what_cannot_be_sampled_is_refused_in_one_line(command, arguments, named):
    done = command(*SMALL, *arguments)
    assert done.status == 2
    (line,) = done.errors
    for text in ["error: ", *named]:
        assert text in line
