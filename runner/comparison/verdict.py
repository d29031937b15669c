"""The verdict in words: a headline, and a few sentences a practitioner understands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.comparison.compared import BETTER, CANNOT_TELL, TIED, WORSE, Compared
from runner.comparison.moved_threshold import moved_threshold
from runner.comparison.one_dataset import OneDataset
from runner.comparison.planning import POWER
from runner.comparison.references import against_references
from runner.comparison.several_datasets import SeveralDatasets
from runner.comparison.words import and_list, number, p_value
from runner.writing.wording import counted

MISSING_NAMED = 5  # more are counted
DESIGNS_NAMED = 3


@dataclass(frozen=True)
class Verdict:
    """What a comparison says.

    Attributes:
        headline: one line without a full stop.
        sentences: the details, most important first.
    """

    headline: str
    sentences: tuple[str, ...]


def verdict(
    table: pd.DataFrame,
    comparison: OneDataset | SeveralDatasets,
    references: OneDataset | SeveralDatasets | None = None,
) -> Verdict:
    """Puts a comparison into words.

    Args:
        table: the runs compared; its F1 columns say whether losses only moved their threshold.
        comparison: of these runs.
        references: the comparison of what is no network with the baseline, a family of its own; None where there is
            none.
    """
    lost, told = against_references(references) if references is not None else ([], "")
    if isinstance(comparison, OneDataset):
        table = table[table["dataset"] == comparison.dataset]
    found = sorted(comparison.compared, key=lambda compared: -compared.gain)
    by_word = {word: [one for one in found if one.verdict == word] for word in (BETTER, WORSE, TIED, CANNOT_TELL)}
    different = by_word[BETTER] + by_word[WORSE][::-1]
    sentences = [
        *([told] if lost else []),
        *(_different(one, comparison) for one in different),
        *_tied(by_word[TIED], comparison),
        *_too_few(comparison),
        *_cannot_tell(by_word[CANNOT_TELL]),
        *_designs(by_word[CANNOT_TELL]),
        *_adjusted(found, comparison.alpha),
        *([told] if told and not lost else []),
        *_moved(table, comparison.baseline),
        *_missing(comparison),
    ]
    headline = _headline(by_word, comparison)
    if lost:
        headline = f"{headline}; {comparison.baseline} loses to {and_list(lost)}"
    return Verdict(headline, tuple(sentences))


def _headline(by_word: dict[str, list[Compared]], comparison: OneDataset | SeveralDatasets) -> str:
    counts = ", ".join(f"{len(by_word[word])} {word}" for word in (TIED, WORSE, CANNOT_TELL) if by_word[word])
    where = _where(comparison)
    better = by_word[BETTER]
    if not comparison.compared:
        return f"Nothing to compare with {comparison.baseline} {where}"
    if not better and len(by_word[CANNOT_TELL]) == len(comparison.compared):
        return f"Cannot tell any loss from {comparison.baseline} {where}"
    if not better:
        return f"No loss beats {comparison.baseline} {where}: {counts}"
    metric = comparison.metric.rpartition("/")[2].replace("_", " ")
    most = f"{better[0].loss} by {number(better[0].gain)} {metric}"
    beats = f"beats {comparison.baseline} {where}"
    first = f"{better[0].loss} {beats} by {number(better[0].gain)} {metric}"
    if len(better) > 1:
        first = f"{len(better)} losses {beats.replace('beats', 'beat', 1)}, most of all {most}"
    return f"{first}; {counts}" if counts else first


def _where(comparison: OneDataset | SeveralDatasets) -> str:
    if isinstance(comparison, OneDataset):
        return f"on {comparison.dataset}"
    return f"over {counted(len(comparison.parents), 'independent dataset')}"


def _different(one: Compared, comparison: OneDataset | SeveralDatasets) -> str:
    low, high = one.adjusted_interval
    if one.verdict == WORSE:
        low, high = -high, -low
    replicates = counted(one.n, "split" if isinstance(comparison, OneDataset) else "independent dataset")
    level = f"{100 * (1 - comparison.alpha):g}%"
    return (
        f"{one.loss} is {one.verdict} than {comparison.baseline} by {number(abs(one.gain))} "
        f"({level} interval {number(low)} to {number(high)}, Holm p {p_value(one.p_holm)}, {replicates})."
    )


def _tied(tied: list[Compared], comparison: OneDataset | SeveralDatasets) -> list[str]:
    if not tied:
        return []
    verb = "is" if len(tied) == 1 else "are"
    return [f"{_names(tied)} {verb} tied with {comparison.baseline} within {comparison.rope:g}."]


def _too_few(comparison: OneDataset | SeveralDatasets) -> list[str]:
    return [comparison.too_few] if isinstance(comparison, SeveralDatasets) and comparison.too_few else []


def _cannot_tell(unclear: list[Compared]) -> list[str]:
    """One sentence a reason; those that need the fewest splits or datasets first."""
    by_reason: dict[str, list[Compared]] = {}
    for one in sorted(unclear, key=lambda one: np.inf if one.n_more is None else one.n_more):
        by_reason.setdefault(one.reason, []).append(one)
    return [f"Cannot tell for {_names(losses)}: {reason}." for reason, losses in by_reason.items()]


def _designs(unclear: list[Compared]) -> list[str]:
    """The cheapest designs that would decide, in one sentence, the cheapest of the losses first."""
    found = [(one.design.runs, f"for {one.loss}, {one.design}") for one in unclear if one.design is not None]
    if not found:
        return []
    named = [text for _, text in sorted(found)[:DESIGNS_NAMED]]
    more = f"; and {len(found) - DESIGNS_NAMED} more losses take more" if len(found) > DESIGNS_NAMED else ""
    said = f"{'; '.join(named)}{more}"
    return [f"Cheapest design that decides with {100 * POWER:g}% power, if means and spreads stay: {said}."]


def _adjusted(found: list[Compared], alpha: float) -> list[str]:
    """What the adjustment for many losses did, where there were many."""
    tested = [one for one in found if np.isfinite(one.p)]
    if len(tested) < 2:
        return []
    alone = [one for one in tested if one.verdict == CANNOT_TELL and not one.interval[0] <= 0 <= one.interval[1]]
    sentence = f"Intervals and p-values are adjusted for comparing {len(tested)} losses (Holm)"
    if alone:
        chance = f"{alpha * len(tested):.1f}"
        looks = "looks" if len(alone) == 1 else "look"
        sentence += (
            f"; alone {_names(alone)} {looks} different: {len(alone)} of {len(tested)}, where chance gives {chance}"
        )
        sentence += " if no loss differs"
    return [f"{sentence}."]


def _moved(table: pd.DataFrame, baseline: str) -> list[str]:
    ranges = moved_threshold(table, baseline)
    if not ranges.explains:
        return []
    ranking = "" if np.isnan(ranges.ranking) else f"; their average precisions {number(ranges.ranking)}"
    return [
        "Most of the difference at 0.5 is a moved threshold: the best and the worst F1 of the losses lie "
        f"{number(ranges.at_half)} apart at 0.5, and {number(ranges.tuned)} at thresholds chosen on "
        f"validation{ranking}."
    ]


def _missing(comparison: OneDataset | SeveralDatasets) -> list[str]:
    if not comparison.missing:
        return []
    count = len(comparison.missing)
    named = "; ".join(str(gap) for gap in comparison.missing[:MISSING_NAMED])
    more = f"; and {count - MISSING_NAMED} more" if count > MISSING_NAMED else ""
    verb = "is" if count == 1 else "are"
    return [f"{counted(count, 'run')} {verb} missing, so fewer splits or seeds are compared: {named}{more}."]


def _names(losses: Iterable[Compared]) -> str:
    return and_list([one.loss for one in losses])
