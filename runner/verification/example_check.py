"""What comes of checking a worked example."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ExampleCheck:
    """One comparison of a worked example.

    Attributes:
        number: the example's.
        what: in a few words.
        expected, ours: the two that are compared, as shown; of several numbers the first.
        off: the largest difference of the two: relative, or of what is plotted.
        tolerance: how large it may be.
        figure: the file, of an example that is drawn.
    """

    number: int
    what: str
    expected: str
    ours: str
    off: float
    tolerance: float
    figure: Path | None = None

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance; a NaN is not."""
        return self.off <= self.tolerance
