"""From a table of runs to each loss beside the baseline, on the same splits and seeds.

Three decisions:

- Seeds are averaged within a split first. Several seeds on one split repeat the training, not the data, so they make
  a split's score steadier but are no further splits.
- A loss is compared on the (split, seed) cells that it and the baseline both have. A cell only one of them has would
  compare different data. Another loss that failed there takes nothing from this comparison.
- A cell that is missing, or whose metric is not finite, is listed with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from runner.comparison.dataset_families import parents
from runner.metrics import sign

CELL = ["loss", "dataset", "split", "seed"]
SIZES = ["n_train", "n_test"]


@dataclass(frozen=True)
class Missing:
    """A run that a comparison had to do without.

    Attributes:
        loss, dataset: whose.
        split, seed: which cell, or None where the loss has no run at all on the dataset.
        reason: why, in words.
    """

    loss: str
    dataset: str
    split: int | str | None
    seed: int | None
    reason: str

    def __str__(self) -> str:
        cell = "" if self.split is None else f", {_named(self.split)}, seed {self.seed}"
        return f"{self.loss} on {self.dataset}{cell}: {self.reason}"


@dataclass(frozen=True)
class Pair:
    """One loss beside the baseline on the J splits of a dataset that both have.

    Attributes:
        loss, dataset: what is compared, and where.
        splits: (J,) the splits, ascending: their seeds, or what they are called, as "fold 2".
        seeds: (J,) how many training seeds each score averages.
        scores, baseline_scores: (J,) the metric.
        gains: (J,) how much better than the baseline, whichever way the metric is better; rounded to 12 decimals,
            so that scores equal but for the last digit are equal.
        test_ratio: n_test / n_train, the mean over the splits.
        seed_spread: standard deviation of the gains from seed to seed, pooled over splits; NaN where none has two.
    """

    loss: str
    dataset: str
    splits: np.ndarray
    seeds: np.ndarray
    scores: np.ndarray
    baseline_scores: np.ndarray
    gains: np.ndarray
    test_ratio: float
    seed_spread: float = np.nan


@dataclass(frozen=True)
class Paired:
    """A metric of all losses, paired.

    Attributes:
        metric, baseline: as asked.
        losses: the others, in the table's order.
        pairs: one a dataset and loss, also where J is 0.
        scores: by dataset, splits x losses (the baseline first), from the cells that all losses with a run on the
            dataset have; a loss without one has no column.
        missing: what was not there.
        parents: by dataset, the one whose rows it is cut from: see `runner.comparison.dataset_families`.
    """

    metric: str
    baseline: str
    losses: tuple[str, ...]
    pairs: tuple[Pair, ...]
    scores: dict[str, pd.DataFrame]
    missing: tuple[Missing, ...]
    parents: dict[str, str] = field(default_factory=dict)

    @property
    def datasets(self) -> tuple[str, ...]:
        """In the table's order."""
        return tuple(self.scores)

    def on(self, dataset: str) -> tuple[Pair, ...]:
        """The pairs of one dataset, in the order of `losses`."""
        return tuple(pair for pair in self.pairs if pair.dataset == dataset)


def pair(table: pd.DataFrame, metric: str, baseline: str) -> Paired:
    """Pairs every loss with the baseline.

    Args:
        table: one row a finished run; columns loss, dataset, split, seed, n_train, n_test and the metric.
        metric: the column compared.
        baseline: the loss that the others are compared with.

    Raises:
        ValueError: a column or the baseline is not there; a loss has two runs with the same dataset, split and seed;
            runs of one split differ in size, so that they are not runs of one split.
    """
    _check(table, metric, baseline)
    losses = tuple(str(loss) for loss in table["loss"].unique() if loss != baseline)
    pairs: list[Pair] = []
    missing: list[Missing] = []
    scores: dict[str, pd.DataFrame] = {}
    for name, runs in table.groupby("dataset", sort=False):
        dataset = str(name)
        # no run is a gap after the pivot, and a run's own value that is not finite becomes one
        recorded = runs.pivot(index=["split", "seed"], columns="loss", values=metric).astype(float).sort_index()
        cells = recorded.where(np.isfinite(recorded))
        missing += _missing(runs, cells, dataset, metric, (baseline, *losses))
        here = [loss for loss in (baseline, *losses) if loss in cells]
        scores[dataset] = cells[here].dropna().groupby(level="split").mean()
        ratios = runs.groupby("split")[SIZES].first()
        test_ratios = ratios["n_test"] / ratios["n_train"]
        all_losses = cells.reindex(columns=[baseline, *losses])
        pairs += [_pair(all_losses, dataset, loss, baseline, metric, test_ratios) for loss in losses]
    return Paired(metric, baseline, losses, tuple(pairs), scores, tuple(missing), parents(table))


def _pair(cells: pd.DataFrame, dataset: str, loss: str, baseline: str, metric: str, test_ratios: pd.Series) -> Pair:
    score, baseline_score = cells[loss].to_numpy(), cells[baseline].to_numpy()
    both = np.isfinite(score) & np.isfinite(baseline_score)
    splits, index = np.unique(cells.index.get_level_values("split")[both], return_inverse=True)
    seeds = np.bincount(index, minlength=len(splits))
    scores = np.bincount(index, score[both]) / seeds
    baseline_scores = np.bincount(index, baseline_score[both]) / seeds
    return Pair(
        loss=loss,
        dataset=dataset,
        splits=splits,
        seeds=seeds,
        scores=scores,
        baseline_scores=baseline_scores,
        gains=np.round(sign(metric) * (scores - baseline_scores), 12),
        test_ratio=float(test_ratios.loc[splits].mean()),
        seed_spread=_pooled_spread(score[both] - baseline_score[both], index, seeds),
    )


def _pooled_spread(values: np.ndarray, index: np.ndarray, counts: np.ndarray) -> float:
    """Standard deviation within groups; NaN where none has two values.

    Args:
        values: (n,) of all groups.
        index: (n,) the group of each.
        counts: of values in each group.
    """
    freedom = len(values) - len(counts)
    if freedom < 1:
        return np.nan
    means = np.bincount(index, values) / counts
    return float(np.sqrt(((values - means[index]) ** 2).sum() / freedom))


def _missing(
    runs: pd.DataFrame, cells: pd.DataFrame, dataset: str, metric: str, losses: tuple[str, ...]
) -> list[Missing]:
    """Cells some loss has on the dataset and another has not, by loss."""
    values = dict(zip(zip(runs["loss"], runs["split"], runs["seed"], strict=True), runs[metric], strict=True))
    found = []
    for loss in losses:
        if loss not in cells:
            found.append(Missing(loss, dataset, None, None, "no run on this dataset"))
            continue
        for split, seed in cells.index[cells[loss].isna()]:
            there = (loss, split, seed) in values
            reason = f"{metric} is {values[loss, split, seed]}" if there else "no run"
            found.append(Missing(loss, dataset, split, seed, reason))
    return found


def _named(split: object) -> str:
    """`split 3`; the fold of a cross-validation is named as it is."""
    return split if isinstance(split, str) else f"split {split}"


def _check(table: pd.DataFrame, metric: str, baseline: str) -> None:
    absent = [column for column in (*CELL, *SIZES, metric) if column not in table]
    if absent:
        raise ValueError(f"the results table has no column {', '.join(absent)}")
    if baseline not in set(table["loss"]):
        known = ", ".join(str(loss) for loss in table["loss"].unique())
        raise ValueError(f"no run of the baseline {baseline}; the losses are {known}")
    twice = table.loc[table.duplicated(CELL), CELL].drop_duplicates()
    if len(twice):
        cells = "; ".join(
            f"{cell.loss} on {cell.dataset}, {_named(cell.split)}, seed {cell.seed}" for cell in twice.itertuples()
        )
        raise ValueError(f"more than one run of {cells}: keep one of each")
    sizes = table.groupby(["dataset", "split"])[SIZES].nunique(dropna=False)
    for dataset, split in sizes.index[(sizes > 1).any(axis=1)]:
        raise ValueError(
            f"runs on {dataset}, {_named(split)} differ in n_train or n_test, so they were not trained on the same rows"
        )
