"""`runner predict --explain`: which inputs are a column's, and scores with contributions that add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import FeatureUnion
from small_population import rows_of_population

from runner.config.schemas import PREPROCESSING
from runner.data import make_preprocessing
from runner.deployment import PredictOptions, find_model, predict_file, tables
from runner.deployment.explain import BASE, PREFIX, Explainer, columns_of_inputs
from runner.errors import InputError

FRAME = rows_of_population(300, seed=1).drop(columns="y")


@pytest.mark.parametrize("numbers_by", PREPROCESSING)
def test_the_inputs_of_a_column_are_those_that_change_with_it(numbers_by):
    codes = pd.Series(np.random.default_rng(0).zipf(1.6, 300)).astype(str)  # most of them rare
    frame = FRAME.assign(codes=codes, amount_colour=np.arange(300.0), empty=np.nan)
    fitted = make_preprocessing(frame, numbers_by).fit(frame)
    both = FeatureUnion([("one", fitted), ("other", make_preprocessing(frame[:150], numbers_by).fit(frame[:150]))])
    for preprocessing in (fitted, both):
        places = list(columns_of_inputs(preprocessing))
        inputs = preprocessing.transform(frame)
        assert np.array_equal(np.sort(np.concatenate(places)), np.arange(inputs.shape[1]))
        for name, own in zip(frame.columns, places, strict=True):
            shuffled = frame.assign(**{name: frame[name].to_numpy()[::-1]})
            changed = np.flatnonzero((preprocessing.transform(shuffled) != inputs).any(axis=0))
            assert set(changed) <= set(own), name


def test_contributions_and_the_base_are_the_logit_in_chunks_too(swept, tmp_path, monkeypatch):
    model = find_model(str(swept.runs(with_model=True)[0]), swept.uri)
    swept.table.drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    predict_file(model, tmp_path / "new.csv", tmp_path / "plain.csv", PredictOptions())
    monkeypatch.setattr(tables, "BLOCK", 2000)
    for target in ("scores.csv", "scores.parquet"):
        predict_file(model, tmp_path / "new.csv", tmp_path / target, PredictOptions(explain=True))
    scores, plain = pd.read_parquet(tmp_path / "scores.parquet"), pd.read_csv(tmp_path / "plain.csv")
    own = [f"{PREFIX}{name}" for name in ("amount", "visits", "member", "colour")]
    assert list(scores) == ["row", "probability", "raw_probability", "label", BASE, *own]
    assert list(pd.read_csv(tmp_path / "scores.csv")) == list(scores)
    np.testing.assert_allclose(scores["raw_probability"], plain["raw_probability"], rtol=1e-5)
    logit = np.log(scores["raw_probability"] / (1 - scores["raw_probability"]))
    np.testing.assert_allclose(scores[own].sum(axis=1) + scores[BASE], logit, atol=1e-4)

    typical = {"amount": [swept.table["amount"].median()], "visits": [4], "member": [False], "colour": ["red"]}
    base = model.score(pd.DataFrame(typical))["raw_probability"]
    assert Explainer(model).base == pytest.approx(np.log(base[0] / (1 - base[0])), abs=0.5)  # quantiles are 2% apart
    assert scores[own].abs().mean().idxmax() == f"{PREFIX}amount"


def test_a_model_that_keeps_no_profile_is_refused_before_anything_is_written(swept, tmp_path):
    model = find_model(str(swept.runs(with_model=True)[0]), swept.uri)
    swept.table.to_csv(tmp_path / "new.csv", index=False)
    old = dataclasses.replace(model, profile=None)
    with pytest.raises(InputError, match=r"--explain: .* is of an older version"):
        predict_file(old, tmp_path / "new.csv", tmp_path / "scores.csv", PredictOptions(explain=True))
    assert not (tmp_path / "scores.csv").exists()
