"""What a value may be, in words: of a JSON Schema, for the page of keys and for messages."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect

REFERENCE = "#/$defs/"
_BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
}
_NAMES = {"integer": "whole number", "string": "text", "boolean": "true or false", "null": "null"}


def kind_in_words(value: Mapping[str, Any]) -> str:
    """Return the type that a node of a schema describes in words.

    >>> kind_in_words({"type": "integer", "minimum": 1})
    'whole number from 1'
    """
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(kind_in_words(option) for option in value["anyOf"]))
    if "enum" in value:
        return ", ".join("null" if choice is None else f"`{choice}`" for choice in value["enum"])
    if "$ref" in value:
        return "keys of `testset.forms[]`" if value["$ref"].endswith("/Form") else "keys below"
    if value.get("type") == "array":
        return _list_in_words(value)
    if value.get("type") == "object":
        return _mapping_in_words(value)
    bounds = [text.format(_bound(value[key])) for key, text in _BOUNDS.items() if key in value]
    languages = value.get("pattern", "").startswith("^[a-z]{2,3}")
    name = "language code" if languages else _NAMES.get(value.get("type", ""), "")
    return " ".join([name or str(value.get("type", "value")), *bounds])


def _bound(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _list_in_words(value: Mapping[str, Any]) -> str:
    """Return the type of a list; two numbers are the ends of a range."""
    if value.get("maxItems") == 2:
        return "[least, greatest]"
    items = value.get("items") or {}
    inner = [items] if isinstance(items, dict) else []
    inner += value.get("prefixItems", ())
    return f"list of {kind_in_words(inner[0])}" if inner and inner[0] else "list"


def _mapping_in_words(value: Mapping[str, Any]) -> str:
    inside = value.get("additionalProperties")
    name = kind_in_words(names) if "enum" in (names := value.get("propertyNames") or {}) else "name"
    return f"{name} → {kind_in_words(inside) if isinstance(inside, dict) and inside else 'value'}"


def choices_of(value: Mapping[str, Any]) -> list[str]:
    """Return the texts that a node of a schema allows; none where it lists none."""
    nodes = [value, *value.get("anyOf", ())]
    return [choice for node in nodes for choice in node.get("enum", ()) if choice is not None]


def with_names(schema: dict[str, Any], records: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that says which names its mappings may have, where their records list them.

    msgspec checks such names and leaves them out of the schema.
    """
    for name, record in schema["$defs"].items():
        for field in msgspec.structs.fields(records[name]):
            kind = inspect.type_info(field.type)
            if isinstance(kind, inspect.DictType) and isinstance(
                kind.key_type, inspect.LiteralType
            ):
                names = {"enum": list(kind.key_type.values)}
                record["properties"][field.encode_name]["propertyNames"] = names
    return schema
