"""A run in words: its name, its summary, its tags."""

from __future__ import annotations

import getpass
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from omegaconf import DictConfig, OmegaConf

import runner

PACKAGES = ("tensorflow", "keras", "mlflow", "hydra-core", "scikit-learn", "pandas", "numpy")
RESULT_ROWS = (
    ("average_precision", "average precision"),
    ("roc_auc", "ROC AUC"),
    ("log_loss", "log loss"),
    ("brier", "Brier score"),
    ("ece", "calibration error"),
    ("f1", "F1"),
    ("mcc", "MCC"),
    ("g_mean", "G-mean"),
    ("balanced_accuracy", "balanced accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("specificity", "specificity"),
)


def loss_name(option: str, settings: Mapping[str, Any]) -> str:
    """`focal gamma=2`: the loss option with the hyper-parameters in force."""
    values = {key: value for key, value in settings.items() if value not in (None, False)}
    return " ".join([option, *(f"{key}={_short(value)}" for key, value in values.items())])


def variant(loss: str, choices: Mapping[str, str], overrides: Sequence[str] = ()) -> str:
    """What is compared: the loss with its settings, and whatever else was chosen of model and optimizer.

    A model other than the usual is named, and what was overridden in model, optimizer or loss and does not show
    otherwise: the runs of a sweep must be told apart.
    """
    parts = [loss]
    if choices.get("model", "mlp") != "mlp":
        parts.append(choices["model"])
    for override in overrides:
        group, dot, setting = override.partition(".")
        if dot and group in ("model", "optimizer", "loss") and "_target_" not in setting:
            key = setting.partition("=")[0]
            parts += [setting] if f" {key}=" not in loss else []
    return " · ".join(parts)


def run_name(variant: str, dataset: str, config: DictConfig) -> str:
    """`focal gamma=2 · page_blocks · seed 0`; a split other than 0 is named too."""
    loss, *rest = variant.split(" · ")
    split = [f"split {config.split.seed}"] if config.split.seed != 0 else []
    return " · ".join([loss, dataset, *rest, *split, f"seed {config.seed}"])


def result_rows(metrics: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """(metric, test value, 95% interval) of the result table, in words and four digits."""
    rows = []
    for key, label in RESULT_ROWS:
        low, high = metrics.get(f"test/{key}.low"), metrics.get(f"test/{key}.high")
        interval = "" if low is None or high is None else f"{low:.4f} to {high:.4f}"
        rows.append((label, f"{metrics[f'test/{key}']:.4f}", interval))
        if key == "average_precision":
            rows.append(("  by guessing (prevalence)", f"{metrics['test/prevalence']:.4f}", ""))
    return rows


def summary(
    name: str, metrics: Mapping[str, float], threshold_rule: str, debiased_by: str, stopped: str, best_epoch: int
) -> str:
    """The run's note: a short Markdown page."""
    table = "\n".join(f"| {label.strip()} | {value} | {interval} |" for label, value, interval in result_rows(metrics))
    half = {key: metrics[f"test_at_half/{key}"] for key in ("f1", "mcc")}
    debiased = ""
    if not math.isclose(metrics.get("test_debiased/log_loss", metrics["test/log_loss"]), metrics["test/log_loss"]):
        debiased = (
            f"\nThis loss moves probabilities. With its bias undone by {debiased_by}, "
            f"the log loss is {metrics['test_debiased/log_loss']:.4f} (raw {metrics['test/log_loss']:.4f}) and "
            f"the calibration error {metrics['test_debiased/ece']:.4f} (raw {metrics['test/ece']:.4f}).\n"
        )
    return f"""## {name}

| test metric | value | 95% interval |
|---|---|---|
{table}

Threshold **{metrics["threshold"]:.4g}** ({threshold_rule}, chosen on validation). At 0.5 instead: \
F1 {half["f1"]:.4f}, MCC {half["mcc"]:.4f}.
{debiased}
Weights of epoch {best_epoch}; training ended: {stopped}.

**Where to look:** `figures/precision_recall.png` (is it above the prevalence line where you work?), \
`figures/loss_curves.png` (does validation log loss rise while the training loss falls?), \
`figures/calibration.png` (may probabilities be taken at their word?). Compare losses by `test/average_precision` and \
`test/log_loss`, never by `val/loss`: each loss has its own scale.
"""


def tags() -> dict[str, str]:
    """Who made a run, by what command, with which versions."""
    return {
        "mlflow.user": _user(),
        "mlflow.source.name": " ".join(["runner", *sys.argv[1:]])[:5000],
        "mlflow.source.type": "LOCAL",
        "version.imbalance-runner": runner.__version__,
        "version.python": sys.version.split()[0],
        **{f"version.{package}": version(package) for package in PACKAGES},
        **_git(),
    }


def flat_params(config: DictConfig, choices: Mapping[str, str]) -> dict[str, str]:
    """The config flattened with dots, and the chosen options under their group's name."""
    flat: dict[str, str] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            flat[prefix] = str(value)

    add("", OmegaConf.to_container(config, resolve=True))
    return {**flat, **{group: option for group, option in choices.items() if option not in (None, "null")}}


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def _git() -> dict[str, str]:
    """Commit and dirty flag of the folder the run was started in, if it is in git."""

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = ask("rev-parse", "HEAD")
    if not commit:
        return {}
    return {"mlflow.source.git.commit": commit, "git.dirty": str(bool(ask("status", "--porcelain"))).lower()}
