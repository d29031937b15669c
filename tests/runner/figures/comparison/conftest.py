"""Tables as a comparison makes them: losses on splits of one dataset with rare positives."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

LOSSES = [
    "builtin",
    "weighted positive_weight=2 negative_weight=1",
    "focal gamma=1",
    "focal gamma=2 alpha=0.25 alpha_mode=balanced",
    "class_balanced beta=0.999",
    "logit_adjusted tau=1",
    "ldam max_margin=0.5 s=1",
    "dice smooth=1",
    "asymmetric gamma_neg=4 gamma_pos=1 margin=0.05",
    "poly1 epsilon=1",
    "generalized_ce q=0.7",
    "symmetric_ce alpha=0.1 beta=1 log_zero=-4",
    "bootstrap beta=0.95 mode=soft",
    "sparse_categorical",
    "tversky alpha=0.3 beta=0.7 smooth=1",
    "focal_tversky alpha=0.3 beta=0.7 gamma=1.33333 smooth=1",
    "soft_mcc",
    "pairwise_auc surrogate=logistic margin=1",
    "ghm bins=30",
    "smoothed label_smoothing=0.1",
    "vector_scaling gamma=0.15 tau=1 · cnn · optimizer.learning_rate=0.001",
]


@pytest.fixture(scope="package")
def losses() -> list[str]:
    """The baseline, then twenty others, some with long names and two of one option."""
    return LOSSES


@pytest.fixture(scope="package")
def board_of():
    """A leaderboard of so many losses, best first; the last gain is that of a loss that collapsed."""

    def make(count: int) -> pd.DataFrame:
        mean = np.linspace(0.62, 0.55, count)
        mean[-1] = 0.55 if count < 5 else 0.1
        names = np.roll(LOSSES[:count], count // 2)
        gain = mean - mean[list(names).index("builtin")]
        board = pd.DataFrame(
            {
                "mean": mean,
                "mean_low": mean - 0.03,
                "mean_high": mean + 0.03,
                "gain": gain,
                "gain_low": gain - 0.012,
                "gain_high": gain + 0.012,
                "verdict": np.select([gain > 0.012, gain < -0.012], ["better", "worse"], "cannot tell"),
                "splits": 5,
            },
            index=pd.Index(names, name="loss"),
        )
        board.loc["builtin", ["gain", "gain_low", "gain_high"]] = np.nan
        board.loc["builtin", "verdict"] = "baseline"
        return board

    return make


@pytest.fixture(scope="package")
def splits_of():
    """The gains of a leaderboard's losses on five splits."""

    def make(board: pd.DataFrame) -> pd.DataFrame:
        random = np.random.default_rng(0)
        rows = [
            {"loss": loss, "split": split, "gain": gain + random.normal(0, 0.006)}
            for loss, gain in board["gain"].dropna().items()
            for split in range(5)
        ]
        return pd.DataFrame(rows)

    return make


@pytest.fixture(scope="package")
def histories_of():
    """Histories of two runs a loss; the second run stops earlier."""

    def make(count: int) -> pd.DataFrame:
        tables = []
        for i, loss in enumerate(LOSSES[:count]):
            for split, epochs in ((0, 12), (1, 8 + i % 3)):
                epoch = np.arange(1, epochs + 1)
                values = 0.2 + 0.02 * i + 0.4 * np.exp(-epoch / 4) + 0.01 * split
                tables.append(
                    pd.DataFrame(
                        {
                            "loss": loss,
                            "split": split,
                            "seed": 0,
                            "epoch": epoch,
                            "val/log_loss": values,
                            "val/average_precision": 1 - values,
                        }
                    )
                )
        return pd.concat(tables, ignore_index=True)

    return make


@pytest.fixture(scope="package")
def scores_of():
    """Labels and probabilities of three runs a loss; losses rank better and better, and are biased in turn."""

    def make(count: int, rows: int = 600, prevalence: float = 0.06) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
        scores: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for i, loss in enumerate(LOSSES[:count]):
            scores[loss] = []
            for split in range(3):
                random = np.random.default_rng(split)
                labels = (random.random(rows) < prevalence).astype(int)
                logits = random.normal(-3.5, 1.2, rows) + (1.5 + 0.1 * i) * labels + (i % 4 - 1)
                scores[loss].append((labels, 1 / (1 + np.exp(-logits))))
        return scores

    return make


@pytest.fixture(scope="package")
def ranks_of():
    """Ranks of so many losses, in groups of neighbours."""

    def make(count: int) -> SimpleNamespace:
        average = pd.Series(np.linspace(1.4, count - 0.3, count), index=LOSSES[:count])
        width = max(count // 2, 2)
        groups = tuple(tuple(average.index[start : start + width]) for start in range(0, count - width + 1, 2))
        return SimpleNamespace(average=average, n=12, critical_difference=0.4 * count, groups=groups)

    return make


@pytest.fixture(scope="package")
def sweep_of():
    """Runs of so many losses at four learning rates, five each, and of the baseline without one."""

    def make(count: int) -> pd.DataFrame:
        random = np.random.default_rng(0)
        rows = [
            {
                "loss": f"{loss} · optimizer.learning_rate={rate:g}",
                "optimizer.learning_rate": rate,
                "test/average_precision": 0.5 + 0.01 * i - 0.03 * (np.log10(rate) + 3) ** 2 + random.normal(0, 0.005),
            }
            for i, loss in enumerate(LOSSES[1:count])
            for rate in (1e-4, 1e-3, 1e-2, 1e-1)
            for _ in range(5)
        ]
        rows += [
            {"loss": "builtin", "optimizer.learning_rate": np.nan, "test/average_precision": 0.5 + 0.01 * i}
            for i in range(3)
        ]
        return pd.DataFrame(rows)

    return make
