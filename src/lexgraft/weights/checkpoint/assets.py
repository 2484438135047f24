"""Configuration and tokenizer of a result: copied as data, with nothing that loads code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import ASSET_FILES, TEMPLATES, is_processor
from lexgraft.files.safe_json import LIMIT, read_json
from lexgraft.weights.checkpoint.checkpoint_index import regular_file, side_files
from lexgraft.weights.checkpoint.quantised.quantisation_scheme import without_quantisation

CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "model_file", "trust_remote_code"})
HUB_KEYS = frozenset({"attn_implementation", "_attn_implementation", "experts_implementation"})
"""Keys that load a kernel from a hub where their value names one, as `org/kernel`."""
CONFIG_FILES = ASSET_FILES[:2]
CHAT_TEMPLATE = "chat_template.jinja"
OLD_TEMPLATE = "chat_template.json"  # where processors kept it
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "vocab.txt")
"""A folder that can cut text has one of these, or another file of a tokenizer's own format."""
_DTYPE_KEYS = ("dtype", "torch_dtype")
_NO_EDITS: Mapping[str, Any] = MappingProxyType({})


def read_assets(
    folder: Path,
    dtype: str,
    *,
    tokenizer: Path | None = None,
    edits: Mapping[str, Any] = _NO_EDITS,
    chat_template: str | None = None,
    spare: Path | None = None,
) -> dict[str, bytes]:
    """Return the side files of a model folder, by name, as they belong beside merged weights.

    Keys that name code are left out, and what is said of quantisation: weights are written dense.
    The configuration states the dtype and takes the edits (dotted key → value), and no other file
    is looked at.

    Args:
        folder: the configuration's.
        dtype: of the weights.
        tokenizer: whose tokenizer and templates are taken, if not the folder's own.
        edits: what changes in config.json.
        chat_template: Jinja text that takes the place of every template.
        spare: where the files of a processor are taken from if the others have none.

    Raises:
        LexgraftError: no config.json, a file that is not what its name says, a link that leads
            elsewhere or nowhere, or a file far too large.
    """
    if not (folder / "config.json").is_file():
        raise LexgraftError("no config.json", where=str(folder), cure="get the whole model folder")
    places = _places(folder, tokenizer or folder, spare)
    assets = {
        name: _side(name, regular_file(home, name), {"dtype": dtype, **edits})
        for name, home in places.items()
    }
    return assets if chat_template is None else _with_template(assets, chat_template)


def _places(folder: Path, tokenizer: Path, spare: Path | None) -> dict[str, Path]:
    """Return which folder every side file is taken from."""
    processors = next(
        (
            home
            for home in (folder, tokenizer, *([spare] if spare else []))
            if any(map(is_processor, side_files(home)))
        ),
        folder,
    )
    places = {name: folder for name in side_files(folder) if name in CONFIG_FILES}
    places |= {name: tokenizer for name in side_files(tokenizer) if _is_of_tokenizer(name)}
    return places | {name: processors for name in side_files(processors) if is_processor(name)}


def _is_of_tokenizer(name: str) -> bool:
    return name not in CONFIG_FILES and not is_processor(name)


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder has what a tokenizer is built from."""
    formats = (".model", ".tiktoken", ".spm", ".vocab")
    return any(name in TOKENIZERS or name.endswith(formats) for name in side_files(folder))


def _with_template(assets: Mapping[str, bytes], template: str) -> dict[str, bytes]:
    """Return side files with one chat template in the place of all that stand in them."""
    files = {
        name: content
        for name, content in assets.items()
        if name not in {CHAT_TEMPLATE, OLD_TEMPLATE} and not name.startswith(f"{TEMPLATES}/")
    }
    for name in ("tokenizer_config.json", "processor_config.json"):
        if name in files:
            content = json.loads(files[name])
            content.pop("chat_template", None)
            files[name] = _text(content)
    return {**files, CHAT_TEMPLATE: template.encode()}


def _side(name: str, path: Path, edits: Mapping[str, Any]) -> bytes:
    """Return what a side file becomes."""
    if path.stat().st_size > LIMIT:
        raise LexgraftError(f"larger than {LIMIT:,} bytes", where=str(path))
    if not _is_config(name):
        return path.read_bytes()
    content = _without_code(read_json(path))
    return _text(edited(content, edits) if name == "config.json" else content)


def _is_config(name: str) -> bool:
    """Return whether a side file holds settings, among which some may name code."""
    return name.endswith("config.json")


def edited(config: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with dotted keys set, as it stands beside dense weights."""
    copy: dict[str, Any] = json.loads(json.dumps(without_quantisation(config)))
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
    """Return the keys that name code in a model's configurations, sorted."""
    paths = [regular_file(folder, name) for name in side_files(folder) if _is_config(name)]
    return sorted({key for path in paths for key in _code_keys(read_json(path))})


def _code_keys(value: Any) -> Iterator[str]:
    """Yield the keys that name code, however deep they lie."""
    if isinstance(value, dict):
        yield from (key for key, inner in value.items() if _names_code(key, inner))
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _code_keys(inner)


def _without_code(value: Any) -> Any:
    """Return JSON without the keys that name code to be loaded."""
    if isinstance(value, dict):
        return {k: _without_code(v) for k, v in value.items() if not _names_code(k, v)}
    return [_without_code(v) for v in value] if isinstance(value, list) else value


def _names_code(key: str, value: object) -> bool:
    """Return whether a key of a configuration makes a loader fetch or run code."""
    hub = isinstance(value, str) and ("/" in value or "@" in value)
    return key in CODE_KEYS or (key in HUB_KEYS and hub)
