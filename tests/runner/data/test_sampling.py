"""Sampling of the training part: which rows there are afterwards, and that its bias is undone in closed form."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

import losses
from runner.data import (
    Dataset,
    Oversample,
    RandomSplit,
    Smote,
    Splits,
    Undersample,
    check,
    make_splits,
    with_sampled_train,
)
from runner.data.sources import load_synthetic
from runner.errors import InputError


@pytest.fixture(scope="module")
def splits() -> Splits:
    data = load_synthetic(rows=1000, features=4, prevalence=0.1, separation=1.0, label_noise=0.0, seed=0)
    return make_splits(check(data), RandomSplit(0, 0.2, 0.2))


def of_few(positives: int, **columns: object) -> Splits:
    labels = np.repeat([0, 1], [200, positives])
    frame = pd.DataFrame({"x": np.arange(len(labels), dtype=float), **columns})
    return make_splits(check(Dataset("few", frame, labels, "test")), RandomSplit(0, 0.2, 0.2))


def test_undersampling_keeps_all_positives_and_some_negatives(splits):
    train = with_sampled_train(splits, Undersample(0.5), 0).train
    positive = splits.train.labels == 1
    np.testing.assert_array_equal(train.rows[train.labels == 1], splits.train.rows[positive])
    negatives = train.rows[train.labels == 0]
    assert len(np.unique(negatives)) == len(negatives) == 2 * positive.sum()
    assert set(negatives) < set(splits.train.rows[~positive])
    place = np.searchsorted(splits.train.rows, train.rows)
    np.testing.assert_array_equal(train.inputs, splits.train.inputs[place])
    np.testing.assert_array_equal(train.labels, splits.train.labels[place])
    assert train.drawn_from == (positive.sum(), (~positive).sum())
    assert train.rows_of_data == len(splits.train.rows) > len(train.rows)


def test_oversampling_repeats_positives_alone(splits):
    train = with_sampled_train(splits, Oversample(0.75), 0).train
    own, counts = np.unique(train.rows, return_counts=True)
    np.testing.assert_array_equal(own, splits.train.rows)
    positive = splits.train.labels == 1
    assert (counts[~positive] == 1).all()
    assert counts[positive].sum() == round(0.75 * (~positive).sum())
    np.testing.assert_array_equal(train.inputs, splits.train.inputs[np.searchsorted(splits.train.rows, train.rows)])


def test_smote_makes_rows_between_a_positive_and_one_of_its_neighbours(splits):
    k = 3
    train = with_sampled_train(splits, Smote(1.0, k), 0).train
    there = len(splits.train.rows)
    np.testing.assert_array_equal(train.rows[:there], splits.train.rows)
    np.testing.assert_array_equal(train.inputs[:there], splits.train.inputs)
    made = train.inputs[there:].astype(float)
    assert (train.rows[there:] == -1).all()
    assert (train.labels[there:] == 1).all()
    assert train.labels.sum() == (train.labels == 0).sum()
    assert train.inputs.dtype == train.labels.dtype == np.float32

    positives = splits.train.inputs[splits.train.labels == 1].astype(float)
    distances = np.linalg.norm(positives[:, None] - positives[None], axis=2)
    neighbours = positives[np.argsort(distances, axis=1)[:, 1 : k + 1]]
    starts = np.repeat(positives[:, None], k, axis=1).reshape(-1, positives.shape[1])
    steps = neighbours.reshape(starts.shape) - starts
    for row in made:  # on one of the segments: Chawla et al. 2002
        share = ((row - starts) * steps).sum(axis=1) / (steps**2).sum(axis=1)
        gaps = np.abs(starts + np.clip(share, 0, 1)[:, None] * steps - row).max(axis=1)
        assert gaps.min() < 1e-5


@pytest.mark.parametrize(
    "sampler", [Undersample(1.0), Oversample(1.0), Smote(1.0)], ids=lambda each: type(each).__name__
)
def test_the_seed_decides_and_nothing_else_is_touched(splits, sampler):
    first, same, other = (with_sampled_train(splits, sampler, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.train.inputs, same.train.inputs)
    assert first.train.inputs.shape == other.train.inputs.shape
    assert not np.array_equal(first.train.inputs, other.train.inputs)
    assert first.validation is splits.validation
    assert first.test is splits.test
    assert splits.train.drawn_from is None
    assert first.prevalence == 0.5


def undone(loss: keras.losses.Loss, logits: np.ndarray, **known: Any) -> np.ndarray:
    found = losses.inverse_map(loss, logits, **known)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "loss",
    [losses.CustomLoss(), losses.WeightedLoss(positive_weight=4.0), keras.losses.BinaryCrossentropy(from_logits=True)],
    ids=lambda each: type(each).__name__,
)
def test_the_shift_of_the_prior_is_undone_by_bayes_rule(splits, loss):
    """Elkan 2001, theorem 2: the probability at another base rate."""
    train = with_sampled_train(splits, Undersample(0.4), 0).train
    logits = np.linspace(-4, 4, 9)
    seen = undone(loss, logits)  # without sampling
    base, own = splits.prevalence, train.labels.astype(float).mean()
    expected = base * (seen - seen * own) / (own - seen * own + base * seen - own * base)
    found = undone(loss, logits, class_weights=train.class_weights, rows=len(train.labels))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("sampler", [Undersample(1.0), Oversample(1.0)], ids=lambda each: type(each).__name__)
def test_a_model_of_sampled_rows_comes_to_the_probabilities_of_all_rows(sampler):
    data = load_synthetic(rows=40_000, features=2, prevalence=0.05, separation=1.0, label_noise=0.0, seed=1)
    splits = make_splits(check(data), RandomSplit(0, 0.2, 0.2))
    train = with_sampled_train(splits, sampler, 0).train
    sampled, whole = (
        LogisticRegression(C=np.inf).fit(part.inputs, part.labels).decision_function(splits.test.inputs)
        for part in (train, splits.train)
    )
    found = undone(losses.CustomLoss(), sampled, class_weights=train.class_weights)
    assert expit(sampled).mean() > 0.25
    assert found.mean() == pytest.approx(splits.test.labels.mean(), rel=0.1)
    assert np.abs(logit(found) - whole).max() < 0.5


def test_sample_weights_go_with_their_rows(splits):
    weights = np.random.default_rng(0).random(len(splits.train.rows)).astype(np.float32) + 0.5
    weighted = replace(splits, train=replace(splits.train, weights=weights))
    train = with_sampled_train(weighted, Oversample(1.0), 0).train
    place = np.searchsorted(splits.train.rows, train.rows)
    assert train.weights is not None
    np.testing.assert_allclose(train.weights, weights[place] / weights[place].mean(), rtol=1e-5)
    assert train.weights.dtype == np.float32
    positive, negative = train.class_weights
    of_class = [weights[place][train.labels == label].sum() / (splits.train.labels == label).sum() for label in (1, 0)]
    assert positive / negative == pytest.approx(of_class[0] / of_class[1], rel=1e-5)


def weighted(splits: Splits) -> Splits:
    return replace(splits, train=replace(splits.train, weights=np.ones(len(splits.train.rows), np.float32)))


@pytest.mark.parametrize(
    ("made", "sampler", "message"),
    [
        (lambda: of_few(100), Undersample(0.25), r"sampling\.ratio=0\.25: .* 0\.5 positives to one negative already"),
        (lambda: of_few(100), Oversample(0.25), r"\(60 to 120\).*sampling=none"),
        (lambda: of_few(8), Smote(1.0), r"neighbors=5: .* 4 positives, .*k_neighbors=3 or fewer.*sampling=oversample"),
        (lambda: of_few(40, kind=["a", "b"] * 120), Smote(1.0), r"'kind' is a column of categories.*oversample"),
        (lambda: weighted(of_few(40)), Smote(1.0), r"no sample weight.*dataset\.sample_weight=null"),
    ],
)  # fmt: skip
def test_what_cannot_be_sampled_is_refused(made, sampler, message):
    with pytest.raises(InputError, match=message):
        with_sampled_train(made(), sampler, 0)


def test_a_sampler_that_leaves_one_class_is_refused(splits):
    class Positives:
        def sample(self, splits, seed):
            return replace(splits.train, labels=np.ones_like(splits.train.labels))

    with pytest.raises(InputError, match="Positives leaves rows of one class"):
        with_sampled_train(splits, Positives(), 0)


@pytest.mark.parametrize("ratio", [0, 1.5, True, "much"])
def test_a_ratio_is_a_number_up_to_one(ratio):
    with pytest.raises(InputError, match=r"sampling\.ratio"):
        Undersample(ratio)


def test_without_imbalanced_learn_one_line_says_what_to_install(splits, monkeypatch):
    def missing(name):
        if name.startswith("imblearn"):
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("runner.data.sampling.import_module", missing)
    with pytest.raises(InputError, match="pip install imbalanced-learn"):
        with_sampled_train(splits, Oversample(1.0), 0)
