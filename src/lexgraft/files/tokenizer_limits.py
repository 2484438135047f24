"""What a tokenizer.json may hold besides its vocabulary: checked before anything is built of it."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_regex import check_pattern

LIMIT = 128 << 20  # bytes of the file
DEPTH = 32  # of nested components
COMPONENTS = 1_024  # in one part, nested ones included; the most of any known tokenizer is about 20
GROWTH = 64.0  # by how much replacements may lengthen a text
REPLACED = 1_024  # bytes that stand for what is replaced, or before a text
PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")


class _Parts(Struct):
    """The parts of a tokenizer.json that work on text; its vocabulary is passed over."""

    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    decoder: Any = None


def check_tokenizer(folder: Path) -> None:
    """Refuse a folder's tokenizer.json, where there is one, that may take forever or all memory.

    Raises:
        LexgraftError: too large, no JSON object, or a part beyond the limits.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        return
    if path.stat().st_size > LIMIT:
        raise LexgraftError(f"larger than {LIMIT:,} bytes", where=str(path))
    try:
        parts = msgspec.json.decode(path.read_bytes(), type=_Parts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken(f"not the JSON expected here: {error}", str(path)) from error
    check_parts({name: getattr(parts, name) for name in PARTS}, str(path))


def check_parts(content: Mapping[str, Any], where: str) -> None:
    """Refuse parts that are nested or numerous beyond any known tokenizer, or lengthen texts.

    Raises:
        LexgraftError: a part beyond the limits, or a pattern that may take forever.
    """
    for name in PARTS:
        growth, number = 1.0, 0
        try:
            for component in components(content.get(name)):
                number += 1
                if number > COMPONENTS:
                    raise broken(f"a {name} of more than {COMPONENTS} parts", where)
                growth *= _growth(component, where)
        except RecursionError as error:
            raise broken(f"a {name} of more than {DEPTH} levels", where) from error
        if growth > GROWTH:
            raise broken(f"a {name} that makes texts {growth:.3g} times as long", where)


def components(tree: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield a component and all that it is made of.

    Raises:
        RecursionError: it is nested deeper than any known one.
    """
    if depth > DEPTH:
        raise RecursionError
    if isinstance(tree, dict):
        yield tree
    for child in (
        tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    ):
        yield from components(child, depth + 1)


def broken(why: str, where: str) -> LexgraftError:
    """Return the error for a tokenizer that is not accepted."""
    return LexgraftError(f"refused: {why}", where=where, cure="get it again from its source")


def _growth(component: Mapping[str, Any], where: str) -> float:
    """Return by how much a component may lengthen a text, each sign of it replaced."""
    pattern = component.get("Regex")
    if isinstance(pattern, str):
        check_pattern(pattern, where)
    table = component.get("precompiled_charsmap")
    if isinstance(table, str):
        _check_table(table, where)
    for name in ("prepend", "content"):
        text = component.get(name)
        if isinstance(text, str) and len(text.encode(errors="replace")) > REPLACED:
            raise broken(f"a text of {len(text):,} characters that is put into others", where)
    replaced, content = component.get("pattern"), component.get("content")
    if not isinstance(content, str) or not isinstance(replaced, dict):
        return 1.0
    found = replaced.get("String")
    shortest = len(found) if isinstance(found, str) and found else 1
    everywhere = found == "" or replaced.get("Regex") == ""  # also between any two signs
    return max(1.0, len(content) / shortest) + everywhere


def _check_table(table: str, where: str) -> None:
    """Refuse SentencePiece's table of characters if it has a long replacement for one."""
    try:
        data = base64.b64decode(table, validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken("a table of characters that is not base64", where) from error
    replacements = data[4 + int.from_bytes(data[:4], "little") :].split(b"\0")
    longest = max(map(len, replacements))
    if longest > REPLACED:
        raise broken(f"a character that is replaced by {longest:,} bytes", where)
