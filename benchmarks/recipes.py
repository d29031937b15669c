"""Do the shipped models train as well as a competent user's? Against scikit-learn, on the very same splits.

    python benchmarks/recipes.py            # some five minutes; prints average precision and log loss on test
    python benchmarks/recipes.py --splits 2

Six datasets of KEEL, each split as the product splits it. Ours: one sweep of the models with their default recipes, as
`python -m runner -m model=logistic,mlp,mlp_wide` trains them. Theirs: scikit-learn's estimators on the same inputs,
at their defaults but for enough iterations; they see the training rows alone, as ours do.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss
from sklearn.neural_network import MLPClassifier
from swept_runs import swept_runs

from runner.data import RandomSplit, check, make_splits
from runner.data.sources import load_keel

DATASETS = ("yeast6", "page_blocks0", "satimage", "abalone19", "pima", "ecoli3")
OURS = ("logistic", "mlp", "mlp_wide")
THEIRS = {
    "LogisticRegression": lambda seed: LogisticRegression(max_iter=2000),
    "MLPClassifier": lambda seed: MLPClassifier((64, 32), max_iter=100, random_state=seed),
    "HistGradientBoosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    "RandomForest": lambda seed: RandomForestClassifier(300, random_state=seed, n_jobs=2),
}
Scores = dict[tuple[str, str], list[tuple[float, float]]]


def our_scores(splits: int) -> Scores:
    """(average precision, log loss) of each split, by dataset and model."""
    found: Scores = defaultdict(list)
    swept = (f"dataset.name={','.join(DATASETS)}", f"model={','.join(OURS)}", f"split.seed=range(0,{splits})")
    with tempfile.TemporaryDirectory() as folder:
        for choices, config, metrics in swept_runs(Path(folder), "dataset=keel", *swept):
            scores = metrics["test/average_precision"], metrics["test/log_loss"]
            found[config["dataset"]["name"], choices["model"]].append(scores)
    return found


def their_scores(splits: int) -> Scores:
    """Likewise, of scikit-learn's estimators."""
    found: Scores = defaultdict(list)
    for name in DATASETS:
        dataset = check(load_keel(name))
        for seed in range(splits):
            parts = make_splits(dataset, RandomSplit(seed=seed, validation=0.2, test=0.2))
            for estimator, make in THEIRS.items():
                model = make(seed).fit(parts.train.inputs, parts.train.labels)
                probability = model.predict_proba(parts.test.inputs)[:, 1]
                scores = (
                    average_precision_score(parts.test.labels, probability),
                    log_loss(parts.test.labels, probability),
                )
                found[name, estimator].append(scores)
    return found


def rows(found: Scores, measure: int) -> Iterator[list[str]]:
    """A row for each model: its mean on each dataset, and the mean over them."""
    for model in (*OURS, *THEIRS):
        means = [float(np.mean([scores[measure] for scores in found[name, model]])) for name in DATASETS]
        yield [model, *(f"{mean:.3f}" for mean in means), f"{np.mean(means):.3f}"]


def main() -> None:
    """Trains both sides and prints a table for each measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=5)
    splits = parser.parse_args().splits
    start = time.perf_counter()
    found = our_scores(splits) | their_scores(splits)
    console = Console(width=120)
    for measure, title in enumerate(
        ("average precision on test (higher is better)", "log loss on test, nats (lower is better)")
    ):
        table = Table(title=title, box=None)
        table.add_column("model")
        for name in (*DATASETS, "mean"):
            table.add_column(name, justify="right")
        for row in rows(found, measure):
            table.add_row(*row)
        console.print(table)
    console.print(f"means of {splits} splits; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
