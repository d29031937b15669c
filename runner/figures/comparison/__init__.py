"""Figures that compare losses: pure functions from tables to matplotlib figures, 912 pixels wide.

A loss keeps its colour from figure to figure. Heights grow with the number of losses. What cannot be drawn is said in a
sentence in the figure. Matplotlib loads with the first name that is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
