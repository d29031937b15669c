"""Train sigmoid-output Keras networks under different losses on imbalanced data, and compare them honestly."""

__version__ = "0.1.0"
