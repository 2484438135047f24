"""The file that says what a folder must hold, with a digest of itself: damage to it shows too."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json

MANIFEST: Final = "manifest.json"
CHECK: Final = "check"  # SHA-256 of all else that the file says
_CURE = "move the folder away and give the command that wrote it again"


def manifest_bytes(content: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is written, with its check."""
    plain = json.loads(msgspec.json.encode(content))  # as it will be read: infinities are null
    stated = {key: value for key, value in plain.items() if key != CHECK}
    checked = {**stated, CHECK: _check(stated)}
    return json.dumps(checked, indent=2, ensure_ascii=False).encode() + b"\n"


def manifest_content(folder: Path) -> dict[str, Any]:
    """Return what a folder's manifest says.

    Raises:
        LexgraftError: there is none, it is no JSON, or not as it was written.
    """
    path = folder / MANIFEST
    try:
        content = read_json(path)
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(path), cure=error.cure or _CURE) from error
    check = content.pop(CHECK, None)
    if check is not None and check != _check(content):
        raise LexgraftError("not as it was written", where=str(path), cure=_CURE)
    return content


def _check(content: Mapping[str, Any]) -> str:
    ordered = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(ordered.encode("utf-8", "surrogatepass")).hexdigest()
