"""A gateway that loses patience quickly, and a place for keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served, served


@pytest.fixture(scope="module")
def gateway() -> Iterator[Served]:
    """Return a gateway without keys that loses patience quickly."""
    with served() as one:
        yield one


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"
