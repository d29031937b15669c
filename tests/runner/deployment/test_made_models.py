"""`runner promote --refit` and `--ensemble`: what the models say, in a real registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, log_loss

from runner import experiment, tracking
from runner.deployment import find_model, promote
from runner.deployment.made_models import make, record
from runner.deployment.verdict_on import winner_of
from runner.errors import InputError
from runner.experiment.resources import Resources
from runner.tracking import names
from runner.tracking.model_loading import tracking_uri


@dataclass(frozen=True)
class Swept:
    """A sweep of one loss over two folds and two seeds.

    Attributes:
        uri: of its store.
        sweep_id: of its parent run.
        table: what it was trained on, with the target `y`.
    """

    uri: str
    sweep_id: str
    table: pd.DataFrame

    @property
    def tracker(self) -> tracking.MlflowTracker:
        return tracking.recorded_sweep(self.uri, self.sweep_id)[0]

    def folders(self, **params: str) -> list[Path]:
        """Those of its runs with these params."""
        runs = self.tracker.children(self.sweep_id)
        found = [
            run for run in runs if all(run.params[key.replace("_", ".")] == value for key, value in params.items())
        ]
        return [Path(run.tags[names.FOLDER]) for run in found]


@pytest.fixture(scope="module")
def both(module_command, module_folder, outputs, small_table) -> Swept:
    small_table.to_csv(module_folder / "both.csv", index=False)
    done = module_command(
        *("-m", "dataset=file", f"dataset.path={module_folder / 'both.csv'}", "dataset.target=y", "model=logistic"),
        *("split=kfold", "split.folds=2", "split.fold=all", "seed=0,1", "loss=focal", "trainer.epochs=2"),
        *("evaluation.bootstrap=0", "figures=none", "comparison=none"),
    )
    assert done.status == 0, done.err
    sweep_id = next(line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("sweep id: "))
    return Swept(f"sqlite:///{outputs / 'mlflow.db'}", sweep_id, small_table)


def read(folder: Path, part: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "predictions" / f"{part}.parquet")


def logits_of(scores: pd.DataFrame) -> np.ndarray:
    return np.asarray(np.log(scores["raw_probability"] / (1 - scores["raw_probability"])))


def of_winner(both, model) -> Any:
    """The run that holds a model, and the folder of the winner's best run."""
    run = both.tracker.run(model.run_id)
    assert run is not None
    winner = both.tracker.run(run.tags[names.MADE_OF])
    assert winner is not None
    return run, winner


def test_an_ensemble_of_seeds_says_the_mean_of_their_logits(both):
    done = promote(both.uri, both.sweep_id, "seeds", made_by="seeds", force=True)
    model = find_model("models:/seeds@champion", both.uri)
    run, winner = of_winner(both, model)
    one, other = (read(folder, "test") for folder in both.folders(split_fold=winner.params["split.fold"]))
    mean = (one["logit"] + other["logit"]) / 2
    scores = model.score(both.table.iloc[one["row"]])
    np.testing.assert_allclose(logits_of(scores), mean, rtol=1e-4, atol=1e-4)

    assert run.metrics["test/average_precision"] == pytest.approx(average_precision_score(one["label"], mean))
    assert run.tags[names.MADE_OF] == run.tags[names.PARENT]
    assert (
        f"The mean logit of 2 seeds: average precision {run.metrics['test/average_precision']:.4f}" in done.description
    )
    assert (scores["label"] == (scores["raw_probability"] >= run.metrics["threshold"])).all()
    assert len(both.tracker.children(both.sweep_id)) == 4  # the new run is no run of the sweep

    with pytest.raises(InputError, match="is the model of that run already, made by --ensemble seeds"):
        promote(both.uri, both.sweep_id, "seeds", made_by="seeds", if_tied=True)
    plain = promote(both.uri, both.sweep_id, "seeds")  # the same runs: a tie with what the champion is made of
    assert plain.alias == "challenger"
    assert "its runs compute what the champion's do" in plain.description


def test_an_ensemble_of_folds_has_the_preprocessing_of_each(both):
    done = promote(both.uri, both.sweep_id, "folds", made_by="folds", force=True)
    model = find_model("models:/folds@champion", both.uri)
    run, winner = of_winner(both, model)
    folders = both.folders(seed=winner.params["seed"])
    members = [find_model(str(path), both.uri) for path in folders]
    mean = sum(logits_of(member.score(both.table)) for member in members) / 2
    np.testing.assert_allclose(logits_of(model.score(both.table)), mean, rtol=1e-4, atol=1e-4)

    pooled = pd.concat([read(folder, "test") for folder in folders])
    expected = average_precision_score(pooled["label"], pooled["logit"])
    assert run.metrics["out_of_fold/average_precision"] == pytest.approx(expected)
    assert not [key for key in run.metrics if key.startswith("test")]
    assert "no row is left to test the ensemble on" in done.description
    with tracking_uri(both.uri):
        saved = mlflow.models.get_model_info(f"runs:/{run.run_id}/model")
    assert saved.metadata is not None
    assert saved.metadata["label"].endswith("chosen on out-of-fold predictions)")


def test_a_refit_learns_train_and_validation_and_is_tested_on_what_it_has_not_seen(both):
    done = promote(both.uri, both.sweep_id, "refit", made_by="refit", force=True)
    model = find_model("models:/refit@champion", both.uri)
    run, winner = of_winner(both, model)
    test = read(Path(winner.tags[names.FOLDER]), "test")
    scores = logits_of(model.score(both.table.iloc[test["row"]]))
    assert run.metrics["test/average_precision"] == pytest.approx(average_precision_score(test["label"], scores))
    learned = np.setdiff1d(np.arange(len(both.table)), test["row"])
    assert f"Trained again on the {len(learned)} rows of train and validation for" in done.description
    assert model.prevalence == pytest.approx(both.table["y"].iloc[learned].mean())
    assert model.profile is not None
    # the scaling is of the rows that were learned, not of those of a run
    scorer: Any = model.typed
    scaler = scorer.__self__.preprocessing.named_transformers_["values"][-1]
    assert any(np.isclose(scaler.mean_, both.table["visits"].iloc[learned].mean()))


def test_what_cannot_be_made_is_refused_in_a_line_and_leaves_nothing(both, module_command):
    """The sweep, as if it had neither other seeds nor folds."""
    runs = both.tracker.children(both.sweep_id, "FINISHED")
    winner = winner_of(runs)
    for way, left, message in (
        ("seeds", [winner.run], "--ensemble seeds: the sweep has one seed of focal"),
        ("folds", [winner.run], "--ensemble folds: the sweep has 1 of 2 folds of focal"),
    ):
        with pytest.raises(InputError, match=message) as refusal:
            make(way, both.tracker, winner, left)
        assert "\n" not in str(refusal.value)
    with pytest.raises(SystemExit):
        module_command("promote", both.sweep_id, "--refit", "--ensemble", "seeds", "--uri", both.uri)
    before = len(both.tracker.children(winner.run.run_id))
    with pytest.raises(InputError, match=r"takes other columns \(-visits\)"):
        record(both.tracker, winner.run, "seeds", make("seeds", both.tracker, winner, runs), refuse)
    assert len(both.tracker.children(winner.run.run_id)) == before


def refuse(columns: Mapping[str, str]) -> None:
    raise InputError("takes other columns (-visits)")


def test_a_refit_undoes_what_the_run_s_batches_did_to_the_odds(module_command, module_folder, outputs, small_table):
    small_table.to_csv(module_folder / "half.csv", index=False)
    done = module_command(
        *("-m", "dataset=file", f"dataset.path={module_folder / 'half.csv'}", "dataset.target=y", "model=logistic"),
        *("loss=builtin,focal", "trainer.epochs=2", "trainer.positive_share=0.5", "evaluation.bootstrap=0"),
        *("figures=none", "comparison=none", "tracking.models=none"),
    )
    assert done.status == 0, done.err
    sweep_id = next(line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("sweep id: "))
    swept = Swept(f"sqlite:///{outputs / 'mlflow.db'}", sweep_id, small_table)
    builtin = next(run for run in swept.tracker.children(sweep_id, "FINISHED") if run.params["loss"] == "builtin")
    recorded = experiment.load(Path(builtin.tags[names.FOLDER]), Resources())
    assert recorded is not None
    made = experiment.refit(recorded, lambda said: None)

    train = made.splits.train.labels
    positives, rows = int(train.sum()), len(train)
    shown = round(0.5 * rows)
    shift = np.log((shown / positives) / ((rows - shown) / (rows - positives)))
    test = made.evaluation.test
    debiased = 1 / (1 + np.exp(-(test.logits - shift)))
    assert made.metrics["test_debiased/log_loss"] == pytest.approx(log_loss(test.labels, debiased), rel=1e-4)
