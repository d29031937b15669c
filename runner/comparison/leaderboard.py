"""All losses in one table, best first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from runner.comparison.corrected_t import CorrectedT
from runner.comparison.dataset_families import parents
from runner.comparison.one_dataset import NOTHING, OneDataset
from runner.comparison.several_datasets import SeveralDatasets
from runner.metrics import sign

SHOWN = {
    "average_precision": "test/average_precision",
    "roc_auc": "test/roc_auc",
    "partial_roc_auc": "test/partial_roc_auc",
    "recall_at_fpr": "test/recall_at_fpr",
    "precision_at_k": "test/precision_at_k",
    "lift_at_k": "test/lift_at_k",
    "mcc": "test/mcc",
    "g_mean": "test/g_mean",
    "iba": "test/iba",
    "f1": "test/f1",
    "f1_at_half": "test_at_half/f1",
    "log_loss": "test/log_loss",
    "log_loss_calibrated": "test_calibrated/log_loss",
    "ece": "test/ece",
    "ece_calibrated": "test_calibrated/ece",
    "seconds": "seconds",
}


def leaderboard(table: pd.DataFrame, comparison: OneDataset | SeveralDatasets) -> pd.DataFrame:
    """One row a loss, best mean of the compared metric first.

    A mean is over seeds within a split, then splits, then datasets cut from the same rows, then datasets. It holds
    all of a loss's own runs, also those without a partner in the baseline, and leaves out values that are not finite.
    A loss with fewer `runs` or `splits` than the others was not measured on the same data: only its gain, which is
    paired, compares.

    Args:
        table: the runs compared; a metric it does not have becomes a column of NaN.
        comparison: of these runs.

    Returns:
        Indexed by loss; columns mean, mean_low, mean_high (one dataset: corrected for overlapping splits; several: of
        the mean over independent datasets), gain, gain_low, gain_high (the adjusted interval; NaN for the baseline),
        p_holm, verdict ("baseline" for it), those of SHOWN, f1_gain_of_tuning (f1 - f1_at_half), runs, splits.
    """
    if isinstance(comparison, OneDataset):
        table = table[table["dataset"] == comparison.dataset]
    losses = table.groupby("loss", sort=False)
    means = _means(table, comparison.metric)
    board = pd.DataFrame({"mean": means}, index=pd.Index(table["loss"].unique(), name="loss"))
    limits = [_mean_interval(runs, comparison) for _, runs in losses]
    board["mean_low"], board["mean_high"] = np.transpose(limits)
    found = {compared.loss: compared for compared in comparison.compared}
    board["gain"] = [found[loss].gain if loss in found else np.nan for loss in board.index]
    intervals = [found[loss].adjusted_interval if loss in found else NOTHING for loss in board.index]
    board["gain_low"], board["gain_high"] = np.transpose(intervals)
    board["p_holm"] = [found[loss].p_holm if loss in found else np.nan for loss in board.index]
    board["verdict"] = [found[loss].verdict if loss in found else "baseline" for loss in board.index]
    for name, metric in SHOWN.items():
        board[name] = _means(table, metric) if metric in table else np.nan
    board["f1_gain_of_tuning"] = board["f1"] - board["f1_at_half"]
    board["runs"] = losses.size()
    board["splits"] = losses.apply(lambda runs: len(runs[["dataset", "split"]].drop_duplicates()))
    best_first = (sign(comparison.metric) * board["mean"]).sort_values(ascending=False, kind="stable").index
    return board.loc[best_first]


def _means(table: pd.DataFrame, metric: str) -> pd.Series:
    """By loss: finite values averaged over seeds, then splits, then datasets cut from the same rows, then datasets."""
    values = table.assign(value=table[metric].astype(float), parent=table["dataset"].map(parents(table)))
    values = values[np.isfinite(values["value"])]
    keys = ["loss", "parent", "dataset", "split"]
    while keys:
        values = values.groupby(keys, sort=False)["value"].mean().reset_index()
        keys.pop()
    return values.set_index("loss")["value"]


def _mean_interval(runs: pd.DataFrame, comparison: OneDataset | SeveralDatasets) -> tuple[float, float]:
    """Interval of one loss's mean; NaN from a single split or independent dataset."""
    values = runs[np.isfinite(runs[comparison.metric].astype(float))]
    by_split = values.groupby(["dataset", "split"])[[comparison.metric, "n_train", "n_test"]].mean()
    if isinstance(comparison, OneDataset):
        ratio = float((by_split["n_test"] / by_split["n_train"]).mean())
        scores = by_split[comparison.metric].to_numpy()
        return CorrectedT.of(scores, ratio).interval(comparison.alpha) if len(scores) > 1 else NOTHING
    by_dataset = by_split[comparison.metric].groupby("dataset").mean()
    scores = by_dataset.groupby(by_dataset.index.map(parents(runs))).mean().to_numpy()
    n = len(scores)
    if n < 2:
        return NOTHING
    half = float(stdtrit(n - 1, 1 - comparison.alpha / 2) * np.std(scores, ddof=1) / np.sqrt(n))
    return float(scores.mean()) - half, float(scores.mean()) + half
