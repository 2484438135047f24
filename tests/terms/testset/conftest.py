"""Made-up concepts, as many as a test asks for."""

from collections.abc import Callable

import pytest
from invented import concept

from lexgraft.records import Concept

MakeConcepts = Callable[[int], list[Concept]]


@pytest.fixture(scope="session")
def make_concepts() -> MakeConcepts:
    """Return a maker of the first n made-up concepts."""

    def make(count: int) -> list[Concept]:
        return [concept("C", number) for number in range(count)]

    return make
