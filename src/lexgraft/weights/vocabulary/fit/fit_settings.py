"""How the rows of new tokens are fitted: the settings, without the packages that a fit needs."""

from dataclasses import dataclass
from typing import Literal

from lexgraft.errors import LexgraftError


@dataclass(frozen=True)
class FitSettings:
    """How the rows of new tokens are fitted.

    Raises:
        LexgraftError: a number below 0, or no thread.
    """

    distil: int | None = None  # batches of input fitting; 0: outputs alone; None: suppress only
    continuation: int = 16  # tokens by which the base itself goes on with each further text
    dtype: Literal["float32", "bfloat16"] = "float32"  # in which the base is asked and read
    threads: int = 2  # of the processor

    def __post_init__(self) -> None:
        if min(self.continuation, self.distil or 0, self.threads - 1) < 0:
            raise LexgraftError(
                "a number below 0",
                cure="give batches and continued tokens from 0 on, and a thread or more",
            )
