"""What un-biasing is worth on real data: probabilities raw, by each loss's closed form, and by Platt scaling.

    python benchmarks/calibration.py            # some five minutes; prints log loss on test, in nats
    python benchmarks/calibration.py --splits 2

One sweep of all losses over twelve datasets of KEEL, default recipe. A closed form holds for a network that minimises
its loss; the table says how far trained networks are from that.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from swept_runs import swept_runs

DATASETS = (
    "page_blocks0", "yeast4", "yeast6", "satimage", "abalone19", "abalone9_18",
    "ecoli3", "pima", "haberman", "vehicle1", "glass1", "segment0",
)  # fmt: skip
WAYS = {"raw": "test/log_loss", "closed form": "test_debiased/log_loss", "Platt": "test_calibrated/log_loss"}
Scores = dict[tuple[str, str], list[dict[str, float]]]


def measured(splits: int) -> Scores:
    """The metrics of each split, by loss and dataset."""
    found: Scores = defaultdict(list)
    swept = (f"dataset.name={','.join(DATASETS)}", "loss=glob(*)", f"split.seed=range(0,{splits})")
    with tempfile.TemporaryDirectory() as folder:
        for choices, config, metrics in swept_runs(Path(folder), "dataset=keel", *swept):
            found[choices["loss"], config["dataset"]["name"]].append(metrics)
    return found


def main() -> None:
    """Trains, and prints a row for each loss: the means over datasets, and on how many datasets each way is best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=3)
    splits = parser.parse_args().splits
    start = time.perf_counter()
    found = measured(splits)
    table = Table(title=f"log loss on test, nats: mean of {len(DATASETS)} datasets, {splits} splits each", box=None)
    table.add_column("loss")
    for heading in (*WAYS, "Platt beats the closed form on"):
        table.add_column(heading, justify="right")
    for loss in sorted({loss for loss, _ in found}):
        means = {
            way: np.array([np.mean([run.get(name, np.nan) for run in found[loss, each]]) for each in DATASETS])
            for way, name in WAYS.items()
        }
        shown = ["" if np.isnan(each).any() else f"{each.mean():.4f}" for each in means.values()]
        wins = int(np.sum(means["Platt"] < means["closed form"]))
        table.add_row(loss, *shown, f"{wins} of {len(DATASETS)}" if shown[1] else "")
    Console(width=110).print(table)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
