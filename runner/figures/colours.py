"""Which colour stands for what: Okabe and Ito's colour-blind-safe palette, and darker and lighter shades of it."""

from __future__ import annotations

import zlib

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#7F7F7F"
LIGHT_GREY = "#D9D9D9"

#: The classes have these colours in every figure.
POSITIVE = VERMILLION
NEGATIVE = BLUE

# The first eight are Okabe-Ito colours (yellow cannot be read on white: grey stands in). There are more
# losses than safe colours, so the rest are darker or lighter shades; a chart of many losses should name them too.
_LOSS_COLOURS = {
    "builtin": BLACK,
    "custom": GREY,
    "weighted": BLUE,
    "smoothed": SKY,
    "focal": VERMILLION,
    "class_balanced": GREEN,
    "logit_adjusted": PURPLE,
    "ldam": ORANGE,
    "vector_scaling": "#8C3B6B",
    "asymmetric": "#8A3D00",
    "poly1": "#004A75",
    "generalized_ce": "#00593F",
    "symmetric_ce": "#5CC9A7",
    "bootstrap": "#8A6000",
    "sparse_categorical": "#4D4D4D",
    "dice": "#A39A00",
    "tversky": "#6E6800",
    "focal_tversky": "#FF9A57",
    "soft_mcc": "#2F86B8",
    "pairwise_auc": "#E0A6C6",
    "ghm": "#B3B3B3",
    "brier": "#1B2A6B",
    "beta_proper": "#7B86D9",
    "gev": "#3E7F2E",
    "score": "#B86E00",
    "smooth_ap": "#A64E8C",
    "aum": "#5B2C4F",
    "lovasz_hinge": "#C7A93B",
    "tilted": "#B03A2E",
    "cvar": "#6B1F14",
    "compound": "#2B6F77",
    "nnpu": "#7A5C8E",
    "cost_sensitive": "#94623D",
}
# A name that is not listed has one of the first colours, so that another loss here does not change it.
_SHADES = tuple(_LOSS_COLOURS.values())[:21]


def loss_colour(name: str) -> str:
    """The colour of a loss, the same in every figure, process and release.

    Args:
        name: the loss's name as the configs spell it (``focal``). Only the first word counts, so that
            ``focal gamma=2`` is drawn as ``focal`` is.

    Returns:
        A hex colour. Unknown names get one by a hash that does not change between processes.

    Example:

    >>> loss_colour("focal"), loss_colour("focal gamma=2")
    ('#D55E00', '#D55E00')
    """
    words = name.split()
    word = words[0].lower() if words else ""
    known = _LOSS_COLOURS.get(word)
    return known if known is not None else _SHADES[zlib.crc32(word.encode()) % len(_SHADES)]
