"""Pairs of segments in XLIFF 1.2 and 2 and in TMX; codes within segments are no text."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.xml_stream import language_of, local_name, outermost_elements
from lexgraft.terms.text.language_tags import language_tag
from lexgraft.terms.text.protected_spans import HIDDEN

_CODES = frozenset({"bpt", "ept", "ph", "it", "ut", "x", "bx", "ex", "sc", "ec", "cp", "note"})
_STANDING = frozenset({"ph", "x", "it", "ut", "cp"})  # codes in the place of something


def read_xliff(path: Path, start: FileStart) -> SegmentedDocument:
    """Return the translated segments of an XLIFF file; those that are not to be are left out."""
    pairs: list[TextSegment] = []
    left_out = 0
    for line, unit in outermost_elements(path, "trans-unit", "unit"):
        key = unit.get("id") or str(line)
        for number, (source, target) in enumerate(_halves(unit)):
            text, translation = segment_text(source), segment_text(target)
            if unit.get("translate") == "no" or not translation:
                left_out += bool(text)
            else:
                pairs.append(
                    TextSegment(f"{key}/{number + 1}" if number else key, text, translation)
                )
    named = xliff_languages(start)
    return SegmentedDocument(
        str(path),
        "XLIFF",
        tuple(pairs),
        is_bilingual=True,
        untranslated=left_out,
        languages=named,
    )


def xliff_languages(start: FileStart) -> tuple[str, str]:
    """Return the languages that an XLIFF file names: at its root (2) or at its first file (1.2)."""
    root = start.root.attributes
    names = root.get("srcLang", ""), root.get("trgLang", "")
    if not any(names):
        elements = _attributes_of_files(start.text)
        names = elements.get("source-language", ""), elements.get("target-language", "")
    return language_tag(names[0]), language_tag(names[1])


def _attributes_of_files(text: str) -> dict[str, str]:
    """Return the languages at the first `file` element of a file's start."""
    element = re.search(r"<(?:\w+:)?file\b[^<>]*>", text)
    pattern = r"(source-language|target-language)\s*=\s*[\"']([\w-]{1,40})[\"']"
    return dict(re.findall(pattern, element[0])) if element else {}


def _halves(unit: Element) -> Iterator[tuple[Element | None, Element | None]]:
    """Yield source and target of a unit (1.2), or of each of its segments (2)."""
    segments = [child for child in unit if local_name(child) == "segment"] or [unit]
    for segment in segments:
        children = {local_name(child): child for child in segment}
        yield children.get("source"), children.get("target")


def read_tmx_pairs(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return the pairs of two languages in a translation memory."""
    pairs: list[TextSegment] = []
    left_out = 0
    for line, unit in outermost_elements(path, "tu"):
        texts: dict[str, str] = {}
        for variant in unit:
            if local_name(variant) == "tuv":
                segment = next((child for child in variant if local_name(child) == "seg"), None)
                texts.setdefault(language_tag(language_of(variant)), segment_text(segment))
        text, translation = _in_language(texts, source), _in_language(texts, target)
        if text and translation:
            pairs.append(TextSegment(unit.get("tuid") or str(line), text, translation))
        else:
            left_out += 1
    return SegmentedDocument(
        str(path),
        "TMX",
        tuple(pairs),
        is_bilingual=True,
        untranslated=left_out,
        languages=(source, target),
    )


def _in_language(texts: dict[str, str], language: str) -> str:
    """Return the text in a language, or in a region of it."""
    main = language.partition("-")[0]
    near = (text for tag, text in texts.items() if tag.partition("-")[0] == main)
    return texts.get(language) or next(near, "")


def segment_text(element: Element | None) -> str:
    """Return what a segment says; a sign stands for codes that stand for something."""
    return "" if element is None else "".join(_pieces(element)).strip()


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name in _STANDING:
            yield HIDDEN
        elif name not in _CODES:
            yield from _pieces(child)
        yield child.tail or ""
