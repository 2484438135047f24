"""Why plain values are not the record that was wanted, in words of who wrote them (pure)."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.value_words import REFERENCE, choices_of, kind_in_words

_LONG = 60  # characters of a value that a message repeats
_PLACE = re.compile(r" - at (`key` in )?`\$([^`]*)`$")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class _Place(NamedTuple):
    """Where in the values a mistake is: what stands there, and the schema's node of it."""

    path: str
    value: Any
    node: Mapping[str, Any]


def record_mistake(
    message: str, values: object, schema: Mapping[str, Any], where: str
) -> LexgraftError:
    """Return the error that says which value is wrong, what stands there and what is wanted.

    Args:
        message: msgspec's, with the place of the mistake.
        values: what was to be converted.
        schema: JSON Schema of the record.
        where: the file.
    """
    found = _PLACE.search(message)
    text = message[: found.start()] if found else message
    place = _placed(found[2] if found else "", values, schema)
    name = f"`{place.path}`" if place.path else "the file"
    if found and found[1]:
        return _unknown_name(text, place, where)
    if missing := re.fullmatch(r"Object missing required field `(.*)`", text):
        path = f"{place.path}.{missing[1]}" if place.path else missing[1]
        wanted = _resolved(place.node, schema).get("properties", {}).get(missing[1], {})
        return LexgraftError(
            f"`{path}` is missing", where=where, cure=_wanted("", _resolved(wanted, schema))
        )
    return LexgraftError(
        f"{name} is {_shown(place.value)}", where=where, cure=_wanted(place.value, place.node)
    )


def _unknown_name(text: str, place: _Place, where: str) -> LexgraftError:
    """Return the error of a mapping with a name that it may not have."""
    names = choices_of(place.node.get("propertyNames") or {})
    written = re.search(r"'(.*)'", text)
    wrong = written[1] if written else ""
    return LexgraftError(
        f"`{place.path}` has a name `{wrong}`", where=where, cure=nearest(wrong, names)
    )


def _wanted(value: object, node: Mapping[str, Any]) -> str:
    if isinstance(value, str) and value and (choices := choices_of(node)):
        return nearest(value, choices)
    if "properties" in node:
        return f"keys are wanted, of {', '.join(node['properties'])}: see `lexgraft schema`"
    words = kind_in_words(node)
    article = "" if words.startswith(("`", "true", "text")) else "a "
    return f"{article}{words} is wanted: see `lexgraft schema`"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"`{text}`" if len(text) <= _LONG else f"`{text[:_LONG]}…`"


def _placed(path: str, values: object, schema: Mapping[str, Any]) -> _Place:
    """Follow msgspec's path through the values and the schema as far as both go."""
    node, shown, value = _resolved(schema, schema), "", values
    for step in _STEP.finditer(path):
        key, number = step[1], step[2]
        if number == "...":
            break  # the name in the mapping is not told
        if number is not None:
            node, shown = _items(node), f"{shown}[{number}]"
            value = value[int(number)] if isinstance(value, list) else None
        else:
            node = node.get("properties", {}).get(key, {})
            shown = f"{shown}.{key}" if shown else key
            value = value.get(key) if isinstance(value, Mapping) else None
        node = _resolved(node, schema)
    return _Place(shown, value, node)


def _items(node: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = [node, *node.get("anyOf", ())]
    return next((one["items"] for one in nodes if isinstance(one.get("items"), dict)), {})


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record that a node refers to, also where null may stand in its place."""
    references = [one["$ref"] for one in (node, *node.get("anyOf", ())) if "$ref" in one]
    return schema["$defs"][references[0].removeprefix(REFERENCE)] if references else node
