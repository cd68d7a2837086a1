"""Choices by chance, for what asks a chooser."""

import random
from collections.abc import Sequence


class Dice:
    """A chooser that throws dice."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        return self._random.randrange(low, high + 1, step)

    def suggest_categorical(self, name: str, choices: Sequence[int | str | float]) -> int | str | float:
        return self._random.choice(choices)
