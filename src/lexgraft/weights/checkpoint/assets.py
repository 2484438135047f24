"""Configuration and tokenizer of a result: copied as data, with nothing that loads code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import ASSET_FILES
from lexgraft.files.safe_json import LIMIT, read_json
from lexgraft.weights.checkpoint.checkpoint_index import regular_file

CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "model_file", "trust_remote_code"})
CONFIG_FILES = ("config.json", "generation_config.json")
CHAT_TEMPLATE = "chat_template.jinja"
_DTYPE_KEYS = ("dtype", "torch_dtype")
_EDITED = frozenset({"config.json", "tokenizer_config.json"})
_NO_EDITS: Mapping[str, Any] = MappingProxyType({})


def read_assets(
    folder: Path,
    dtype: str,
    *,
    tokenizer: Path | None = None,
    edits: Mapping[str, Any] = _NO_EDITS,
    chat_template: str | None = None,
) -> dict[str, bytes]:
    """Return the side files of a model folder, by name, as they belong beside merged weights.

    Keys that name code are left out, the configuration states the dtype and takes the edits
    (dotted key → value), the tokenizer may be another folder's, and no other file is looked at.

    Raises:
        LexgraftError: no config.json, a file that is not what its name says, or one far too large.
    """
    if not (folder / "config.json").is_file():
        raise LexgraftError("no config.json", where=str(folder), cure="get the whole model folder")
    homes = {name: folder if name in CONFIG_FILES else tokenizer or folder for name in ASSET_FILES}
    assets = {
        name: _side(name, regular_file(home, name), {"dtype": dtype, **edits})
        for name, home in homes.items()
        if (home / name).exists()
    }
    if chat_template is not None:
        assets[CHAT_TEMPLATE] = chat_template.encode()
        if "tokenizer_config.json" in assets:
            content = json.loads(assets["tokenizer_config.json"])
            content.pop("chat_template", None)
            assets["tokenizer_config.json"] = _text(content)
    return dict(sorted(assets.items(), key=lambda side: ASSET_FILES.index(side[0])))


def _side(name: str, path: Path, edits: Mapping[str, Any]) -> bytes:
    """Return what a side file becomes."""
    if path.stat().st_size > LIMIT:
        raise LexgraftError(f"larger than {LIMIT:,} bytes", where=str(path))
    if name not in _EDITED:
        return path.read_bytes()
    content = _without_code(read_json(path))
    return _text(edited(content, edits) if name == "config.json" else content)


def edited(config: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with dotted keys set to other values."""
    copy: dict[str, Any] = json.loads(json.dumps(config))
    for key, value in edits.items():
        _edit(copy, key, value)
    return copy


def _edit(content: dict[str, Any], key: str, value: object) -> None:
    """Set a dotted key; the dtype under whichever of its names is there."""
    if key == "dtype":
        keys = [name for name in _DTYPE_KEYS if name in content] or [_DTYPE_KEYS[0]]
        content.update(dict.fromkeys(keys, value))
        return
    *parents, last = key.split(".")
    for parent in parents:
        content = content[parent]
    content[last] = value


def _text(content: object) -> bytes:
    """Return JSON as it is written."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def code_named(folder: Path) -> list[str]:
    """Return the keys that name code in a model's configuration and tokenizer, sorted."""
    paths = [folder / name for name in sorted(_EDITED) if (folder / name).is_file()]
    return sorted({key for path in paths for key in _code_keys(read_json(path))})


def _code_keys(value: Any) -> Iterator[str]:
    """Yield the keys that name code, however deep they lie."""
    if isinstance(value, dict):
        yield from (key for key in value if key in CODE_KEYS)
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _code_keys(inner)


def _without_code(value: Any) -> Any:
    """Return JSON without the keys that name code to be loaded."""
    if isinstance(value, dict):
        return {k: _without_code(v) for k, v in value.items() if k not in CODE_KEYS}
    return [_without_code(v) for v in value] if isinstance(value, list) else value
