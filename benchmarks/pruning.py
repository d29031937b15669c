"""What giving trials up early is worth: the epochs that Optuna's pruners save, and what it costs the best trial.

    python benchmarks/pruning.py            # some minutes; prints a row a dataset and pruner
    python benchmarks/pruning.py --trials 20 --orders 5

Random trials of focal loss (its gamma, and the learning rate) are trained to their end on page-blocks and two sets of
KEEL, with the default recipe and its early stopping. Then a search is replayed: trials come in a random order, each
epoch of a trial is reported to the pruner as `hydra/sweeper/pruner=...` does, and where it says so the trial ends. The
values of random trials do not depend on what came of others, so that this is what a search with a random sampler would
have done, and many orders cost no training. An epoch takes as long in any trial, for the network is the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from swept_runs import swept_folders

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose losses.py is another one

from hydra_plugins.imbalance_runner_optuna import PRUNERS

DATASETS = ("page_blocks0", "yeast4", "abalone9_18")
EPOCHS = 30


@dataclass(frozen=True)
class Trained:
    """A trial that was trained to its end.

    Attributes:
        curve: average precision on validation, one an epoch.
        tested: average precision on test, of the best epoch.
    """

    curve: np.ndarray
    tested: float


def trained(trials: int) -> dict[str, list[Trained]]:
    """Random trials of each dataset."""
    rng = np.random.default_rng(0)
    gammas = ",".join(f"{gamma:.3f}" for gamma in rng.uniform(0, 5, trials))
    rates = ",".join(f"{rate:.6f}" for rate in 10 ** rng.uniform(-4, -1, trials))
    found = defaultdict(list)
    swept = (f"dataset.name={','.join(DATASETS)}", f"zip=[loss.gamma={gammas} optimizer.learning_rate={rates}]")
    with tempfile.TemporaryDirectory() as folder:
        for run, config, metrics in swept_folders(Path(folder), "dataset=keel", "loss=focal", *swept):
            curve = pd.read_csv(run / "history.csv")["val/average_precision"].to_numpy()
            found[config["dataset"]["name"]].append(Trained(curve, metrics["test/average_precision"]))
    return found


def replayed(trials: Sequence[Trained], pruner: str) -> tuple[float, float, float, float]:
    """Best value of a trial that was trained to its end, its test, epochs, and pruned trials, of a search."""
    made = instantiate(OmegaConf.create({"trainer": {"epochs": EPOCHS}, "pruner": PRUNERS[pruner]}).pruner)
    study = optuna.create_study(direction="maximize", pruner=made)
    best, epochs, pruned = (-np.inf, np.nan), 0, 0
    for each in trials:
        trial = study.ask()
        for epoch, value in enumerate(each.curve, start=1):
            trial.report(float(value), epoch)
            epochs += 1
            if epoch < len(each.curve) and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                pruned += 1
                break
        else:
            study.tell(trial, float(each.curve.max()))
            best = max(best, (float(each.curve.max()), each.tested))
    return *best, epochs, pruned


def main() -> None:
    """Trains, replays, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--orders", type=int, default=20)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    start = time.perf_counter()
    table = Table(title=f"{options.trials} trials, mean of {options.orders} orders", box=None)
    for heading in ("dataset", "pruner", "best", "as good in", "its test", "epochs", "of all", "pruned"):
        table.add_column(heading, justify="left" if heading in ("dataset", "pruner") else "right")
    for dataset, trials in trained(options.trials).items():
        rng = np.random.default_rng(1)
        orders = [[trials[index] for index in rng.permutation(len(trials))] for _ in range(options.orders)]
        whole = np.array([replayed(order, "none") for order in orders])
        for pruner in PRUNERS:
            found = np.array([replayed(order, pruner) for order in orders])
            best, tested, epochs, pruned = found.mean(axis=0)
            as_good = f"{np.mean(found[:, 0] >= whole[:, 0]):.0%}"
            row = [f"{best:.4f}", as_good, f"{tested:.4f}", f"{epochs:.0f}", f"{epochs / whole[:, 2].mean():.0%}"]
            table.add_row(dataset, pruner, *row, f"{pruned:.1f}")
            print(dataset, pruner, *row, f"{pruned:.1f}", flush=True)
    Console(width=110).print(table)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
