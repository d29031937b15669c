"""The whole way from a table of runs to its verdicts, on simulated data whose truth is known.

A small version of benchmarks/verdict.py, where the full one and its numbers are. Limits leave room for chance: of 300
tables with a true share of 5%, more than 7% are false in 1 simulation of 20.
"""

import numpy as np
import pytest
from comparison_tables import METRIC, results

from benchmarks.verdict import correlation, naive_t, simulate
from runner.comparison import one_dataset, pair

SPLITS, LOSSES, TABLES = 8, 5, 300


@pytest.fixture(scope="module")
def scores():
    """(tables, splits, learners) average precisions; the learners are equally good by construction."""
    rng = np.random.default_rng(0)
    return np.array([simulate(rng, SPLITS, LOSSES + 1, rows=600) for _ in range(TABLES)])


def compared(scores):
    """What is said of (splits, learners) scores, the first learner the baseline."""
    cells = {
        ("builtin" if learner == 0 else f"loss{learner}", "simulated", split, 0): score
        for (split, learner), score in np.ndenumerate(scores)
    }
    return one_dataset(pair(results(cells), METRIC, "builtin"), "simulated").compared


def test_equally_good_losses_are_rarely_called_better_or_worse(scores):
    found = [compared(table) for table in scores]
    false = np.mean([any(one.verdict in ("better", "worse") for one in table) for table in found])
    assert false <= 0.07
    covered = np.mean([one.interval[0] <= 0 <= one.interval[1] for table in found for one in table])
    assert 0.93 <= covered <= 0.99


def test_the_paired_t_test_would_call_many_of_them_different(scores):
    """The simulation does have what the correction is for."""
    gains = scores[..., 1:] - scores[..., :1]
    assert np.mean(naive_t(gains)[0] <= 0.05) > 0.1
    assert correlation(scores)[1] > 0.05


def test_a_big_gap_is_found(scores):
    planted = scores[:60].copy()
    planted[..., 1] += 0.5
    found = [compared(table)[0] for table in planted]
    assert np.mean([one.verdict == "better" for one in found]) > 0.95
    observed = np.mean(planted[..., 1] - planted[..., 0], axis=1)
    assert [one.gain for one in found] == pytest.approx(list(observed))
