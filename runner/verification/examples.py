"""All worked examples."""

from __future__ import annotations

from pathlib import Path

from runner.verification.equalities import (
    check_same_curves,
    check_smoothed_is_label_smoothing,
    check_uniform_focal_is_a_quarter,
    check_weighted_is_class_weight,
    train_three_ways,
)
from runner.verification.example_check import ExampleCheck
from runner.verification.figures import draw_and_check_curves, draw_and_check_log_plot
from runner.verification.published import PUBLISHED, check_labels_of_another_shape


def check_examples(folder: Path) -> list[ExampleCheck]:
    """Every worked example, computed here and compared, in the order of their numbers.

    Args:
        folder: where the figures go; must exist.
    """
    curves = train_three_ways()
    checks = [
        *(example.check() for example in PUBLISHED),
        check_labels_of_another_shape(),
        *check_same_curves(curves),
        check_weighted_is_class_weight(),
        check_smoothed_is_label_smoothing(),
        check_uniform_focal_is_a_quarter(),
        draw_and_check_curves(curves, folder),
        draw_and_check_log_plot(folder),
    ]
    return sorted(checks, key=lambda check: check.number)
