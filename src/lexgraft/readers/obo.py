"""OBO ontologies: identifier, name, definition, exact synonyms and parents of each live term."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lexgraft.errors import UserError
from lexgraft.records import Concept, Term

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_LEFT_OUT = frozenset({"abbreviation", "obsolete_synonym", "plural_form"})  # synonym types

Stanza = tuple[str, dict[str, list[str]]]


def read_obo(path: Path, language: str = "en") -> list[Concept]:
    """Return the live terms of an OBO file in file order; OBO itself has no language tags.

    Exact synonyms become admitted terms, save abbreviations, plurals and discarded ones. The type
    is the first parent. The format: OBO Flat File Format 1.4, sections 3 (tags) and 5 (escapes).

    Raises:
        UserError: a term without id or name, a quoted value that does not end.
    """
    with path.open(encoding="utf-8-sig") as file:
        stanzas = _stanzas(file, str(path))
        _, header = next(stanzas)
        origin = _origin(header)
        return [
            _concept(tags, language, origin, str(path))
            for name, tags in stanzas
            if name == "Term" and tags.get("is_obsolete") != ["true"]
        ]


def _stanzas(lines: Iterable[str], where: str) -> Iterator[Stanza]:
    """Yield the header under the name "", then every stanza, as tag → values."""
    name, tags = "", dict[str, list[str]]()
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            yield name, tags
            name, tags = line[1:-1], {}
        elif line and not line.startswith("!"):
            tag, colon, value = line.partition(":")
            if not colon:
                raise UserError(f"no `tag: value` in {line[:40]!r}", where=f"{where}:{number}")
            tags.setdefault(tag, []).append(value.strip())
    yield name, tags


def _concept(
    tags: Mapping[str, list[str]], language: str, origin: tuple[str, str, str], where: str
) -> Concept:
    """Return one stanza's concept."""
    identifier, name = (_plain(tags.get(tag, [""])[0]) for tag in ("id", "name"))
    if not identifier or not name:
        raise UserError(f"term {identifier or name!r} lacks an id or a name", where=where)
    names = dict.fromkeys([name, *_synonyms(tags.get("synonym", ()), f"{where}, {identifier}")])
    broader = tuple(_plain(value) for value in tags.get("is_a", ()))
    definition = _quoted(tags["def"][0], f"{where}, {identifier}")[0] if "def" in tags else ""
    return Concept(
        id=identifier,
        terms=tuple(
            Term(text, language, status="admitted" if number else "preferred")
            for number, text in enumerate(names)
        ),
        definitions={language: " ".join(definition.split())} if definition else {},
        type=broader[0] if broader else "",
        broader=broader,
        source=origin[0],
        source_version=origin[1],
        licence=origin[2],
    )


def _synonyms(values: Iterable[str], where: str) -> Iterator[str]:
    """Yield the exact synonyms, written `"text" EXACT [type] [references]`."""
    for value in values:
        text, rest = _quoted(value, where)
        words = rest.split("[", 1)[0].split()
        if words[:1] == ["EXACT"] and not _LEFT_OUT.intersection(words[1:]):
            yield " ".join(text.split())


def _quoted(value: str, where: str) -> tuple[str, str]:
    """Return the text in quotation marks, unescaped, and what follows it."""
    match = _QUOTED.match(value)
    if match is None:
        raise UserError(f"no text in quotation marks: {value[:40]}", where=where)
    return _unescape(match[1]), match[2]


def _plain(value: str) -> str:
    """Return an unquoted value without its trailing ` ! comment` and `{modifiers}`."""
    bare = re.split(r"\s+!", value, maxsplit=1)[0].rstrip()
    return _unescape(re.sub(r"\s+\{[^{}]*\}$", "", bare))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def _origin(header: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """Return what a header says of source, version and licence."""
    properties = [value.split() for value in header.get("property_value", ())]
    licences = [words[1] for words in properties if words[0].endswith(":license")]
    return (
        header.get("ontology", [""])[0],
        header.get("data-version", [""])[0],
        licences[0] if licences else "",
    )
