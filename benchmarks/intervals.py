"""How often do the 95% intervals hold the truth? On simulated test parts whose population is known.

    python benchmarks/intervals.py              # seven minutes; prints coverage by metric and number of positives
    python benchmarks/intervals.py --parts 50   # quicker and coarser

Seven classifiers (scores normal in both classes at four distances, twice as wide among positives, or with half or a
fifth of the positives hidden among the negatives), each with calibrated logits and with logits twice as far out, at
two prevalences. The truth is that of 400,000 rows a class. Decisions are taken where as many negatives are called
positive as there are positives. Beside ours: the percentile bootstrap, each class drawn for itself, which most tools
print.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import expit, logit

from runner.evaluation.confusion import Confusion
from runner.evaluation.intervals import intervals
from runner.evaluation.ranking import ranking_metrics
from runner.metrics import DECISION_METRICS, PROBABILITY_METRICS, RANKING_METRICS

POSITIVES = {5: (0.1, 0.005), 10: (0.1, 0.01), 20: (0.1, 0.02), 50: (0.1, 0.03)}
POPULATION, RESAMPLES, DRAWS = 400_000, 400, 1000
MEASURED = [name for name in (*RANKING_METRICS, *PROBABILITY_METRICS, *DECISION_METRICS) if name != "ece"]

Classifier = tuple[Callable[[np.random.Generator, int], np.ndarray], Callable[[np.ndarray], np.ndarray]]


def shifted(distance: float, width: float = 1.0, seen: float = 1.0) -> Classifier:
    """The positives' scores, and the logarithm of how much likelier a score is in a positive than in a negative.

    Args:
        distance: of the means; negatives have mean 0 and standard deviation 1.
        width: the positives' standard deviation.
        seen: share of the positives that are shifted; the others look like negatives.
    """

    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return np.where(rng.random(rows) < seen, rng.normal(distance, width, rows), rng.normal(size=rows))

    def log_ratio(scores: np.ndarray) -> np.ndarray:
        ratio = (scores**2 - ((scores - distance) / width) ** 2) / 2 - np.log(width)
        return np.logaddexp(np.log(seen) + ratio, np.log1p(-seen)) if seen < 1 else ratio

    return draw, log_ratio


CLASSIFIERS = {
    "near": shifted(0.5),
    "apart": shifted(1.0),
    "far": shifted(2.0),
    "very far": shifted(3.0),
    "wide": shifted(2.0, width=2.0),
    "half hidden": shifted(4.0, seen=0.5),
    "a fifth hidden": shifted(3.0, seen=0.8),
}


class Population:
    """Rows of one classifier at one prevalence, and the true metrics of a part with these class counts."""

    def __init__(self, classifier: Classifier, positives: int, prevalence: float, sharpness: float) -> None:
        self._draw, self._log_ratio = classifier
        self.positives, self.negatives = positives, round(positives / prevalence) - positives
        self._prior, self._sharpness = float(logit(prevalence)), sharpness
        rng = np.random.default_rng(1)
        of_positives, of_negatives = self.logits(rng, POPULATION, True), self.logits(rng, POPULATION, False)
        self.threshold = float(expit(np.quantile(of_negatives, 1 - prevalence)))
        recall = np.mean(expit(of_positives) >= self.threshold)
        false_alarms = np.mean(expit(of_negatives) >= self.threshold)
        true = Confusion(
            tp=recall * positives,
            fp=false_alarms * self.negatives,
            fn=(1 - recall) * positives,
            tn=(1 - false_alarms) * self.negatives,
        )
        ordered, others = np.sort(of_positives), np.sort(of_negatives)
        above = 1 - others.searchsorted(ordered) / POPULATION
        called = prevalence * (1 - np.arange(POPULATION) / POPULATION)
        share = prevalence, 1 - prevalence
        self.truth = {
            "roc_auc": 1 - above.mean(),
            "average_precision": np.mean(called / (called + (1 - prevalence) * above)),
            "log_loss": np.dot(share, [np.logaddexp(0, -of_positives).mean(), np.logaddexp(0, of_negatives).mean()]),
            "brier": np.dot(share, [np.mean(expit(-of_positives) ** 2), np.mean(expit(of_negatives) ** 2)]),
            **{name: float(getattr(true, name)) for name in DECISION_METRICS},
        }

    def logits(self, rng: np.random.Generator, rows: int, positive: bool) -> np.ndarray:
        """(rows,) of one class."""
        scores = self._draw(rng, rows) if positive else rng.normal(size=rows)
        return self._sharpness * (self._log_ratio(scores) + self._prior)

    def part(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Labels and logits of a test part."""
        labels = np.repeat([1, 0], [self.positives, self.negatives])
        return labels, np.concatenate([self.logits(rng, self.positives, True), self.logits(rng, self.negatives, False)])


def percentile_bootstrap(rng: np.random.Generator, labels: np.ndarray, logits: np.ndarray) -> dict[str, np.ndarray]:
    """2.5% and 97.5% quantiles of the stratified resamples' ranking metrics."""
    positives = int(labels.sum())
    drawn = np.concatenate(
        [
            rng.integers(positives, size=(RESAMPLES, positives)),
            rng.integers(positives, len(labels), size=(RESAMPLES, len(labels) - positives)),
        ],
        axis=1,
    )
    metrics = ranking_metrics(labels == 1, logits[drawn])
    return {name: np.quantile(values, [0.025, 0.975]) for name, values in metrics.items()}


def coverage(population: Population, parts: int, seed: int) -> dict[str, float]:
    """Share of the intervals that hold the truth, by metric; `... by bootstrap` of the percentile bootstrap."""
    rng = np.random.default_rng(seed)
    held: dict[str, int] = defaultdict(int)
    for _ in range(parts):
        labels, logits = population.part(rng)
        found = {
            name: np.array(ends) for name, ends in intervals(labels, logits, population.threshold, draws=DRAWS).items()
        }
        found |= {f"{name} by bootstrap": ends for name, ends in percentile_bootstrap(rng, labels, logits).items()}
        for name, (low, high) in found.items():
            held[name] += low <= population.truth[name.removesuffix(" by bootstrap")] <= high
    return {name: count / parts for name, count in held.items()}


def main() -> None:
    """Simulates every classifier, prevalence and number of positives, and prints mean and worst coverage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=150, help="test parts of each population")
    parts = parser.parse_args().parts
    start = time.perf_counter()
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for positives, prevalences in POSITIVES.items():
        for prevalence in prevalences:
            for classifier in CLASSIFIERS.values():
                for sharpness in (1.0, 2.0):
                    population = Population(classifier, positives, prevalence, sharpness)
                    for name, share in coverage(population, parts, seed=positives).items():
                        found[name, positives].append(share)
    table = Table(box=None)
    table.add_column("mean (worst) coverage")
    for positives in POSITIVES:
        table.add_column(f"{positives} positives", justify="right")
    for name in [*MEASURED, *(f"{name} by bootstrap" for name in RANKING_METRICS)]:
        shares = [found[name, positives] for positives in POSITIVES]
        table.add_row(name, *(f"{np.mean(each):.1%} ({np.min(each):.0%})" for each in shares))
    console = Console()
    console.print(table)
    console.print(
        f"{4 * len(CLASSIFIERS)} populations of {parts} test parts for each number of positives; the standard error of "
        f"a mean is {100 * (0.05 * 0.95 / (parts * 4 * len(CLASSIFIERS))) ** 0.5:.1f} points; "
        f"{time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
