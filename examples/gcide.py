"""GCIDE (Webster 1913 and additions, dictd form): English nouns and adjectives → Concept."""

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lexgraft.records import Concept, PartOfSpeech, Term

LICENCE = "GPL-3.0-or-later"
_HEADWORD = re.compile(r"^([A-Z][A-Za-z'-]*(?: [A-Za-z'-]+)*) \\")
_PART = re.compile(r"\\[^\\]*\\ ?(?:\([^)]*\))?,? *(n|a|p\. a|adj)\.(?=[\s,;]|$)")
_SENSE = re.compile(r"^\s*(?:(\d+)\.|\([a-z]\)) +")
_MARK = re.compile(r"\(([A-Z][A-Za-z. ,&]+?\.?)\)")
_NOISE = re.compile(r"\[[^\]]*\]|\{|\}|\s--\s?[A-Z][\w.' &]+$|\"")
_DATED = re.compile(r"\[(?:Obs|R|Archaic|Scot|Prov)\b")
_EMPTY = re.compile(
    r"^(?:See|Same as|Alt\. of|pl\. of|of|The act of|The state of)\b", re.IGNORECASE
)
_END = re.compile(r"\.(?:\s|$)|;\s(?=also|hence|as)|;\s--")
_ODD = re.compile(r"[?\\]")  # an unknown letter, a headword run on
_DEEPEST = 10  # columns; quotations stand deeper
WORDS = range(5, 31)  # of a definition


def field_concepts(packed: Path, marks: Mapping[str, str], version: str) -> list[Concept]:
    """Return one concept per headword: its first sense with one of the marks, and its definition.

    `packed` is the dictionary's text as dictd keeps it (gzip); `marks` maps what stands in
    brackets before a definition, such as `Law` or `Mach.`, to a field. Obsolete and rare senses,
    and those that only point elsewhere, are left out.
    """
    found: dict[str, Concept] = {}
    for word, part, lines in _entries(packed):
        for mark, text in _senses(lines):
            field = next((marks[one] for one in _split(mark) if one in marks), "")
            definition = _definition(text)
            if field and definition and word not in found:
                found[word] = _concept(word, part, field, definition, version)
    return sorted(found.values(), key=lambda one: one.id)


def _concept(word: str, part: PartOfSpeech, field: str, text: str, version: str) -> Concept:
    return Concept(
        id=f"GCIDE:{word}",
        terms=(Term(word, "en", part),),
        definitions={"en": text},
        field=field,
        source="GCIDE",
        source_version=version,
        licence=LICENCE,
    )


def _entries(packed: Path) -> Iterator[tuple[str, PartOfSpeech, list[str]]]:
    """Yield headword, part of speech and lines of nouns and adjectives."""
    word, lines = "", list[str]()
    with gzip.open(packed, "rt", encoding="utf-8", errors="replace") as file:
        for raw in file:
            head = _HEADWORD.match(raw)
            if not head:
                lines.append(raw.rstrip("\n"))
                continue
            yield from _noun(word, lines)
            word, lines = head[1], [raw.rstrip("\n")]
    yield from _noun(word, lines)


def _noun(word: str, lines: list[str]) -> Iterator[tuple[str, PartOfSpeech, list[str]]]:
    part = _PART.search(" ".join(line.strip() for line in lines[:2])) if word else None
    if part:
        yield word, "noun" if part[1] == "n" else "adjective", lines


def _senses(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (mark, text) of each sense; a mark in the head goes for all of an entry's senses."""
    head, at = lines[0], 1
    while at < len(lines) and _is_head(head) and lines[at].strip():
        head, at = f"{head} {lines[at].strip()}", at + 1
    marks = _MARK.findall(head.rpartition("\\")[2])
    mark = marks[-1] if marks else ""
    for paragraph in _paragraphs(lines[at:]):
        text = _SENSE.sub("", paragraph)
        own = _MARK.match(text)
        yield (own[1] if own else mark), text[own.end() :] if own else text


def _is_head(head: str) -> bool:
    """Tell a head that goes on in the next line: brackets still open."""
    return head.count("[") > head.count("]") or head.count("(") > head.count(")")


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Yield senses: a new one begins with a number or letter, quotations (deeper) are left out."""
    text: list[str] = []
    for line in lines:
        if not line.strip() or _SENSE.match(line):
            if text:
                yield " ".join(text)
            text = []
        if line.strip() and len(line) - len(line.lstrip()) <= _DEEPEST:
            text.append(line.strip())
    if text:
        yield " ".join(text)


def _split(mark: str) -> list[str]:
    """Return the single marks of `Law & Equity` or `Mach., Naut.`."""
    return [one.strip() for one in re.split(r"&|,", mark) if one.strip()]


def _definition(text: str) -> str:
    """Return the first clause of a sense as a sentence, empty when it tells too little."""
    if _DATED.search(text) or "webster" in text[:20].casefold():
        return ""
    plain = " ".join(_NOISE.sub("", text).split()).lstrip(" ,;:-")
    first = _END.split(plain, maxsplit=1)[0].strip(" ,;:-")
    if len(first.split()) not in WORDS or _EMPTY.match(first) or _ODD.search(first):
        return ""
    return f"{first[0].upper()}{first[1:]}."
