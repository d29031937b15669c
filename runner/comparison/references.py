"""Networks against what is no network: the baseline beside each reference, by the test that losses are judged by.

One network stands for all, the baseline, because it is declared beforehand: the loss that did best on the test rows
would owe a part of its lead to having been chosen there. The references are a family of their own for Holm's steps:
they answer another question than the losses do, and were they tests among those of the losses, each word about a loss
would be harder to come by the more references there are, and would depend on whether they are on. So any false *better*
or *worse* comes in at most alpha of all tables among the losses, and in at most alpha among the references.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from runner.comparison.compared import BETTER, CANNOT_TELL, TIED, WORSE, Compared
from runner.comparison.one_dataset import OneDataset, one_dataset
from runner.comparison.pairing import pair
from runner.comparison.several_datasets import SeveralDatasets, several_datasets
from runner.comparison.words import and_list, number, p_value
from runner.metrics import sign
from runner.writing.wording import counted


def compare_references(
    table: pd.DataFrame, references: pd.DataFrame, comparison: OneDataset | SeveralDatasets
) -> OneDataset | SeveralDatasets | None:
    """References beside the baseline, on the data of a comparison of losses; None where there are none.

    Args:
        table: the runs compared.
        references: as `runner.tracking.results_table.references_table` has them.
        comparison: of these runs: on one dataset, or on several.
    """
    if isinstance(comparison, OneDataset) and len(references):
        references = references[references["dataset"] == comparison.dataset]
        table = table[table["dataset"] == comparison.dataset]
    baseline = table[table["loss"] == comparison.baseline]
    if not len(references) or not len(baseline):
        return None
    paired = pair(pd.concat([baseline, references]), comparison.metric, comparison.baseline)
    rope, alpha = comparison.rope, comparison.alpha
    if isinstance(comparison, OneDataset):
        return one_dataset(paired, comparison.dataset, rope=rope, alpha=alpha)
    return several_datasets(paired, rope=rope, alpha=alpha)


def against_references(comparison: OneDataset | SeveralDatasets) -> tuple[list[str], str]:
    """The references that the baseline loses to, and a sentence on all of them.

    Args:
        comparison: of `compare_references`.
    """
    found = sorted(comparison.compared, key=lambda one: -one.gain)
    lost = [one.loss for one in found if one.verdict == BETTER]
    parts = [f"loses to {_by(one, comparison)}" for one in found if one.verdict == BETTER]
    parts += [f"beats {_by(one, comparison)}" for one in reversed(found) if one.verdict == WORSE]
    tied, unclear = (_named(found, word) for word in (TIED, CANNOT_TELL))
    parts += [f"is tied with {tied} within {comparison.rope:g}"] if tied else []
    parts += [f"cannot be told from {unclear}"] if unclear else []
    adjusted = "; p-values are adjusted for these comparisons alone" if len(found) > 1 else ""
    return lost, f"Against the references, {comparison.baseline} {and_list(parts)}{adjusted}."


def beside_the_best(board: pd.DataFrame, references: pd.DataFrame, metric: str) -> str:
    """Whether any loss comes to the best reference, in a sentence.

    Args:
        board: leaderboard of the losses, best first.
        references: of the references, best first.
        metric: by which.
    """
    loss, best = str(board.index[0]), float(board["mean"].iloc[0])
    reference, mark = str(references.index[0]), float(references["mean"].iloc[0])
    if sign(metric) * best < sign(metric) * mark:
        return f"No loss comes to the mean of {reference}, {number(mark)}; the best, {loss}, has {number(best)}."
    return (
        f"{loss} has a better mean than {reference}, {number(best)} beside {number(mark)}, but is the best of "
        f"{len(board)} losses on these test rows."
    )


def _by(one: Compared, comparison: OneDataset | SeveralDatasets) -> str:
    low, high = one.adjusted_interval if one.verdict == BETTER else [-end for end in reversed(one.adjusted_interval)]
    replicates = counted(one.n, "split" if isinstance(comparison, OneDataset) else "independent dataset")
    level = f"{100 * (1 - comparison.alpha):g}%"
    return (
        f"{one.loss} by {number(abs(one.gain))} ({level} interval {number(low)} to {number(high)}, "
        f"Holm p {p_value(one.p_holm)}, {replicates})"
    )


def _named(found: list[Compared], word: str) -> str:
    """The references with a word, and how much better their means are."""
    named = [
        one.loss + (f" ({one.gain:+.3f})" if np.isfinite(one.gain) else "") for one in found if one.verdict == word
    ]
    return and_list(named) if named else ""
