"""The Ding German-English dictionary (FreeDict, dictd form): nouns of a field → Concept."""

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lexgraft.records import Concept, Term

LICENCE = "GPL-3.0-or-later and AGPL-3.0-or-later"
_HEADWORD = re.compile(r"^(\S.*?) /[^/]*/(?: <([^>]*)>)?$")
_MARKS = re.compile(r"^ (?:\[[^\]]+\] *)+")
_MARK = re.compile(r"\[([^\]]+)\]")
_REGION = re.compile(r" *\[(?:Br|Am|Austr|NZ|Can|Irish|Sc)\.?\]")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z'-]*(?: [A-Za-z'-]+){0,3}")
_GERMAN = re.compile(r"[A-ZÄÖÜ][a-zäöüß-]+(?:[A-ZÄÖÜ-][a-zäöüß]+)*")
_DATED = frozenset({"hist.", "obs.", "veraltet", "Schw.", "Ös.", "coll.", "slang", "ugs."})
_LINK = re.compile(r"\{([^}]+)\}")
_BODY = ("", " ")  # how lines begin that are no headword
_SHORTEST = 4  # letters of a German headword


class _Entry(Struct, frozen=True):
    """One headword with one line of translations."""

    german: str
    marks: tuple[str, ...]
    english: tuple[str, ...]
    synonyms: tuple[str, ...]


def field_concepts(packed: Path, marks: Mapping[str, str], version: str) -> list[Concept]:
    """Return one concept per meaning of a German noun that carries one of the marks, by id.

    `packed` is the dictionary's text as dictd keeps it (gzip); `marks` maps what stands in square
    brackets before a translation to a field. Headwords of a field with the same leading
    translation are one concept: the first is preferred, the others admitted.
    """
    merged: dict[tuple[str, str], list[_Entry]] = {}
    for entry in _entries(packed):
        if entry.marks and entry.marks[0] in marks and not _DATED.intersection(entry.marks):
            key = (entry.marks[0], entry.english[0].casefold())
            merged.setdefault(key, []).append(entry)
    first: dict[str, Concept] = {}
    for (mark, _), entries in merged.items():
        concept = _concept(mark, marks[mark], entries, version)
        first.setdefault(concept.id, concept)
    return sorted(first.values(), key=lambda one: one.id)


def _concept(mark: str, field: str, entries: Sequence[_Entry], version: str) -> Concept:
    """Return the concept of entries that mean the same."""
    plain = mark.strip(".")
    return Concept(
        id=f"ding:{plain}:{entries[0].german}",
        terms=(
            *_terms("de", [entry.german for entry in entries], entries[0].synonyms),
            *_terms("en", [text for entry in entries for text in entry.english], ()),
        ),
        field=field,
        type=plain,
        source=f"Ding via FreeDict, {entries[0].german}",
        source_version=version,
        licence=LICENCE,
    )


def _terms(language: str, texts: Sequence[str], further: Sequence[str]) -> list[Term]:
    """Return distinct terms, the first preferred."""
    distinct = list(dict.fromkeys((*texts, *further)))
    return [
        Term(text, language, "noun", "admitted" if place else "preferred")
        for place, text in enumerate(distinct)
    ]


def _entries(packed: Path) -> Iterator[_Entry]:
    """Yield singular nouns with their first line of plain translations."""
    german, noun, lines = "", False, list[str]()
    with gzip.open(packed, "rt", encoding="utf-8") as file:
        for raw in file:
            text = raw.rstrip("\n")
            head = None if text[:1] in _BODY else _HEADWORD.match(text)
            if not head:
                lines.append(text)
                continue
            if noun:
                yield from _entry(german, lines)
            grammar = (head[2] or "").split(", ")
            german, noun, lines = head[1], "n" in grammar and "sg" in grammar, []
    if noun:
        yield from _entry(german, lines)


def _entry(german: str, lines: Sequence[str]) -> Iterator[_Entry]:
    """Yield a headword's entry when it and a translation of its first line are plain words."""
    line = next((text for text in lines if text.strip()), "")
    lead = _MARKS.match(line)
    english = tuple(_english(line[lead.end() :] if lead else line))
    if english and len(german) >= _SHORTEST and _GERMAN.fullmatch(german):
        near = " ".join(text for text in lines if text.lstrip().startswith("Synonym"))
        synonyms = tuple(one for one in _LINK.findall(near) if _GERMAN.fullmatch(one))
        yield _Entry(german, tuple(_MARK.findall(lead[0])) if lead else (), english, synonyms)


def _english(text: str) -> Iterator[str]:
    """Yield the plain nouns among the translations, without regional marks."""
    for part in _REGION.sub("", text).split(","):
        name, noun, rest = part.strip().partition(" <n>")
        if noun and not rest.strip() and _PLAIN.fullmatch(name):
            yield name
