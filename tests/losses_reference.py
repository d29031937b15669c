"""The losses once more, in NumPy float64, written from the papers. Shares no code with `losses`.

All take labels y in [0, 1] and logits z, and return the loss of each element.
"""

import numpy as np

EPSILON = 1e-7


def sigmoid(z):
    """1 / (1 + exp(-z)), with all its digits on both sides."""
    return np.exp(-np.logaddexp(0, -np.asarray(z, float)))


def bce(y, z):
    """Binary cross-entropy: -y log p - (1-y) log(1-p), log p = -log(1 + exp(-z))."""
    y, z = np.asarray(y, float), np.asarray(z, float)
    return y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)


def bce_of_probabilities(y, p, added=0.0):
    """Keras 3: clip to [1e-7, 1 - 1e-7]; Keras 2 then adds 1e-7 inside both logarithms."""
    y, p = np.asarray(y, float), np.clip(np.asarray(p, float), EPSILON, 1 - EPSILON)
    return -(y * np.log(p + added) + (1 - y) * np.log(1 - p + added))


def custom(y, z, formula="logits"):
    """The three forms of the plain cross-entropy."""
    if formula == "logits":
        return bce(y, z)
    return bce_of_probabilities(y, sigmoid(z), EPSILON if formula == "keras2" else 0.0)


def weighted(y, z, positive_weight=2.0, negative_weight=1.0, balanced=False, pi=None):
    """Class weights; balanced is scikit-learn's n / (2 n_c), here for n = 1."""
    w1, w0 = (
        (1 / (2 * np.asarray(pi)), 1 / (2 * (1 - np.asarray(pi)))) if balanced else (positive_weight, negative_weight)
    )
    return bce(1, z) * np.asarray(y, float) * w1 + bce(0, z) * (1 - np.asarray(y, float)) * w0


def smoothed(y, z, label_smoothing=0.1):
    """Szegedy 2016, section 7: q' = (1 - s) q + s / K, with K = 2 classes."""
    return bce((1 - label_smoothing) * np.asarray(y, float) + label_smoothing / 2, z)


def focal(y, z, gamma=2.0, alpha=0.25, alpha_mode="none"):
    """Lin 2017: -alpha_t (1 - p_t)^gamma log p_t; for soft labels p_t = y p + (1-y)(1-p), as Keras has it."""
    y = np.asarray(y, float)
    factor = {"none": 1.0, "uniform": alpha, "balanced": y * alpha + (1 - y) * (1 - np.asarray(alpha))}[alpha_mode]
    one_minus_pt = y * sigmoid(-np.asarray(z, float)) + (1 - y) * sigmoid(z)
    return factor * one_minus_pt**gamma * bce(y, z)
