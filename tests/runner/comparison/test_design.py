"""The cheapest design: the spreads it is chosen by, and the choice beside a search of all designs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, results

from runner.comparison import one_dataset, pair, verdict
from runner.comparison.corrected_t import CorrectedT
from runner.comparison.design import SEEDS, Design, cheapest_design, spreads
from runner.comparison.planning import power

RATIO = 0.25


def test_spreads_are_those_that_differences_were_made_with():
    rng, splits, seeds, found = np.random.default_rng(0), 40, 3, []
    for _ in range(300):
        cells = rng.normal(0, 0.02, (splits, 1)) + rng.normal(0, 0.03, (splits, seeds))
        within = float(np.sqrt(cells.var(axis=1, ddof=1).mean()))
        found.append(spreads(float(cells.mean(axis=1).std(ddof=1)), within, np.full(splits, seeds)))
    between, within = np.sqrt(np.mean(np.square(found), axis=0))  # variances are what is estimated without bias
    assert between == pytest.approx(0.02, rel=0.05)
    assert within == pytest.approx(0.03, rel=0.02)
    cells = np.array([[0.01, -0.02, 0.03], [0.03, -0.01, -0.01]])  # means that are closer than their seeds make likely
    pooled = float(np.sqrt(cells.var(axis=1, ddof=1).mean()))
    means = float(cells.mean(axis=1).std(ddof=1))
    assert spreads(means, pooled, np.full(2, 3)) == (0.0, pytest.approx(cells.std(ddof=1)))


@pytest.mark.parametrize(("between", "within", "seeds"), [(0.002, 0.03, 10), (0.02, 0.002, 1), (0.012, 0.02, None)])
def test_no_design_with_fewer_runs_decides(between, within, seeds):
    spread = float(np.sqrt(between**2 + within**2 / 2))
    estimate = CorrectedT(0.03, spread, 6, RATIO)
    found = cheapest_design(estimate, within, np.full(6, 2), 0.05, 0.005)
    assert found is not None
    assert (found.between, found.within) == (pytest.approx(between), within)

    def decides(splits: int, count: int) -> bool:
        own = CorrectedT(0.03, float(np.sqrt(between**2 + within**2 / count)), 6, RATIO)
        return power(own, 0.05, 0.005, splits) >= 0.8

    deciding = [(splits * count, count) for count in SEEDS for splits in range(2, 200) if decides(splits, count)]
    assert (found.runs, found.seeds) == min(deciding)
    if seeds is not None:  # many seeds where they are what varies, one where they are not
        assert found.seeds == seeds or (found.seeds > 1) == (seeds > 1)


def test_seeds_that_were_not_repeated_say_nothing():
    assert cheapest_design(CorrectedT(0.03, 0.02, 6, RATIO), np.nan, np.ones(6), 0.05, 0.005) is None
    hopeless = CorrectedT(0.0, 0.02, 6, RATIO)  # no gain, and a spread that no tie fits into
    assert cheapest_design(hopeless, 0.001, np.full(6, 2), 0.05, 0.0001) is None


def table(gains: np.ndarray) -> pd.DataFrame:
    """The baseline, and a loss that is better by `gains` (splits, seeds)."""
    scores = {("builtin", "pima", split, seed): 0.5 for split, seed in np.ndindex(gains.shape)}
    return results(
        {**scores, **{("focal", "pima", *cell): 0.5 + float(gains[cell]) for cell in np.ndindex(gains.shape)}}
    )


def test_the_verdict_names_the_design_where_it_cannot_tell():
    gains = 0.02 + np.random.default_rng(1).normal(0, 0.03, (4, 2))
    runs = table(gains)
    paired = pair(runs, METRIC, "builtin")
    (one,) = paired.pairs
    assert one.seed_spread == pytest.approx(np.sqrt(gains.var(axis=1, ddof=1).mean()))
    comparison = one_dataset(paired, "pima")
    (compared,) = comparison.compared
    assert compared.verdict == "cannot tell"
    assert isinstance(compared.design, Design)
    (sentence,) = [each for each in verdict(runs, comparison).sentences if "Cheapest" in each]
    assert sentence.startswith(
        f"Cheapest design that decides with 80% power, if means and spreads stay: for focal, {compared.design}"
    )

    single = table(gains[:, :1])  # one seed a split: there is nothing to choose between
    comparison = one_dataset(pair(single, METRIC, "builtin"), "pima")
    assert comparison.compared[0].design is None
    assert not any("Cheapest" in each for each in verdict(single, comparison).sentences)


def test_going_on_with_as_many_seeds_is_no_other_design():
    gains = 0.02 + np.random.default_rng(3).normal(0, 0.07, (5, 10))  # seeds are what varies, and there are many
    (compared,) = one_dataset(pair(table(gains), METRIC, "builtin"), "pima").compared
    assert "more split" in compared.reason
    assert compared.design is None
