"""Results tables for the tests of the comparison."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

METRIC = "test/average_precision"


def results(scores: Mapping[tuple[str, str, int, int], float], metric: str = METRIC, **columns: object) -> pd.DataFrame:
    """One row a run, from scores by (loss, dataset, split, seed); 300 rows trained on, 100 tested."""
    return pd.DataFrame(
        [
            {
                "run_id": f"run{number}",
                "loss": loss,
                "dataset": dataset,
                "split": split,
                "seed": seed,
                "n_train": 300,
                "n_test": 100,
                "seconds": 2.0,
                metric: score,
                **columns,
            }
            for number, ((loss, dataset, split, seed), score) in enumerate(scores.items())
        ]
    )


def one_seed(scores: Mapping[str, list[float]], dataset: str = "pima", metric: str = METRIC) -> pd.DataFrame:
    """Losses with a list of scores, one a split of one dataset."""
    return results(
        {(loss, dataset, split, 0): score for loss, row in scores.items() for split, score in enumerate(row)}, metric
    )


def one_split(scores: Mapping[str, list[float]], datasets: list[str], metric: str = METRIC) -> pd.DataFrame:
    """Losses with a list of scores, one a dataset."""
    return results(
        {
            (loss, dataset, 0, 0): score
            for loss, row in scores.items()
            for dataset, score in zip(datasets, row, strict=True)
        },
        metric,
    )
