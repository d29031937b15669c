"""What ensembles gain: of a loss's seeds over the loss's single runs, and of a selection over the best loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from runner.comparison.compared import BETTER, CANNOT_TELL, TIED, WORSE, Compared
from runner.comparison.one_dataset import OneDataset, compare_pairs
from runner.comparison.pairing import Pair, pair
from runner.comparison.several_datasets import SeveralDatasets
from runner.comparison.words import and_list, number
from runner.metrics import metric_name, sign


def ensemble_gains(table: pd.DataFrame, ensembles: pd.DataFrame, comparison: OneDataset | SeveralDatasets) -> list[str]:
    """What ensembles gain, or that they do not, a sentence a kind.

    On one dataset each is judged over the splits by the test that losses are judged by, the ensembles of one kind a
    family of their own for Holm's steps. Over several datasets means are told.

    Args:
        table: the runs compared.
        ensembles: as `runner.reports.ensembles.ensembles_table` has them.
        comparison: of these runs.
    """
    if isinstance(comparison, OneDataset) and len(ensembles):
        ensembles = ensembles[ensembles["dataset"] == comparison.dataset]
        table = table[table["dataset"] == comparison.dataset]
    if not len(ensembles):
        return []
    of_seeds, selected = ensembles[ensembles["of_loss"] != ""], ensembles[ensembles["of_loss"] == ""]
    said = []
    if len(of_seeds):
        whose = of_seeds.groupby("loss", sort=False)["of_loss"].first()
        pairs = [_pairs(table, of_seeds[of_seeds["loss"] == label], loss, comparison) for label, loss in whose.items()]
        said.append(_of_seeds(list(whose), pairs, comparison))
    if len(selected):
        best = best_on_validation(table, comparison.metric)
        said.append(_of_selection(_pairs(table, selected, best, comparison), best, selected, comparison))
    return said


def best_on_validation(table: pd.DataFrame, metric: str) -> str:
    """The loss with the best mean on validation of what is compared on test; the first where that was not measured."""
    looked_at = f"val/{metric.rpartition('/')[2]}"
    if looked_at not in table or not np.isfinite(table[looked_at].astype(float)).any():
        return str(table["loss"].iloc[0])
    means = table.groupby(["loss", "dataset", "split"], sort=False)[looked_at].mean().groupby("loss", sort=False).mean()
    return str((sign(metric) * means).idxmax())


def _pairs(
    table: pd.DataFrame, ensemble: pd.DataFrame, loss: str, comparison: OneDataset | SeveralDatasets
) -> list[Pair]:
    """One ensemble beside a loss's single runs, on each dataset."""
    return list(pair(pd.concat([table[table["loss"] == loss], ensemble]), comparison.metric, loss).pairs)


def _of_seeds(losses: Sequence[str], pairs: Sequence[Sequence[Pair]], comparison: OneDataset | SeveralDatasets) -> str:
    gains = [_mean(of_loss) for of_loss in pairs]
    order = np.argsort(gains)
    mean, metric = float(np.mean(gains)), metric_name(comparison.metric)
    gained = f"gains {number(mean)} {metric}" if mean > 0 else f"gains nothing ({number(mean)} {metric})"
    ends = ""
    if len(losses) > 1:
        low, high = (f"{gains[place]:+.3f} for {losses[place]}" for place in (order[0], order[-1]))
        ends = f" on average over {len(losses)} losses, from {low} to {high}"
    words = _words(losses, pairs, comparison)
    return f"Seeds together: the mean logit of a loss's seeds {gained} over its single runs{ends}{words}."


def _words(losses: Sequence[str], pairs: Sequence[Sequence[Pair]], comparison: OneDataset | SeveralDatasets) -> str:
    if not isinstance(comparison, OneDataset):
        return f", over {len(pairs[0])} datasets"
    judged = compare_pairs([of_loss[0] for of_loss in pairs], comparison.rope, comparison.alpha)
    parts = []
    for word in (BETTER, WORSE, TIED, CANNOT_TELL):
        of_word = [loss for loss, one in zip(losses, judged, strict=True) if one.verdict == word]
        parts += [f"{word} for {and_list(of_word)}"] if of_word else []
    return f": {'; '.join(parts)}"


def _of_selection(
    pairs: Sequence[Pair], best: str, selected: pd.DataFrame, comparison: OneDataset | SeveralDatasets
) -> str:
    gain, metric = _mean(pairs), metric_name(comparison.metric)
    gained = f"gains {number(gain)} {metric}" if gain > 0 else f"gains nothing ({number(gain)} {metric})"
    by_split = selected.drop_duplicates(["dataset", "split"])
    sizes = f"{by_split['members'].mean():.3g} of {by_split['candidates'].mean():.3g} runs a split"
    words = f", over {len(pairs)} datasets"
    if isinstance(comparison, OneDataset):
        (one,) = compare_pairs(pairs[:1], comparison.rope, comparison.alpha)
        words = _judged(one, comparison.alpha)
    return (
        f"Selection: an ensemble selected on validation ({sizes}; Caruana et al. 2004) {gained} over single runs of "
        f"{best}, the best loss on validation{words}."
    )


def _judged(one: Compared, alpha: float) -> str:
    low, high = one.adjusted_interval
    if np.isnan(low):
        return f": {one.verdict}, as {one.reason}"
    return f" ({100 * (1 - alpha):g}% interval {number(low)} to {number(high)}): {one.verdict}"


def _mean(pairs: Sequence[Pair]) -> float:
    """The mean gain over splits, then over datasets."""
    return float(np.mean([each.gains.mean() for each in pairs if len(each.gains)]))
