"""Models of scikit-learn as references: what they are trained on, and what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from small_training import make_splits

from runner.config.schemas import REFERENCES
from runner.data.threads import half_of_the_cores
from runner.training.references import fit_reference, sampled_rows

MODELS = {"logistic": LogisticRegression(max_iter=300), "gradient_boosting": HistGradientBoostingClassifier()}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("weights", [False, True])
def test_logits_are_those_of_the_probabilities_that_scikit_learn_gives(name, weights):
    splits = make_splits(weights=weights)
    fitted = fit_reference(name, splits)
    train = splits.train
    with half_of_the_cores():
        model = MODELS[name].fit(train.inputs.astype(float), train.labels, sample_weight=train.weights)

    for part in ("validation", "test"):
        expected = model.predict_proba(getattr(splits, part).inputs.astype(float))[:, 1]
        np.testing.assert_allclose(expit(getattr(fitted, part)), expected, rtol=1e-6)
    assert fitted.rows == len(train.labels)
    assert average_precision_score(splits.test.labels, fitted.test) > 0.4  # a fifth by guessing


def test_of_many_rows_a_sample_with_the_classes_in_equal_shares_is_trained_on():
    splits = make_splits(rows=1000)
    width = splits.train.inputs.shape[1]
    rows = sampled_rows(splits.train, 500 * width)

    assert len(rows) == 500
    assert splits.train.labels[rows].sum() == 100
    assert (np.diff(rows) > 0).all()
    assert fit_reference("logistic", splits, 500 * width).rows == 500
    only = replace(splits.train, inputs=splits.train.inputs[rows], labels=splits.train.labels[rows], rows=rows)
    np.testing.assert_array_equal(
        fit_reference("logistic", splits, 500 * width).test, fit_reference("logistic", replace(splits, train=only)).test
    )
    np.testing.assert_array_equal(sampled_rows(splits.train, 1000 * width), np.arange(1000))
