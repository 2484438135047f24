"""What the adoption fixtures hand to tests."""

from collections.abc import Callable
from pathlib import Path

MakeProject = Callable[..., Path]
