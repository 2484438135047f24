"""YAML without its traps: no aliases, no tags, no key twice; records closed to unknown keys."""

import re
from collections.abc import Hashable, Iterator, Mapping
from itertools import islice
from math import isfinite
from types import MappingProxyType
from typing import Any

import yaml
from msgspec import inspect

from lexgraft.errors import LexgraftError, nearest

MOST_DIGITS = 300  # of a whole number
MOST_DOCUMENTS = 1000  # in one file
MOST_NODES = 50_000  # values and keys of a document: five seconds


class _StrictLoader(yaml.SafeLoader):
    """YAML 1.2's core schema on PyYAML: no duplicate keys, no aliases, no surprise types."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise LexgraftError(
                f"YAML alias `*{event.anchor}` at line {event.start_mark.line + 1}",
                cure="write the value out: aliases are refused because they can explode",
            )
        self._nodes = getattr(self, "_nodes", 0) + 1
        if self._nodes > MOST_NODES:
            raise LexgraftError(f"more than {MOST_NODES:,} values", cure="give a shorter file")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise LexgraftError(
                    f"key {key!r} at line {line} is not text", cure="put it in quotes"
                )
            if key in keys:
                raise LexgraftError(
                    f"key `{key}` occurs twice, again at line {line}", cure="keep one"
                )
            keys.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {}

for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$",
        "-+.0123456789",
    ),
):
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
    )


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """Return a decimal integer: a leading 0 is not octal, as in YAML 1.2."""
    text = loader.construct_scalar(node)
    if len(text) > MOST_DIGITS:
        raise LexgraftError(f"a number of {len(text):,} digits", cure=f"at most {MOST_DIGITS}")
    return int(text)


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)


def read_yaml(text: str, where: str) -> object:
    """Return plain values from YAML text that holds one document.

    Raises:
        LexgraftError: more than one document, and all that `read_documents` refuses.
    """
    documents = read_documents(text, where)
    if len(documents) > 1:
        raise LexgraftError(
            f"{len(documents)} YAML documents where one is expected",
            where=where,
            cure="remove the lines `---`",
        )
    return documents[0] if documents else None


def read_documents(text: str, where: str) -> list[object]:
    """Return plain values from YAML text, one per document.

    Raises:
        LexgraftError: broken YAML, python tags, aliases, duplicate keys, nesting too deep.
    """
    try:
        documents = list(islice(yaml.load_all(text, Loader=_StrictLoader), MOST_DOCUMENTS + 1))
    except LexgraftError as error:
        raise LexgraftError(error.what, where=where, cure=error.cure) from error
    except RecursionError as error:
        raise LexgraftError("nested too deeply", where=where) from error
    except yaml.YAMLError as error:
        raise LexgraftError(
            " ".join(str(error).split()),
            where=where,
            cure="check indentation and quotes; tags such as !!python are refused",
        ) from error
    if len(documents) > MOST_DOCUMENTS:
        raise LexgraftError(f"more than {MOST_DOCUMENTS} documents", where=where)
    return documents


def refuse_endless(value: object, where: str) -> None:
    """Raise for the first number in plain values that is infinite or no number.

    Raises:
        LexgraftError: such a number, with its path.
    """
    for path, number in _numbers(value, ""):
        if not isfinite(number):
            raise LexgraftError(f"`{path}` is {number}", where=where, cure="give a finite number")


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    """Yield every number with a fraction in plain values, with the path to it."""
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _numbers(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _numbers(child, f"{path}[{number}]")


def refuse_unknown(
    value: object, kind: type, where: str, renamed: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Raise for the first key in plain values that a record does not know.

    `renamed` holds keys of earlier versions, by path, with what to do about them.

    Raises:
        LexgraftError: an unknown key, with its path and the nearest known name.
    """
    _refuse_unknown(value, inspect.type_info(kind), "", where, renamed)


def _refuse_unknown(
    value: object, kind: inspect.Type, path: str, where: str, renamed: Mapping[str, str]
) -> None:
    """Raise for the first key that no record knows, with the nearest known name."""
    for inner in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        if isinstance(inner, inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field.type for field in inner.fields}
            for key, child in value.items():
                if key not in fields:
                    cure = renamed.get(f"{path}{key}") or nearest(str(key), fields)
                    raise LexgraftError(f"unknown key `{path}{key}`", where=where, cure=cure)
                _refuse_unknown(child, fields[key], f"{path}{key}.", where, renamed)
        elif isinstance(inner, inspect.DictType | inspect.VarTupleType):
            for name, item, child in _children(value, inner, path):
                _refuse_unknown(child, item, f"{name}.", where, renamed)


def _children(
    value: object, kind: inspect.DictType | inspect.VarTupleType, path: str
) -> Iterator[tuple[str, inspect.Type, object]]:
    """Yield what a mapping or a list holds, with its path and the kind it should be of."""
    if isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, child in value.items():
            yield f"{path}{key}", kind.value_type, child
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for number, child in enumerate(value):
            yield f"{path[:-1]}[{number}]", kind.item_type, child
