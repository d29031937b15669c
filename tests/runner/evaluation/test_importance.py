"""Permutation importance: scikit-learn's, of the same shuffles; intervals by rows or groups."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance as of_scikit_learn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from runner.evaluation.importance import REPEATS, permutation_importance
from runner.figures import importance


@pytest.fixture(scope="module")
def fitted():
    """(predict, features, labels): x is worth much, kind a little, nothing nothing."""
    rng = np.random.default_rng(0)
    labels = (rng.random(800) < 0.15).astype(int)
    kind = np.where(rng.random(800) < 0.2 + 0.4 * labels, "a", "b")
    features = pd.DataFrame({"nothing": 0.0, "x": rng.normal(size=800) + 1.5 * labels, "kind": kind})
    encoder = OneHotEncoder(sparse_output=False).fit(features[["kind"]])

    def inputs(frame):
        return np.column_stack([frame[["nothing", "x"]].to_numpy(float), encoder.transform(frame[["kind"]])])

    model = LogisticRegression().fit(inputs(features), labels)
    return lambda frame: model.decision_function(inputs(frame)), features, labels


def test_it_is_scikit_learns_but_for_the_shuffles(fitted):
    predict, features, labels = fitted

    class Estimator:
        classes_ = np.array([0, 1])

        def fit(self, x, y): ...

        def decision_function(self, frame):
            return predict(frame)

        def __sklearn_tags__(self):
            return LogisticRegression().__sklearn_tags__()

    expected = of_scikit_learn(Estimator(), features, labels, scoring="average_precision", n_repeats=60, random_state=1)
    before = features.copy()
    table = permutation_importance(predict, features, labels)
    pd.testing.assert_frame_equal(features, before)
    assert table["column"].tolist() == ["x", "kind", "nothing"]
    for _, row in table.iterrows():
        place = list(features).index(row["column"])
        spread = expected.importances[place].std() * np.sqrt(1 / REPEATS + 1 / 60)
        assert row["importance"] == pytest.approx(expected.importances_mean[place], abs=4 * spread + 1e-12)
    assert np.abs(table[["importance", "low", "high"]].to_numpy()[-1]).max() < 1e-12  # of nothing
    assert (table["low"] <= table["importance"]).all()


def test_rows_that_belong_together_widen_the_interval_and_too_few_have_none(fitted):
    predict, features, labels = fitted
    alone = permutation_importance(predict, features, labels).iloc[0]
    doubled, twice = pd.concat([features] * 2, ignore_index=True), np.tile(labels, 2)
    together = permutation_importance(predict, doubled, twice, groups=np.tile(np.arange(800), 2)).iloc[0]
    apart = permutation_importance(predict, doubled, twice).iloc[0]
    assert together["high"] - together["low"] == pytest.approx(alone["high"] - alone["low"], rel=0.15)
    assert apart["high"] - apart["low"] < 0.8 * (together["high"] - together["low"])
    few = np.flatnonzero(np.cumsum(labels) <= 4)
    table = permutation_importance(predict, features.iloc[few].reset_index(drop=True), labels[few])
    assert np.isfinite(table["importance"]).all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_the_figure_has_a_bar_a_column_the_largest_on_top(fitted):
    predict, features, labels = fitted
    table = permutation_importance(predict, features, labels)
    figure = importance(table, average_precision=0.8, subtitle="a run")
    (axes,) = figure.axes
    bars: Any = axes.patches
    assert [bar.get_width() for bar in bars] == table["importance"].tolist()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "kind", "nothing"]
    assert figure.texts[0].get_text() == f"Average precision 0.800; with x shuffled {0.8 - table['importance'][0]:.3f}"
    many = pd.concat([table] * 9, ignore_index=True)
    assert importance(many, average_precision=0.8).texts[-1].get_text() == "7 more columns in figures/importance.csv"
