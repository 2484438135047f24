"""Every key of the project file described: in the schema for editors, and as a page."""

import ast
import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from inspect import getsource
from itertools import chain
from textwrap import dedent
from typing import Any

import msgspec

from lexgraft import business, project
from lexgraft.files.value_words import REFERENCE, kind_in_words
from lexgraft.project import schema

_LONG = 40  # characters of a default that a table shows
_INTRODUCTION = """# The project file

Made from the records in `src/lexgraft/project.py` and `src/lexgraft/business.py` by `lexgraft schema --page`: every key, its type, its default and what it means.
`lexgraft schema` prints the same as a JSON Schema for editors. A key that is not here is refused, with the nearest that is.
Paths are seen from the file's folder. An example: [examples/medical-ja/project.yaml](../examples/medical-ja/project.yaml).
"""  # noqa: E501 (a line of the page)


def described_schema() -> dict[str, Any]:
    """Return the JSON Schema of the project file with a description of every key.

    A key's description is the comment beside it in its record, else the first line of the record
    that it holds.
    """
    described = schema()
    records: dict[str, dict[str, Any]] = described["$defs"]
    for name, record in records.items():
        kind = getattr(project, name, None) or getattr(business, name)
        comments = _comments(kind)
        record["description"] = " ".join(record["description"].split())
        for field in msgspec.structs.fields(kind):
            if callable(field.default_factory):  # the schema leaves such a default out
                record["properties"][field.name]["default"] = field.default_factory()
        for key, value in record["properties"].items():
            text = comments.get(key) or _record_summary(value, records)
            if text:
                value["description"] = text
    return described


def reference_page() -> str:
    """Return the page of all keys: a table per record, in the order of the project file."""
    records = described_schema()["$defs"]
    lines = [_INTRODUCTION]
    for path, name in _sections(records):
        record = records[name]
        title = f"## `{path}`" if path else "## The file"
        required = set(record.get("required", ()))
        lines += [title, "", record["description"], ""]
        lines += ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
        for key, value in record["properties"].items():
            default = "required" if key in required else _default(value)
            cells = (f"`{key}`", kind_in_words(value), default, value.get("description", ""))
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def _comments(record: type) -> dict[str, str]:
    """Return the comment beside each field of a record and of what it inherits from."""
    comments: dict[str, str] = {}
    for kind in reversed(record.__mro__):
        if not kind.__module__.startswith("lexgraft."):
            continue
        source = dedent(getsource(kind))
        by_line = {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
        (definition,) = ast.parse(source).body
        assert isinstance(definition, ast.ClassDef)
        for node in definition.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                text = " ".join(by_line[line] for line in lines if line in by_line)
                comments[node.target.id] = text
    return comments


def _record_summary(value: Mapping[str, Any], records: Mapping[str, Any]) -> str:
    """Return the first line about the record that a key holds; nothing where it holds none."""
    names = _references(value)
    text = str(records[names[0]]["description"]) if names else ""
    sentence = text.partition("\n\n")[0].partition(". ")[0]
    return " ".join(sentence.split()).removesuffix(".")


def _references(value: Mapping[str, Any]) -> list[str]:
    """Return the names of the records that a value may hold."""
    inner = [value, *value.get("anyOf", ())]
    items = [option["items"] for option in inner if isinstance(option.get("items"), dict)]
    texts = (option.get("$ref", "") for option in chain(inner, items))
    return [text.removeprefix(REFERENCE) for text in texts if text]


def _sections(
    records: Mapping[str, Any], name: str = "Project", path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the path of every key that holds records, and the record's name, depth first."""
    yield path, name
    for key, value in records[name]["properties"].items():
        for reference in _references(value):
            listed = "[]" if "$ref" not in json.dumps({**value, "items": None}) else ""
            if reference != "Form" or path in {"", "testset"}:  # the same wherever it stands
                below = f"{path}.{key}{listed}" if path else f"{key}{listed}"
                yield from _sections(records, reference, below)


def _default(value: Mapping[str, Any]) -> str:
    """Return a default as YAML writes it; that of a record stands in its own table."""
    text = json.dumps(value["default"], ensure_ascii=False)
    return "as below" if _references(value) and len(text) > _LONG else f"`{text}`"
