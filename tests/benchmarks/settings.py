"""What every benchmark is given."""

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.native import Native


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure, and with what.

    Attributes:
        folder: an empty folder of this benchmark's own, removed behind it.
        native: the compiled programs.
        quick: fewer repetitions and smaller amounts.
    """

    folder: Path
    native: Native
    quick: bool

    def repeat(self, often: int, quickly: int) -> int:
        """Return how often to do something."""
        return quickly if self.quick else often
