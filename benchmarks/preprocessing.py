"""Which rescaling of numbers to take, on KEEL's tables and on skewed ones; and whether it matters more than the loss.

    python benchmarks/preprocessing.py            # some eight minutes; prints average precision on test
    python benchmarks/preprocessing.py --splits 2

Each rescaling with three losses and the default recipe, on the same splits. Skewed tables are made here, with a known
rule: amounts, counts and ratios as credit data have them, log-normal or mostly zero, of 20,000 rows; the odds of a
positive depend on ranks and thresholds of them, not on their size.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from swept_runs import swept_runs

PREPROCESSING = ("standard", "robust", "quantile", "piecewise_linear")
KEEL = (
    "page_blocks0", "yeast4", "yeast6", "satimage", "abalone9_18",
    "ecoli3", "pima", "haberman", "vehicle1", "segment0",
)  # fmt: skip
SKEWED = {"skewed, 5%": 0.05, "skewed, 1%": 0.01}
LOSSES = ("builtin", "weighted", "focal")
Scores = dict[tuple[str, str, str], list[float]]


def skewed_table(prevalence: float, rows: int = 20_000) -> pd.DataFrame:
    """A table of amounts, counts and ratios with label `y`."""
    rng = np.random.default_rng(7)
    normal = rng.normal(size=(rows, 8))
    amounts = np.exp(2.5 * normal[:, :4])
    counts = np.where(rng.random((rows, 2)) < 0.85, 0, np.floor(np.exp(1.5 * np.abs(normal[:, 4:6]))))
    score = normal[:, 0] - 0.8 * normal[:, 1] + 0.6 * normal[:, 2] * normal[:, 6] + 1.2 * (counts[:, 0] > 0)
    score += 0.8 * (np.abs(normal[:, 3]) > 1.2) + 0.5 * np.log1p(counts[:, 1])
    score = 1.3 * score - np.quantile(1.3 * score, 1 - prevalence)
    frame = pd.DataFrame(np.hstack([amounts, counts, normal[:, 6:]]), columns=[f"x{i}" for i in range(8)])
    return frame.assign(y=(rng.random(rows) < expit(2 * score)).astype(int))


def sweep(folder: Path, *dataset: str, splits: int) -> Scores:
    """Average precision of each split, by dataset, rescaling and loss."""
    found: Scores = defaultdict(list)
    swept = (f"preprocessing={','.join(PREPROCESSING)}", f"loss={','.join(LOSSES)}", f"split.seed=range(0,{splits})")
    for choices, config, metrics in swept_runs(folder, *dataset, *swept):
        name = Path(config["dataset"].get("path") or config["dataset"]["name"]).stem
        found[name, config["preprocessing"], choices["loss"]].append(metrics["test/average_precision"])
    return found


def main() -> None:
    """Trains, and prints the means by dataset and rescaling, and how far rescalings and losses are apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=3)
    splits = parser.parse_args().splits
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(Path(folder) / "keel", "dataset=keel", f"dataset.name={','.join(KEEL)}", splits=splits)
        for name, prevalence in SKEWED.items():
            path = Path(folder) / f"{name.replace(', ', ' ').replace('%', ' percent')}.parquet"
            skewed_table(prevalence).to_parquet(path)
            own = sweep(
                Path(folder) / name[-2:], "dataset=file", f"dataset.path='{path}'", "dataset.target=y", splits=splits
            )
            found |= own
    table = Table(title=f"average precision on test, mean of {splits} splits and {len(LOSSES)} losses", box=None)
    table.add_column("dataset")
    for heading in (*PREPROCESSING, "apart", "losses apart"):
        table.add_column(heading, justify="right")
    names = list(dict.fromkeys(name for name, *_ in found))
    grid = np.array([[[np.mean(found[n, p, loss]) for loss in LOSSES] for p in PREPROCESSING] for n in names])
    for name, scores in [*zip(names, grid, strict=True), ("mean of KEEL", grid[: len(KEEL)].mean(0))]:
        means = scores.mean(1)
        apart, losses_apart = np.ptp(means), np.ptp(scores.mean(0))
        table.add_row(name, *(f"{mean:.3f}" for mean in means), f"{apart:.3f}", f"{losses_apart:.3f}")
    Console(width=120).print(table)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
