"""What every split must keep: nobody lost, nothing torn apart, the shares that were asked for."""

import hashlib
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.data import Dataset, RandomSplit, check, make_splits
from runner.data.sources import load_keel, load_synthetic
from runner.errors import InputError


def dataset(values, labels, groups=None, weights=None) -> Dataset:
    frame = pd.DataFrame({"x": np.asarray(values, dtype=float)})
    return check(Dataset("d", frame, np.asarray(labels), "test", weights=weights, groups=groups))


def rows_of(data: Dataset, seed=0, validation=0.2, test=0.2, duplicates="together"):
    return RandomSplit(seed, validation, test, duplicates).rows(data)


def sides_of(data: Dataset, **arguments) -> np.ndarray:
    side = np.full(len(data.labels), -1)
    for number, rows in enumerate(rows_of(data, **arguments)):
        side[rows] = number
    return side


@settings(max_examples=60, deadline=None)
@given(
    negatives=st.integers(4, 300),
    positives=st.integers(4, 60),
    validation=st.floats(0.05, 0.45),
    test=st.floats(0.05, 0.45),
    seed=st.integers(0, 2**32),
)
def test_single_rows_give_the_plain_stratified_split(negatives, positives, validation, test, seed):
    labels = np.repeat([0, 1], [negatives, positives])
    data = dataset(np.arange(len(labels)), labels)
    parts = rows_of(data, seed=seed, validation=validation, test=test)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for share, rows in zip((validation, test), parts[1:], strict=True):
        for label, total in ((0, negatives), (1, positives)):
            there = int((labels[rows] == label).sum())
            assert there >= 1
            assert abs(there - total * share) <= 0.5 or total * share < 1 or total * (1 - validation - test) < 3
    assert labels[parts[0]].sum() >= 2
    assert all((np.diff(rows) > 0).all() and rows.dtype == np.int64 for rows in parts)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_units_are_never_torn_apart(draw):
    rows = draw.draw(st.integers(30, 200))
    values = draw.draw(st.lists(st.integers(0, rows * 3), min_size=rows, max_size=rows))
    labels = draw.draw(st.lists(st.sampled_from([0, 0, 1]), min_size=rows, max_size=rows))
    groups = draw.draw(st.lists(st.integers(0, rows * 8), min_size=rows, max_size=rows))
    if len(set(labels)) < 2:
        return
    data = dataset(values, labels, groups=np.array(groups))
    try:
        side = sides_of(data, seed=draw.draw(st.integers(0, 99)))
    except InputError:
        return
    assert (side >= 0).all()
    for linked in (values, groups):
        assert pd.Series(side).groupby(linked).nunique().max() == 1
    for number in range(3):
        assert set(np.asarray(labels)[side == number]) == {0, 1}


def test_groups_and_duplicates_chain():
    # Row 0 and 1 share a group, 1 and 2 their values, 2 and 3 a group: all four are one unit.
    values = [0.0, 1.0, 1.0, 2.0, *range(10, 60)]
    groups = ["a", "a", "b", "b", *(f"own {row}" for row in range(50))]
    labels = [0, 1, 0, 1] + [0, 1] * 25
    for seed in range(10):
        assert len(set(sides_of(dataset(values, labels, np.array(groups)), seed=seed)[:4])) == 1


def test_a_gap_equals_a_gap_and_minus_zero_equals_zero():
    frame = pd.DataFrame({"x": [np.nan, np.nan, 0.0, -0.0, *range(5, 45)], "t": [None, None, "a", "a"] + ["b"] * 40})
    data = check(Dataset("d", frame, np.arange(44) % 2, "test"))
    for seed in range(10):
        side = sides_of(data, seed=seed)
        assert side[0] == side[1]
        assert side[2] == side[3]


def test_1235_duplicates_and_one_huge_group():
    rng = np.random.default_rng(0)
    values = np.concatenate([np.arange(995), rng.integers(0, 60, 1235)])  # 1235 of 2230 repeat an earlier row
    labels = np.isin(np.arange(2230), rng.choice(2230, 200, replace=False)).astype(int)
    data = dataset(values, labels)
    for seed in range(5):
        parts = rows_of(data, seed=seed)
        for share, rows in zip((0.6, 0.2, 0.2), parts, strict=True):
            assert len(rows) == pytest.approx(2230 * share, abs=12)
            assert labels[rows].sum() == pytest.approx(200 * share, abs=3)

    groups = np.where(np.arange(2230) % 2 == 0, -1, values)  # half of the rows, and all that repeat them, are one unit
    data = dataset(values, labels, groups=groups)
    parts = rows_of(data)
    huge = set(np.flatnonzero(groups == -1))
    assert huge <= set(parts[0]), "only the training part has room for it"
    assert all(labels[rows].sum() >= 1 for rows in parts)


def test_a_huge_group_leaves_the_other_parts_their_shares():
    labels = (np.arange(1000) % 10 == 0).astype(int)
    groups = np.where(np.arange(1000) < 580, 0, np.arange(1000))
    parts = rows_of(dataset(np.arange(1000), labels, groups=groups), seed=4)
    assert [len(rows) for rows in parts] == [600, 200, 200]
    assert [labels[rows].sum() for rows in parts] == [60, 20, 20]


def test_missed_shares_are_told(caplog):
    labels = (np.arange(1000) % 10 == 0).astype(int)
    huge = np.where(np.arange(1000) < 700, 0, np.arange(1000))
    parts = rows_of(dataset(np.arange(1000), labels, groups=huge))
    got = [f"{part} {len(rows) / 10:.3g}%" for part, rows in zip(("train", "validation", "test"), parts, strict=True)]
    (line,) = [message for message in caplog.messages if message.startswith("d: the shares")]
    for text in [*got, "(asked 60%)", "(asked 20%)", "one group holds 70% of the rows"]:
        assert text in line

    caplog.clear()
    rows_of(dataset(huge, labels))
    assert "one set of them holds 70% of the rows; split.duplicates=drop" in caplog.text

    caplog.clear()
    pairs = np.where(np.arange(1000) < 700, np.arange(1000) // 2 * 2, np.arange(1000))
    chained = np.where(np.arange(1000) < 700, (np.arange(1000) + 1) // 2 * 2, np.arange(1000))
    rows_of(dataset(pairs, labels, groups=chained))
    assert "groups that share equal rows stay together and one set of them holds 70.1% of the rows" in caplog.text


@pytest.mark.parametrize("largest", [1, 50, 580, 620])
def test_shares_that_are_met_are_not_told(largest, caplog):
    labels = (np.arange(1000) % 10 == 0).astype(int)
    groups = np.where(np.arange(1000) < largest, 0, np.arange(1000))
    rows_of(dataset(np.arange(1000), labels, groups=groups))
    rows_of(dataset(np.arange(12), np.repeat([0, 1], [8, 4])), validation=0.05, test=0.05)  # too few, no group's fault
    assert "shares" not in caplog.text


def test_pairs_only_still_hit_the_shares():
    labels = np.repeat(np.arange(500) % 10 == 0, 2).astype(int)
    parts = rows_of(dataset(np.repeat(np.arange(500), 2), labels))
    assert [len(rows) for rows in parts] == [600, 200, 200]
    assert [labels[rows].sum() for rows in parts] == [60, 20, 20]


@pytest.mark.parametrize("name", ["kddcup_rootkit_imap_vs_back", "winequality_red_4"])
def test_real_duplicates_stay_on_one_side(name):
    data = load_keel(name)
    side = sides_of(data)
    texts = data.features.astype(str).agg("|".join, axis=1)
    assert texts.duplicated().sum() > 200
    assert pd.Series(side).groupby(texts).nunique().max() == 1
    assert np.bincount(side) / len(side) == pytest.approx([0.6, 0.2, 0.2], abs=0.005)
    assert data.labels[side == 2].sum() == pytest.approx(data.labels.sum() * 0.2, abs=1)


def test_drop_keeps_the_first_and_tells_of_conflicts(caplog):
    values = [*range(40), 0, 1, 2]
    labels = [0, 1] * 20 + [0, 0, 0]  # row 41 contradicts row 1
    with caplog.at_level(logging.WARNING, logger="runner.data"):
        parts = rows_of(dataset(values, labels), duplicates="drop")
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(40))
    assert "3 of 43 rows" in caplog.text
    assert "1 of them had another label" in caplog.text


def digest(parts) -> str:
    return hashlib.sha256(b"|".join(rows.astype(np.int64).tobytes() for rows in parts)).hexdigest()[:16]


def test_a_seed_gives_the_rows_that_it_gave_in_earlier_versions():
    """Recorded runs stay comparable with new ones."""
    plain, repeated = load_synthetic(rows=500, prevalence=0.1), load_keel("winequality_red_4")
    grouped = replace(plain, groups=np.arange(500) // 7)
    found = [digest(rows_of(data, seed=3, test=0.25)) for data in (plain, repeated, grouped)]
    assert found == ["6691375431b4e5c8", "5db6a5cd0ab59ae2", "1fd0a8b0963ebd2c"]
    assert digest(rows_of(repeated, seed=3, test=0.25, duplicates="drop")) == "adf100d15aeeaf6f"


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    data = load_synthetic(rows=500, prevalence=0.1)
    first, again, other = rows_of(data, seed=1), rows_of(data, seed=1), rows_of(data, seed=2)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert set(first[2]) != set(other[2])


def test_every_row_has_the_same_chance():
    data = dataset(np.repeat(np.arange(60), 2), np.repeat([0, 0, 1], 40))
    tested = sum((sides_of(data, seed=seed) == 2).astype(int) for seed in range(200))
    assert tested.min() > 15
    assert tested.max() < 70


def test_parts_carry_inputs_labels_and_weights_of_their_rows():
    labels = np.arange(50) % 2
    data = dataset(np.arange(50), labels, weights=np.arange(50) + 1)
    splits = make_splits(data, RandomSplit(seed=0, validation=0.2, test=0.2))
    train = splits.train.rows
    for part in (splits.train, splits.validation, splits.test):
        np.testing.assert_array_equal(part.labels, labels[part.rows])
        assert part.weights is not None
        np.testing.assert_allclose(part.weights, (part.rows + 1) / (train + 1).mean(), rtol=1e-6)
        np.testing.assert_allclose(part.inputs[:, 0], (part.rows - train.mean()) / train.std(), rtol=1e-5)
        assert part.weights is not None
        assert part.inputs.dtype == part.labels.dtype == part.weights.dtype == np.float32
        assert part.rows.dtype == np.int64
    assert splits.positives + splits.negatives == 30
    assert splits.prevalence == 0.5


def test_as_few_positives_as_can_be():
    parts = rows_of(dataset(np.arange(104), np.repeat([0, 1], [100, 4])), validation=0.1, test=0.1)
    assert [int((rows >= 100).sum()) for rows in parts] == [2, 1, 1]
    heaps = np.repeat(np.arange(140), [1] * 100 + [5] * 40)  # positives come in heaps of five only
    data = dataset(heaps, heaps >= 100)
    assert all((heaps[rows] >= 100).any() for rows in rows_of(data, validation=0.05, test=0.05))


LABELS = np.repeat([0, 1], [40, 10])


@pytest.mark.parametrize(
    ("data", "arguments", "named"),
    [
        (dataset(np.arange(43), np.repeat([0, 1], [40, 3])), {}, ["3 positive rows", "too few"]),
        (dataset(np.arange(42), np.repeat([0, 1], [2, 40])), {}, ["2 negative rows", "too few"]),
        (dataset([*range(40), *[99] * 10], LABELS), {}, ["10 positive rows", "1 sets", "validation goes without"]),
        (dataset(np.arange(50), LABELS, groups=LABELS), {}, ["10 positive rows", "groups"]),
        (dataset(np.arange(50), LABELS), {"validation": 0.0}, ["split.validation=0.0"]),
        (dataset(np.arange(50), LABELS), {"test": 1.5}, ["split.test=1.5"]),
        (dataset(np.arange(50), LABELS), {"validation": 0.5, "test": 0.5}, ["split.validation=0.5", "split.test"]),
        (dataset(np.arange(50), LABELS), {"duplicates": "keep"}, ["split.duplicates=keep", "together"]),
        (dataset(np.arange(50), LABELS), {"seed": -1}, ["split.seed=-1"]),
    ],
)
def test_refusals(data, arguments, named):
    with pytest.raises(InputError) as refused:
        rows_of(data, **arguments)
    message = str(refused.value)
    assert "\n" not in message
    for text in named:
        assert text in message


class Own:
    """A user's way of splitting."""

    def __init__(self, *parts):
        self.parts = parts

    def rows(self, _):
        return self.parts


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ((range(30), range(30, 50)), "returned 2 parts"),
        ((range(30), range(29, 40), range(40, 50)), "a row is in two parts"),
        ((range(30), range(30, 40), range(40, 51)), "numbered from 0 to 49"),
        ((range(30), range(30, 40, 2), range(40, 50)), "no positive rows in the validation part"),
    ],
)
def test_a_split_of_ones_own_is_held_to_what_ours_are(parts, named):
    data = dataset(np.arange(50), np.arange(50) % 2)
    with pytest.raises(InputError, match=named):
        make_splits(data, Own(*parts))
    backwards = make_splits(data, Own(list(range(29, -1, -1)), range(30, 40), range(40, 50)))
    assert (np.diff(backwards.train.rows) > 0).all()


@pytest.mark.parametrize("factor", [1.0, 1e-300, 1e-8, 1e30, 1e308])
def test_a_common_factor_of_all_weights_changes_nothing(factor):
    weights = 1 + np.arange(50) % 5 / 5
    plain, scaled = (
        make_splits(
            dataset(np.arange(50), np.arange(50) % 2, weights=each), RandomSplit(seed=0, validation=0.2, test=0.2)
        )
        for each in (weights, weights / 2 * factor)
    )
    assert plain.train.weights is not None
    assert plain.train.weights.mean() == pytest.approx(1, rel=1e-6)
    for name in ("train", "validation", "test"):
        ours, theirs = (getattr(splits, name).weights for splits in (plain, scaled))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert plain.test.weights is not None
    np.testing.assert_allclose(
        plain.test.weights, (weights / weights[plain.train.rows].mean())[plain.test.rows], rtol=1e-6
    )


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_class_without_weight_in_a_part_is_refused(part, label):
    labels = np.arange(50) % 2
    rows = getattr(
        make_splits(dataset(np.arange(50), labels), RandomSplit(seed=0, validation=0.2, test=0.2)), part
    ).rows
    weights = np.ones(50)
    weights[rows[labels[rows] == label]] = 0
    called = {"train": "training"}.get(part, part)
    with pytest.raises(InputError, match=f"every {('negative', 'positive')[label]} row of the {called} part weighs 0"):
        make_splits(dataset(np.arange(50), labels, weights=weights), RandomSplit(seed=0, validation=0.2, test=0.2))


@pytest.mark.parametrize(("positives", "warned"), [(95, True), (100, False)])
@pytest.mark.parametrize("flipped", [False, True], ids=["few positives", "few negatives"])
def test_a_part_with_few_of_the_rarer_class_is_told(caplog, positives, warned, flipped):
    labels = (np.arange(500) < positives).astype(int)
    make_splits(
        dataset(np.arange(500), 1 - labels if flipped else labels), RandomSplit(seed=0, validation=0.2, test=0.2)
    )
    told = [message for message in caplog.messages if message.startswith("d: few")]
    assert len(told) == warned
    assert all(message.startswith(f"d: few {'negatives' if flipped else 'positives'} (train ") for message in told)


@pytest.mark.parametrize(
    ("sigma", "preprocessing", "warned"), [(2.5, "standard", 1), (0.5, "standard", 0), (2.5, "quantile", 0)]
)
def test_heavy_tails_are_told_with_the_preprocessing_that_takes_them(sigma, preprocessing, warned, caplog):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(np.exp(sigma * rng.normal(size=(12_000, 3))), columns=["income", "debt", "ratio"]).assign(
        age=rng.normal(size=12_000)
    )
    data = check(Dataset("credit", frame, (np.arange(12_000) % 10 == 0).astype("int8"), "test"))
    make_splits(data, RandomSplit(seed=0, validation=0.2, test=0.2), preprocessing=preprocessing)
    said = [record.message for record in caplog.records if "preprocessing=quantile" in record.message]
    assert len(said) == warned
    if warned:
        assert said[0].startswith("credit: columns with values 30 standard deviations and more from their mean: ")
        assert "age" not in said[0]
