"""Losses for imbalanced binary problems: sigmoid output, any Keras 3 backend.

Usable with any Keras model, without the rest of this project::

    import losses
    model.compile("adam", losses.FocalLoss(gamma=2.0))  # the model ends in Dense(1): logits

The classes are listed in `losses.catalogue` and loaded on first use, as are the functions that measure any loss, so
that the list, the arguments and their ranges can be read without waiting for a deep-learning framework to start. Keras
finds a class in a compiled model's file only once it is loaded: mention it, as in `losses.FocalLoss`, before
`keras.saving.load_model`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from losses.catalogue import CATALOGUE

if TYPE_CHECKING:
    from losses.base import SigmoidLoss as SigmoidLoss
    from losses.bias import inverse_map as inverse_map
    from losses.compound import CompoundLoss as CompoundLoss
    from losses.cost_sensitive import CostSensitiveLoss as CostSensitiveLoss
    from losses.crossentropy import CustomLoss as CustomLoss
    from losses.crossentropy import SmoothedLoss as SmoothedLoss
    from losses.crossentropy import SparseCategoricalLoss as SparseCategoricalLoss
    from losses.crossentropy import WeightedLoss as WeightedLoss
    from losses.focal import FocalLoss as FocalLoss
    from losses.focal_variants import AsymmetricLoss as AsymmetricLoss
    from losses.focal_variants import Poly1Loss as Poly1Loss
    from losses.gev import GEVLoss as GEVLoss
    from losses.ghm import GHMLoss as GHMLoss
    from losses.overlap import DiceLoss as DiceLoss
    from losses.overlap import FocalTverskyLoss as FocalTverskyLoss
    from losses.overlap import SoftMCCLoss as SoftMCCLoss
    from losses.overlap import TverskyLoss as TverskyLoss
    from losses.pairwise import PairwiseAUCLoss as PairwiseAUCLoss
    from losses.priors import ClassBalancedLoss as ClassBalancedLoss
    from losses.priors import LDAMLoss as LDAMLoss
    from losses.priors import LogitAdjustedLoss as LogitAdjustedLoss
    from losses.priors import VectorScalingLoss as VectorScalingLoss
    from losses.proper import BetaProperLoss as BetaProperLoss
    from losses.proper import BrierLoss as BrierLoss
    from losses.risk import CVaRLoss as CVaRLoss
    from losses.risk import TiltedLoss as TiltedLoss
    from losses.robust import BootstrapLoss as BootstrapLoss
    from losses.robust import GeneralizedCrossEntropyLoss as GeneralizedCrossEntropyLoss
    from losses.robust import SymmetricCrossEntropyLoss as SymmetricCrossEntropyLoss
    from losses.score import ScoreLoss as ScoreLoss
    from losses.shape import loss_shape as loss_shape
    from losses.shape import minimiser as minimiser
    from losses.shape import wants_logits as wants_logits
    from losses.smooth_ap import SmoothAPLoss as SmoothAPLoss
    from losses.sorted_area import AUMLoss as AUMLoss
    from losses.sorted_area import LovaszHingeLoss as LovaszHingeLoss
    from losses.unlabelled import NNPULoss as NNPULoss
    from losses.whole_batch import WholeBatchLoss as WholeBatchLoss

_BASES = {"SigmoidLoss": "losses.base", "WholeBatchLoss": "losses.whole_batch"}
_CLASSES = {**_BASES, **{name: entry.module for name, entry in CATALOGUE.items()}}
_FUNCTIONS = {
    "inverse_map": "losses.bias",
    "loss_shape": "losses.shape",
    "minimiser": "losses.shape",
    "wants_logits": "losses.shape",
}
_MODULES = {**_CLASSES, **_FUNCTIONS}

__all__ = ["CATALOGUE", *_CLASSES]  # what `dir` lists and `import *` binds: the losses; the functions are for programs


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'losses' has no attribute {name!r}; it has {', '.join(sorted(_CLASSES))}")


def __dir__() -> list[str]:
    return sorted(__all__)
