"""What loads TensorFlow, and that it does so without a word."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def loaded_by(statement: str) -> list[str]:
    """Which heavy packages a statement loads in a fresh process; nothing may be written to standard error."""
    script = f"{statement}\nimport sys\nprint(*[name for name in ('keras', 'tensorflow') if name in sys.modules])"
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    "statement",
    [
        "import runner.training.stack",
        "from runner.training import EarlyStopping, EpochListener, Measure",
        "from runner.training import Trainer, TrainerSettings, Training, TrainingTask",
        "import runner.tracking.mlflow_tracker, runner.sweeps.sweep, runner.launching.launcher",
    ],
)
def test_types_do_not_load_tensorflow(statement):
    assert loaded_by(statement) == []


@pytest.mark.parametrize("statement", ["from runner.training import CompiledTrainer", "from runner.models import mlp"])
def test_trainers_load_tensorflow_without_a_word(statement):
    assert loaded_by(statement) == ["keras", "tensorflow"]
