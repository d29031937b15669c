"""Trainers: splits, a network and a loss in; history and weights out."""

import runner.training.runtime  # noqa: F401 - first, before anything else loads TensorFlow: it does so quietly

# isort: split
from runner.training.compiled import CompiledTrainer
from runner.training.fit import FitTrainer
from runner.training.trainer import EpochListener, Measure, Trainer, TrainerSettings, Training, TrainingTask

__all__ = [
    "CompiledTrainer",
    "EpochListener",
    "FitTrainer",
    "Measure",
    "Trainer",
    "TrainerSettings",
    "Training",
    "TrainingTask",
]
