"""Is the verdict true? Comparisons of losses on simulated data, where the truth is known.

    python benchmarks/verdict.py        # some ten minutes; error rates, coverage, power, plans, folds beside splits

Each table is one dataset of 5472 rows, 10% positive (the size of page-blocks), split at random J times into 60%
training, 20% validation (unused) and 20% test, the classes dealt out evenly. Every learner is a linear discriminant
fitted for real and scored by its average precision; "losses" differ in what they see: all see the same four features,
and each one more measurement of its own. These have the same distribution, so no learner is better than another in
expectation over datasets: "no difference" holds exactly. On one dataset they do differ, and every split of it shows
that difference again, because splits share rows. That is what makes naive tests fail, and it comes from real splits
of real rows here, not from an assumed correlation. The difference of two learners varies between splits (standard
deviation 0.015) about as that of a dice and a plain network does on page-blocks, three times as much as most losses'.
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import stdtr, stdtrit
from scipy.stats import wilcoxon

from runner.comparison.compared import BETTER, CANNOT_TELL, WORSE, Compared
from runner.comparison.corrected_t import CorrectedT
from runner.comparison.holm import holm
from runner.comparison.one_dataset import compare_pairs
from runner.comparison.pairing import Pair
from runner.comparison.planning import FEW_SPLITS, splits_needed

ROWS, PREVALENCE, TRAIN, TEST = 5472, 0.1, 0.6, 0.2
FEATURES, SHARED, OWN = 4, 2.7, 1.0  # four shared features, the shift of the first, and of each learner's own
TABLES, SPLITS, LOSSES = 1000, (5, 10, 25), (5, 15)
PLAN_TABLES, PLAN_SPLITS, PLAN_FROM, PLAN_GAPS = 400, 80, (3, 5, 10, 25), (0.0, 0.01, 0.02, 0.03)
CV_TABLES, CV_SPLITS, CV_LOSSES, FOLDS = 1000, (5, 10), 5, 5
GAP, ROPE, ALPHA = 0.02, 0.005, 0.05


def simulate(
    rng: np.random.Generator, splits: int, learners: int, rows: int = ROWS, folds: int | None = None
) -> np.ndarray:
    """(splits, learners) average precisions on one dataset.

    Args:
        rng: of the rows, and after them of how they are divided.
        splits: how many random splits, or the folds of all repeats together.
        learners: how many.
        rows: of the dataset.
        folds: of a cross-validation in the place of random splits.
    """
    labels = np.arange(rows) < round(rows * PREVALENCE)
    shared = rng.normal(size=(rows, FEATURES))
    shared[:, 0] += SHARED * labels
    own = rng.normal(size=(rows, learners)) + OWN * labels[:, None]
    train, test = _splits(rng, labels, splits) if folds is None else _folds(rng, labels, splits // folds, folds)
    weights = _discriminants(shared, own, labels, train)
    scores = np.einsum("jlf,jtf->jlt", weights[..., :-1], shared[test])
    scores += weights[..., -1:] * own[test].transpose(0, 2, 1)
    return _average_precision(scores, labels[test][:, None, :])


def _splits(rng: np.random.Generator, labels: np.ndarray, splits: int) -> tuple[np.ndarray, np.ndarray]:
    """(splits, rows) whether a row is trained on, and (splits, test rows) the test rows; classes dealt out evenly."""
    train, test = np.zeros((splits, len(labels))), []
    for split in range(splits):
        tested = []
        for members in (np.flatnonzero(labels), np.flatnonzero(~labels)):
            dealt = rng.permutation(members)
            trained, kept = round(len(dealt) * TRAIN), round(len(dealt) * TEST)
            train[split, dealt[:trained]] = 1
            tested.append(dealt[trained : trained + kept])
        test.append(np.concatenate(tested))
    return train, np.array(test)


def _folds(rng: np.random.Generator, labels: np.ndarray, repeats: int, folds: int) -> tuple[np.ndarray, np.ndarray]:
    """As `_splits`, of a repeated cross-validation; a fifth of what is not tested is for validation, unused.

    Folds have equal sizes here: of each class what is left over, fewer rows than folds, is never tested.
    """
    train, test = np.zeros((repeats * folds, len(labels))), []
    for repeat in range(repeats):
        dealt = [rng.permutation(members) for members in (np.flatnonzero(labels), np.flatnonzero(~labels))]
        for fold in range(folds):
            tested = []
            for members in dealt:
                size = len(members) // folds
                mine = members[fold * size : (fold + 1) * size]
                others = rng.permutation(np.setdiff1d(members, mine))
                train[repeat * folds + fold, others[: round(len(others) * 0.8)]] = 1
                tested.append(mine)
            test.append(np.concatenate(tested))
    return train, np.array(test)


def _discriminants(shared: np.ndarray, own: np.ndarray, labels: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(splits, learners, features + 1) weights of Fisher's discriminant on the shared features and the learner's own.

    All splits and learners at once: their moments are products of the (splits, rows) train matrix.
    """
    (splits, _), learners, width = train.shape, own.shape[1], shared.shape[1] + 1
    products = (shared[:, :, None] * shared[:, None, :]).reshape(len(shared), -1)
    scatter = np.empty((splits, learners, width, width))
    scatter[..., :-1, :-1] = (train @ products).reshape(splits, 1, width - 1, width - 1)
    crossed = [train @ (own * shared[:, [feature]]) for feature in range(width - 1)]
    scatter[..., :-1, -1] = scatter[..., -1, :-1] = np.stack(crossed, axis=-1)
    scatter[..., -1, -1] = train @ own**2
    means = []
    for members in (labels, ~labels):
        trained = train[:, members]
        counts = trained.sum(1)[:, None]
        mean = np.empty((splits, learners, width))
        mean[..., :-1] = (trained @ shared[members] / counts)[:, None]
        mean[..., -1] = trained @ own[members] / counts
        scatter -= counts[..., None, None] * mean[..., :, None] * mean[..., None, :]
        means.append(mean)
    return np.linalg.solve(scatter, (means[0] - means[1])[..., None])[..., 0] * len(shared)


def _average_precision(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Over the last axis; scores have no ties."""
    positive = np.take_along_axis(np.broadcast_to(labels, scores.shape), np.argsort(-scores, axis=-1), axis=-1)
    precision = np.cumsum(positive, axis=-1) / np.arange(1, scores.shape[-1] + 1)
    return (positive * precision).sum(-1) / positive.sum(-1)


def judge(scores: np.ndarray) -> tuple[Compared, ...]:
    """What the package says of (splits, learners) scores, the first learner the baseline."""
    names = np.arange(len(scores))
    pairs = [
        Pair(f"loss {column}", "simulated", names, np.ones_like(names), score, scores[:, 0], gains, TEST / (1 - TEST))
        for column, score in enumerate(scores.T[1:], 1)
        for gains in [np.round(score - scores[:, 0], 12)]
    ]
    return compare_pairs(pairs, ROPE, ALPHA)


def naive_t(gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The plain paired t test of (tables, splits, losses) gains: p-values and half-widths of the intervals."""
    splits = gains.shape[1]
    error = gains.std(axis=1, ddof=1) / np.sqrt(splits)
    p = 2 * stdtr(splits - 1, -np.abs(gains.mean(axis=1)) / error)
    return p, stdtrit(splits - 1, 1 - ALPHA / 2) * error


def measure(scores: np.ndarray) -> list[float]:
    """Shares of (tables, splits, learners): a row of the printed table, as fractions.

    False verdicts of any loss of a table: the package, the paired t test alone and with Holm, Wilcoxon alone. Coverage
    of the true difference by 95% intervals: package, paired t. Power: the package, for a gap planted in one loss.
    """
    gains = scores[..., 1:] - scores[..., :1]
    judged = [judge(table) for table in scores]
    false = np.mean([any(one.verdict in (BETTER, WORSE) for one in table) for table in judged])
    covered = np.mean([one.interval[0] <= 0 <= one.interval[1] for table in judged for one in table])
    p, half_width = naive_t(gains)
    ranked = wilcoxon(gains, axis=1).pvalue
    planted = scores.copy()
    planted[..., 1] += GAP
    found = np.mean([judge(table)[0].verdict == BETTER for table in planted])
    return [
        false,
        np.mean((p <= ALPHA).any(axis=1)),
        np.mean([(holm(row) <= ALPHA).any() for row in p]),
        np.mean((ranked <= ALPHA).any(axis=1)),
        covered,
        np.mean(np.abs(gains.mean(axis=1)) <= half_width),
        found,
    ]


def planned(scores: np.ndarray, splits: int, gap: float) -> list[float]:
    """Of what is told after so many splits of (tables, most splits, learners), with a gap planted in one loss.

    Shares of the comparisons that cannot tell: those told a number among the splits simulated, and how many of these
    decide there; those told that no number suffices, and how many of these decide at the most splits.
    """
    told, told_decided, hopeless, hopeless_decided, unclear = 0, 0, 0, 0, 0
    for table in scores[..., :2].copy():
        table[:, 1] += gap
        gains = np.round(table[:, 1] - table[:, 0], 12)
        estimate = CorrectedT.of(gains[:splits], TEST / (1 - TEST))
        if judge(table[:splits])[0].verdict != CANNOT_TELL:
            continue
        unclear += 1
        needed = splits_needed(estimate, ALPHA, ROPE)
        if needed.about is not None and needed.about <= len(table):
            told += 1
            told_decided += judge(table[: needed.about])[0].verdict != CANNOT_TELL
        elif needed.low is None and splits >= FEW_SPLITS:
            hopeless += 1
            hopeless_decided += judge(table)[0].verdict != CANNOT_TELL
    return [
        unclear / len(scores),
        told / max(unclear, 1),
        told_decided / told if told else np.nan,
        hopeless / max(unclear, 1),
        hopeless_decided / hopeless if hopeless else np.nan,
    ]


def cross_validated() -> Table:
    """Folds beside random splits of the same tables, at the same number of trainings."""
    table = Table(box=None)
    for head in ("splits", "", "false", "t Holm false", "covered", "power", "spread", "correlation"):
        table.add_column(head, justify="right")
    for splits in CV_SPLITS:
        for folds, called in ((None, "random"), (FOLDS, f"{splits // FOLDS} x {FOLDS} folds")):
            scores = np.array(
                [
                    simulate(np.random.default_rng([1, number]), splits, CV_LOSSES + 1, folds=folds)
                    for number in range(CV_TABLES)
                ]
            )
            false, _, holm_false, _, covered, _, found = measure(scores)
            spread, between = correlation(scores)
            shares = (f"{100 * share:.1f}%" for share in (false, holm_false, covered, found))
            table.add_row(str(splits), called, *shares, f"{spread:.4f}", f"{between:.3f}")
    return table


def correlation(scores: np.ndarray) -> tuple[float, float]:
    """Standard deviation of a gain on one split, and its correlation between two splits of a dataset."""
    gains = scores[..., 1:] - scores[..., :1]
    within = gains.var(axis=1, ddof=1).mean()
    between = np.mean(gains.mean(axis=1) ** 2) - within / gains.shape[1]
    return float(np.sqrt(within + between)), float(between / (within + between))


def main() -> None:
    """Simulates all tables once at the most splits and losses; smaller comparisons take the first of each."""
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    scores = np.array([simulate(rng, max(SPLITS), max(LOSSES) + 1) for _ in range(TABLES)])
    table = Table(box=None)
    heads = ("splits", "losses", "false", "t false", "t Holm false", "Wilcoxon false", "covered", "t covered", "power")
    for head in heads:
        table.add_column(head, justify="right")
    for splits in SPLITS:
        for losses in LOSSES:
            shares = measure(scores[:, :splits, : losses + 1])
            table.add_row(str(splits), str(losses), *(f"{100 * share:.1f}%" for share in shares))
    console = Console()
    console.print(table)
    plans = np.array([simulate(rng, PLAN_SPLITS, 2) for _ in range(PLAN_TABLES)])
    words = Table(box=None)
    for head in ("splits", "gap", "cannot tell", "told about N", "decided at N", "told never", "decided at 80"):
        words.add_column(head, justify="right")
    for splits in PLAN_FROM:
        for gap in PLAN_GAPS:
            shares = planned(plans, splits, gap)
            words.add_row(str(splits), str(gap), *("" if np.isnan(each) else f"{100 * each:.0f}%" for each in shares))
    console.print(words)
    console.print(cross_validated())
    spread, between = correlation(scores)
    console.print(
        f"{TABLES} tables, average precision {scores.mean():.3f}; a difference on one split has standard deviation "
        f"{spread:.4f}, correlation between splits {between:.3f}; {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
