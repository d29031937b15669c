"""Numbers and lists as the sentences of a verdict have them."""

from __future__ import annotations

from collections.abc import Sequence


def and_list(names: Sequence[str]) -> str:
    """`a, b and c`; of one or more."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def number(value: float) -> str:
    """Three decimals, or one digit of what three decimals would round to 0, unless it is rounding error."""
    return f"{value:.1g}" if 1e-9 < abs(value) < 0.0005 else f"{value:.3f}"


def p_value(p: float) -> str:
    """`below 0.001`, `0.013`"""
    return "below 0.001" if p < 0.001 else f"{p:.3f}"
