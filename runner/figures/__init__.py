"""Figures of a run, a loss and a search: pure functions from tables to matplotlib figures, and ``save``.

Nothing here touches pyplot or the global rcParams, so figures are freed like any other object and may be
drawn in any thread. Every function takes what the figure is about (the run's name, say) as ``subtitle``. Figures that
compare losses are in ``runner.figures.comparison``. Matplotlib loads with the first name that is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
