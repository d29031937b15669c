"""Tables as the rest of the runner makes them: scores of a fair classifier where positives are rare."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve


@pytest.fixture(scope="package")
def scores() -> tuple[np.ndarray, np.ndarray]:
    """(labels, probabilities) of 2000 rows at prevalence 0.05."""
    random = np.random.default_rng(0)
    labels = (random.random(2000) < 0.05).astype(int)
    logits = random.normal(-4, 1.5, 2000) + 3 * labels
    return labels, 1 / (1 + np.exp(-logits))


@pytest.fixture(scope="package")
def precision_recall_table(scores) -> pd.DataFrame:
    precision, recall, thresholds = precision_recall_curve(*scores)
    return pd.DataFrame({"threshold": np.append(thresholds, np.inf), "precision": precision, "recall": recall})


@pytest.fixture(scope="package")
def roc_table(scores) -> pd.DataFrame:
    false_rate, true_rate, thresholds = roc_curve(*scores)
    return pd.DataFrame({"threshold": thresholds, "false_positive_rate": false_rate, "true_positive_rate": true_rate})


@pytest.fixture(scope="package")
def threshold_table() -> pd.DataFrame:
    thresholds = np.linspace(0.01, 0.99, 50)
    table = {"threshold": thresholds}
    for i, name in enumerate(("precision", "recall", "specificity", "f1", "mcc", "g_mean", "balanced_accuracy")):
        table[name] = np.exp(-(((thresholds - 0.2 - 0.1 * i) / 0.3) ** 2))
    return pd.DataFrame(table)


@pytest.fixture(scope="package")
def bins_table() -> pd.DataFrame:
    mean = np.array([0.001, 0.004, 0.02, 0.09, 0.5])
    rate = np.array([0.0, 0.005, 0.01, 0.1, 0.45])
    return pd.DataFrame(
        {
            "mean_probability": mean,
            "positive_rate": rate,
            "count": 400,
            "low": np.clip(rate - 0.01, 0, 1),
            "high": rate + 0.02,
        }
    )


@pytest.fixture(scope="package")
def history_table() -> pd.DataFrame:
    epochs = np.arange(1, 31)
    falling = 0.1 + np.exp(-epochs / 6)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "train/loss": 20 * falling,
            "val/loss": 21 * falling,
            "val/log_loss": 0.3 + 0.5 * np.exp(-epochs / 9),
            "val/average_precision": 0.7 - 0.3 * np.exp(-epochs / 5),
            "val/roc_auc": 0.9,
        }
    )


@pytest.fixture(scope="package")
def shape_table() -> pd.DataFrame:
    """Weighted log loss, positives counting threefold."""
    probability = np.linspace(1e-4, 1 - 1e-4, 201)
    return pd.DataFrame(
        {
            "probability": probability,
            "loss_positive": -3 * np.log(probability),
            "loss_negative": -np.log1p(-probability),
            "gradient_positive": -3 * (1 - probability),
            "gradient_negative": probability,
        }
    )


@pytest.fixture(scope="package")
def search_table() -> pd.DataFrame:
    """A search of 20 trials that gets better; two failed."""
    values = 0.8 - 0.1 * np.random.default_rng(0).random(20) * np.exp(-np.arange(20) / 10)
    values[[3, 11]] = np.nan
    return pd.DataFrame({"trial": np.arange(20), "value": values})
