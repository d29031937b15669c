"""Threshold and calibrator of out-of-fold predictions, beside the same written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss

from runner.evaluation import EvaluationOptions, ThresholdRule
from runner.reports.out_of_fold_decisions import decide
from runner.terms.promises import promises

FOLDS, ROWS = 4, 400


def predictions(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = (rng.random(ROWS) < 0.2).astype(int)
    logits = 2 * rng.normal(size=ROWS) + 2 * labels - 1
    whose = {"dataset": "toy", "loss": "focal", "seed": 0, "division": "seed 0, repeat 0"}
    rows = {"fold": np.arange(ROWS) % FOLDS, "row": np.arange(ROWS), "label": labels}
    return pd.DataFrame({**whose, **rows, "logit": logits, "probability": expit(logits)})


def rule(**others: Any) -> ThresholdRule:
    return ThresholdRule(name="max_f1", **others)


def best_f1(part: pd.DataFrame) -> float:
    """The highest of the probabilities by which F1 is best."""
    scores = {p: f1_score(part["label"], part["probability"] >= p) for p in part["probability"]}
    return max(scores, key=lambda p: (round(scores[p], 12), p))


def test_the_threshold_is_of_all_folds_and_its_worth_of_the_others():
    table = predictions()
    (found,) = decide(table, EvaluationOptions(rule()))
    others = {fold: best_f1(table[table["fold"] != fold]) for fold in range(FOLDS)}
    called = table["probability"] >= table["fold"].map(others)
    assert f1_score(table["label"], table["probability"] >= found.threshold) == pytest.approx(
        f1_score(table["label"], table["probability"] >= best_f1(table))
    )
    assert found.row["f1"] == pytest.approx(f1_score(table["label"], called), abs=0.02)
    assert found.row["threshold_low"] <= found.row["threshold_high"]
    assert (found.row["rows"], found.row["positives"]) == (ROWS, table["label"].sum())
    assert found.whose == {"dataset": "toy", "loss": "focal", "seed": 0, "division": "seed 0, repeat 0"}


def test_the_calibrator_is_fitted_on_all_folds_and_measured_across_them():
    table = predictions()
    (found,) = decide(table, EvaluationOptions(rule(), calibrator="platt"))
    logits = table["logit"].to_numpy()
    # Platt's targets are nearly the labels where there are many rows.
    whole = LogisticRegression(C=np.inf, tol=1e-10).fit(logits[:, None], table["label"])
    np.testing.assert_allclose(found.calibrator(logits), whole.predict_proba(logits[:, None])[:, 1], atol=0.01)
    across = np.empty(ROWS)
    for fold in range(FOLDS):
        own = (table["fold"] == fold).to_numpy()
        fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(logits[~own, None], table["label"][~own])
        across[own] = fitted.predict_proba(logits[own, None])[:, 1]
    assert found.row["log_loss_calibrated"] == pytest.approx(log_loss(table["label"], across), abs=1e-3)
    assert found.row["log_loss"] == pytest.approx(log_loss(table["label"], table["probability"]))
    assert found.row["log_loss_calibrated"] < found.row["log_loss"]


def test_each_seed_has_its_own_and_nothing_is_guaranteed():
    both = pd.concat([predictions(), predictions(1).assign(seed=1)])
    promised = rule(promised=promises("recall>=0.9"))
    found = list(decide(both, EvaluationOptions(promised)))
    assert [one.whose["seed"] for one in found] == [0, 1]
    assert {one.row["rule"] for one in found} == {"max_f1"}
    assert found[0].threshold == next(decide(predictions(), EvaluationOptions(rule()))).threshold
