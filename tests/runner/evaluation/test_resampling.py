"""The draws: what they are, that they are drawn once, and that they never fill the memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from runner.evaluation.resampling import ResampleCache

SMALL = 150 * 50  # bytes of 50 resamples of 150 rows


def labels(rows=150, positives=20, seed=0):
    return np.random.default_rng(seed).permutation(np.r_[np.ones(positives, bool), np.zeros(rows - positives, bool)])


def draws(positive, resamples, seed=0, cache=None):
    cache = cache or ResampleCache()
    return list(cache.counts(positive, rows=len(positive), resamples=resamples, seed=seed))


def test_positives_are_drawn_among_positives_and_negatives_among_negatives():
    positive = labels()
    (counts,) = draws(positive, 2000, seed=1)
    assert counts.shape == (150, 2000)
    assert (counts[positive].sum(0) == 20).all()
    assert (counts[~positive].sum(0) == 130).all()
    # each row once on average, with the variance 1 - 1/n of draws with replacement (five standard errors)
    np.testing.assert_allclose(counts.mean(1), 1, atol=5 * np.sqrt(1 / 2000))
    assert counts[positive].var() == pytest.approx(1 - 1 / 20, rel=0.05)
    assert counts[~positive].var() == pytest.approx(1 - 1 / 130, rel=0.05)
    assert len(np.unique(counts, axis=1).T) == 2000


@pytest.mark.parametrize(("step", "sizes"), [(100, [40]), (16, [16, 16, 8])])
def test_each_piece_draws_the_positives_first_then_the_negatives(step, sizes):
    positive = labels()
    rng = np.random.default_rng(4)
    found = draws(positive, 40, seed=4, cache=ResampleCache(cells=150 * step))
    assert [piece.shape for piece in found] == [(150, size) for size in sizes]
    for piece in found:
        counts = np.zeros(piece.shape, int)
        for members in (np.flatnonzero(positive), np.flatnonzero(~positive)):
            for column, chosen in enumerate(rng.integers(len(members), size=(piece.shape[1], len(members)))):
                np.add.at(counts[:, column], members[chosen], 1)
        np.testing.assert_array_equal(piece, counts)


@pytest.mark.parametrize("cells", [1, 150, 1000, 10**9])
def test_a_piece_holds_no_more_than_the_cells(cells):
    pieces = draws(labels(), 7, cache=ResampleCache(cells=cells))
    assert sum(piece.shape[1] for piece in pieces) == 7
    assert all(piece.size <= max(cells, 150) for piece in pieces)
    assert all((piece[labels()].sum(0) == 20).all() for piece in pieces)


def test_equal_questions_share_one_answer_and_others_get_another():
    cache = ResampleCache()
    (counts,) = draws(labels(), 50, cache=cache)
    assert draws(labels().copy(), 50, cache=cache)[0] is counts
    assert not np.array_equal(draws(labels(), 50, seed=1, cache=cache)[0], counts)
    assert not np.array_equal(draws(labels(seed=1), 50, cache=cache)[0], counts)
    assert draws(labels(), 60, cache=cache)[0].shape == (150, 60)
    with pytest.raises(ValueError, match="read-only"):
        counts[0, 0] = 3


def test_only_the_latest_draws_are_kept():
    cache = ResampleCache(max_bytes=3 * SMALL)
    first, second, third = (draws(labels(), 50, seed, cache)[0] for seed in range(3))
    assert draws(labels(), 50, 0, cache)[0] is first  # the latest again
    draws(labels(), 50, 3, cache)
    assert cache.bytes_held == 3 * SMALL
    assert draws(labels(), 50, 0, cache)[0] is first
    assert draws(labels(), 50, 2, cache)[0] is third
    assert draws(labels(), 50, 1, cache)[0] is not second


def test_draws_too_many_to_keep_are_made_anew_and_equal():
    (kept,) = draws(labels(), 50)
    cache = ResampleCache(max_bytes=SMALL - 1)
    for _ in range(2):
        (anew,) = draws(labels(), 50, cache=cache)
        np.testing.assert_array_equal(anew, kept)
    assert cache.bytes_held == 0


def test_counts_beyond_a_byte_are_not_cut(monkeypatch):
    class AlwaysTheFirst:
        def integers(self, members, size):
            return np.zeros(size, int)

    positive = labels(rows=1000, positives=700)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: AlwaysTheFirst())
    (counts,) = draws(positive, 3)
    assert np.unique(counts).tolist() == [0, 300, 700]


def test_threads_get_the_same_draws():
    cache = ResampleCache()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: (number % 5, draws(labels(), 200, number % 5, cache)[0]), range(80)))
    for seed in range(5):
        answers = [counts for asked, counts in found if asked == seed]
        assert all(counts is answers[0] for counts in answers)
    assert cache.bytes_held == 5 * 150 * 200
