"""Decisions out of bytes: what hypothesis and a fuzzer both can give, and both can make smaller."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

T = TypeVar("T")

TEXTS = [
    "", "a", "web", "web:0", "all", "*", "[", "[!", "é:0", "\ud800", "a\x00b", "\x85", "\u2028",
    "\U0001f600", "%(process_num)d", "%(", "it's", '"', "x" * 300, "-1", "0x10", "1e999", "~", "/",
    "TERM", "80x24", "1MB", "RUNNING", "stdout", "(x+x+)+y", "\x1b[31m", "\ufeff", "\r\n",
    "9" * 400,
]  # fmt: skip
NUMBERS = [0, 1, -1, 24, 255, 65536, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**30, 10**400]
FLOATS = [0.0, -0.0, 0.5, -1.5, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")]


class Source:
    """Takes bytes from the front; at their end everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, limit: int) -> int:
        number = self.byte() if limit <= 256 else self.byte() << 8 | self.byte()
        return number % limit

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def text(self) -> str:
        if self.byte() % 2:
            return self.pick(TEXTS)
        return self.take(self.below(12)).decode("utf-8", "surrogateescape")

    def json(self, depth: int = 3) -> Any:
        """Return a value as JSON has it, and some that only Python's JSON has."""
        match self.byte() % (8 if depth else 6):
            case 0:
                return self.pick([None, True, False])
            case 1:
                return self.below(65536)
            case 2:
                return self.pick(NUMBERS)
            case 3:
                return self.pick(FLOATS)
            case 4 | 5:
                return self.text()
            case 6:
                return [self.json(depth - 1) for _ in range(self.below(4))]
            case _:
                return {self.text(): self.json(depth - 1) for _ in range(self.below(4))}

    def pieces(self, data: bytes) -> list[bytes]:
        """Cut the data in up to nine places; of short data the places are often near each other."""
        places = sorted(self.below(max(len(data), 1)) for _ in range(self.below(9)))
        edges = [0, *places, len(data)]
        return [data[start:end] for start, end in pairwise(edges)]

    def mutated(self, value: Any) -> Any:
        """Return plain data with something in it changed, taken away or added."""
        if isinstance(value, dict) and value and self.byte() % 8:
            key = self.pick(sorted(value))
            match self.byte() % 8:
                case 0:
                    return {name: item for name, item in value.items() if name != key}
                case 1:
                    return value | {self.text(): self.json()}
            return value | {key: self.mutated(value[key])}
        if isinstance(value, list) and value and self.byte() % 8:
            place = self.below(len(value))
            match self.byte() % 8:
                case 0:
                    return value[:place] + value[place + 1 :]
                case 1:
                    return [*value[:place], self.json(), *value[place:]]
            return [*value[:place], self.mutated(value[place]), *value[place + 1 :]]
        return self.json()
