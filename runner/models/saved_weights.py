"""The weights of a saved network."""

from __future__ import annotations

from runner.models.keras_runtime import keras

from pathlib import Path

import numpy as np


def saved_weights(path: Path) -> list[np.ndarray]:
    """The weights of a network that was saved as a `.keras` file, in Keras's order.

    Args:
        path: of the file.

    Raises:
        OSError, ValueError, TypeError: the file is not there, is no network, or needs a class that is not known here.
    """
    weights: list[np.ndarray] = keras.saving.load_model(path, compile=False).get_weights()
    return weights
