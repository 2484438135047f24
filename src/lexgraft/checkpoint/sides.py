"""Configuration and tokenizer of a result: copied as data, with nothing that loads code."""

import json
from pathlib import Path
from typing import Any

from lexgraft.checkpoint.index import SIDE_FILES, regular_file
from lexgraft.checkpoint.strict import LIMIT, read_json
from lexgraft.errors import UserError

CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "model_file", "trust_remote_code"})
_DTYPE_KEYS = ("dtype", "torch_dtype")
_EDITED = frozenset({"config.json", "tokenizer_config.json"})


def read_sides(folder: Path, dtype: str) -> dict[str, bytes]:
    """Return the side files of a model folder, by name, as they belong beside merged weights.

    Keys that name code are left out, the configuration states the dtype, and no other file
    is looked at.

    Raises:
        UserError: no config.json, a file that is not what its name says, or one far too large.
    """
    if not (folder / "config.json").is_file():
        raise UserError("no config.json", where=str(folder), cure="get the whole model folder")
    names = [name for name in SIDE_FILES if (folder / name).exists()]
    return {name: _side(name, regular_file(folder, name), dtype) for name in names}


def _side(name: str, path: Path, dtype: str) -> bytes:
    """Return what a side file becomes."""
    if path.stat().st_size > LIMIT:
        raise UserError(f"larger than {LIMIT:,} bytes", where=str(path))
    if name not in _EDITED:
        return path.read_bytes()
    content = _without_code(read_json(path))
    if name == "config.json":
        known = [key for key in _DTYPE_KEYS if key in content] or [_DTYPE_KEYS[0]]
        content.update(dict.fromkeys(known, dtype))
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def _without_code(value: Any) -> Any:  # noqa: ANN401
    """Return JSON without the keys that name code to be loaded."""
    if isinstance(value, dict):
        return {k: _without_code(v) for k, v in value.items() if k not in CODE_KEYS}
    return [_without_code(v) for v in value] if isinstance(value, list) else value
