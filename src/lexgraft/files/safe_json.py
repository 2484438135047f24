"""JSON from strangers: bounded size, no duplicate keys, no NaN, no endless nesting."""

import json
import re
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any, NoReturn

from lexgraft.errors import LexgraftError

LIMIT = 256 << 20  # bytes; the largest tokenizer.json known is a tenth of it
VALUES = 16_000_000  # in one file; the largest tokenizer.json known has an eighth of it


_INFINITE = {"Infinity": inf, "-Infinity": -inf}
_SETTINGS = "config.json"  # ends the names of files that transformers writes infinities into

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a pair, or one that stands alone
_CURE = "get the file again from its source: it is damaged, or not what its name says"


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """Return the object that JSON text holds; a model's settings may be infinite.

    Raises:
        LexgraftError: not UTF-8, not JSON, not an object, a key twice, NaN, nesting too deep, half
            of a surrogate pair, or more values than any known file has: in memory each takes far
            more than its bytes.
    """
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > VALUES:
        raise LexgraftError(f"more than {VALUES:,} values", where=where, cure=_CURE)
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_infinite if where.endswith(_SETTINGS) else _no_constant,
        )
    except RecursionError as error:
        raise LexgraftError("JSON nested too deeply", where=where, cure=_CURE) from error
    except ValueError as error:  # also UnicodeDecodeError and numbers of thousands of digits
        raise LexgraftError(
            f"not the JSON expected here: {_short(error)}", where=where, cure=_CURE
        ) from error
    if _HALF.search(data) and not _is_text(value):
        raise LexgraftError("half of a pair of surrogates in a text", where=where, cure=_CURE)
    if not isinstance(value, dict):
        raise LexgraftError("a JSON object was expected", where=where, cure=_CURE)
    return value


def read_json(path: Path, limit: int = LIMIT) -> dict[str, Any]:
    """Return the object of a JSON file.

    Raises:
        LexgraftError: missing, not a regular file, larger than the limit, or not strict JSON.
    """
    if not path.is_file():
        raise LexgraftError("no such file", where=str(path))
    if path.stat().st_size > limit:
        raise LexgraftError(f"larger than {limit:,} bytes", where=str(path), cure=_CURE)
    return parse_json(path.read_bytes(), str(path))


def flag(settings: Mapping[str, Any], key: str, where: str = "", *, default: bool = False) -> bool:
    """Return a setting that is true or false; null and nothing are the default.

    Raises:
        LexgraftError: it is something else: "false" in quotes would count as true.

    Example:
        >>> flag({"use_rslora": True}, "use_rslora"), flag({}, "use_rslora")
        (True, False)
    """
    value = settings.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise LexgraftError(
            f"`{key}: {value!a:.40}` is neither true nor false",
            where=where,
            cure="write true or false without quotes",
        )
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping, refusing a key that occurs twice (json keeps the last, silently)."""
    result = dict(pairs)
    if len(result) != len(pairs):
        keys: set[str] = set()
        twice = next(key for key, _ in pairs if key in keys or keys.add(key))
        raise ValueError(f"key {twice[:80]!a} occurs twice")
    return result


def _is_text(value: object) -> bool:
    """Return whether all texts in a value can be written in UTF-8 again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is not JSON")


def _infinite(name: str) -> float:
    """Return an infinite limit of a configuration; NaN is none."""
    return _INFINITE[name] if name in _INFINITE else _no_constant(name)


def _short(error: Exception) -> str:
    """Return a message with nothing in it that a terminal would obey."""
    return str(error)[:200].encode("ascii", "backslashreplace").decode()
