"""Folders of tiny tokenizers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder_of(tmp_path: Path, contents: dict[str, dict[str, Any]]) -> Callable[[str], Path]:
    """Return a maker of folders that hold one of the tokenizers and nothing else."""

    def make(kind: str) -> Path:
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(contents[kind]), encoding="utf-8")
        return folder

    return make
