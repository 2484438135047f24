"""OBO ontologies: identifier, name, definition, exact synonyms and parents of each live term."""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart, unpacked
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_LEFT_OUT = frozenset({"abbreviation", "obsolete_synonym", "plural_form"})  # synonym types

Stanza = tuple[int, str, dict[str, list[str]]]


def _recognise(start: FileStart) -> str:
    return "the first line is `format-version:`" if start.line.startswith("format-version:") else ""


@reader("OBO", _recognise)
def stream_obo(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield the live terms of an OBO file in file order; OBO itself has no language tags.

    Exact synonyms become admitted terms, save abbreviations, plurals and discarded ones. The type
    is the first parent. The format: OBO Flat File Format 1.4, sections 3 (tags) and 5 (escapes).
    """
    with (
        unpacked(path, options.progress) as packed,
        TextIOWrapper(packed, encoding="utf-8-sig") as file,
    ):
        stanzas = _stanzas(file, tally)
        _, _, header = next(stanzas)
        origin = _origin(header)
        for line, name, tags in stanzas:
            tally.read += 1
            if name != "Term":
                tally.skip_row(line, f"a stanza [{name}]")
            elif tags.get("is_obsolete") == ["true"]:
                tally.skip_row(line, "obsolete")
            else:
                try:
                    concept, skipped = _concept(tags, options.language, origin)
                except LexgraftError as error:
                    tally.refuse_row(line, error.what)
                    continue
                tally.kept += 1
                for reason in skipped:
                    tally.skip_text(line, reason)
                yield line, concept


def read_obo(path: Path, language: str = "en") -> list[Concept]:
    """Return the live terms of an OBO file in file order.

    Raises:
        LexgraftError: a term without id or name, a quoted value that does not end.
    """
    tally = ImportLog(str(path))
    concepts = [concept for _, concept in stream_obo(path, ImportOptions(language=language), tally)]
    tally.raise_refused()
    return concepts


def _stanzas(lines: Iterable[str], tally: ImportLog) -> Iterator[Stanza]:
    """Yield the header under the name "", then every stanza, as line, name and tag → values."""
    start, name, tags = 1, "", dict[str, list[str]]()
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            yield start, name, tags
            start, name, tags = number, line[1:-1], {}
        elif line and not line.startswith("!"):
            tag, colon, value = line.partition(":")
            if colon:
                tags.setdefault(tag, []).append(value.strip())
            else:
                tally.refuse_text(number, "a line without `tag: value`", line)
    yield start, name, tags


def _concept(
    tags: Mapping[str, list[str]], language: str, origin: tuple[str, str, str]
) -> tuple[Concept, list[str]]:
    """Return one stanza's concept, and why synonyms of it are not taken.

    Raises:
        LexgraftError: it lacks an id or a name, or a quoted value does not end.
    """
    identifier, name = (_plain(tags.get(tag, [""])[0]) for tag in ("id", "name"))
    if not identifier or not name:
        raise LexgraftError(f"term {identifier or name!r} lacks an id or a name")
    synonyms, skipped = _synonyms(tags.get("synonym", ()), identifier)
    names = dict.fromkeys([name, *synonyms])
    broader = tuple(_plain(value) for value in tags.get("is_a", ()))
    definition = _quoted(tags["def"][0], identifier)[0] if "def" in tags else ""
    concept = Concept(
        id=identifier,
        terms=tuple(
            Term(text, language, status="admitted" if number else "preferred")
            for number, text in enumerate(names)
        ),
        definitions={language: " ".join(definition.split())} if definition else {},
        type=broader[0] if broader else "",
        broader=broader,
        same_as=tuple(dict.fromkeys(_plain(xref).split(" ")[0] for xref in tags.get("xref", ()))),
        source=origin[0],
        source_version=origin[1],
        licence=origin[2],
    )
    return concept, skipped


def _synonyms(values: Iterable[str], identifier: str) -> tuple[list[str], list[str]]:
    """Return the exact synonyms, written `"text" EXACT [type] [references]`; why not the others."""
    exact: list[str] = []
    skipped: list[str] = []
    for value in values:
        text, remainder = _quoted(value, identifier)
        scope, *kinds = remainder.split("[", 1)[0].split() or ["RELATED"]
        unwanted = sorted(_LEFT_OUT.intersection(kinds))
        if scope == "EXACT" and not unwanted:
            exact.append(" ".join(text.split()))
        else:
            skipped.append(f"a synonym: {unwanted[0] if unwanted else scope}")
    return exact, skipped


def _quoted(value: str, identifier: str) -> tuple[str, str]:
    """Return the text in quotation marks, unescaped, and what follows it."""
    match = _QUOTED.match(value)
    if match is None:
        raise LexgraftError(f"{identifier}: no text in quotation marks: {value[:40]}")
    return _unescape(match[1]), match[2]


def _plain(value: str) -> str:
    """Return an unquoted value without its trailing ` ! comment` and `{modifiers}`."""
    bare = re.split(r"\s+!", value, maxsplit=1)[0].rstrip()
    return _unescape(re.sub(r"\s+\{[^{}]*\}$", "", bare))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def _origin(header: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """Return what a header says of source, version and licence."""
    properties = [value.split() for value in header.get("property_value", ())]
    licences = [words[1] for words in properties if words[0].endswith(":license")]
    return (
        header.get("ontology", [""])[0],
        header.get("data-version", [""])[0],
        licences[0] if licences else "",
    )
