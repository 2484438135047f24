"""Pairs of segments in XLIFF 1.2 and 2 and in TMX; codes within segments are no text."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.xml_stream import language_of, local_name, outermost_elements
from lexgraft.terms.text.language_tags import known_language, language_tag, without_region
from lexgraft.terms.text.protected_spans import HIDDEN

_CODES = frozenset({"bpt", "ept", "ph", "it", "ut", "x", "bx", "ex", "sc", "ec", "cp", "note"})
_STANDING = frozenset({"ph", "x", "it", "ut", "cp"})  # codes in the place of something
_INHERITED = (
    "srcLang",
    "trgLang",
    "source-language",
    "target-language",
    "original",
    "translate",
)
_NOT_BEGUN = frozenset({"new", "needs-translation", "initial"})  # then a copy is no translation
_NORWEGIAN = {"nb": "no", "nn": "no"}  # files say either


def read_xliff(path: Path, source: str, target: str, encoding: str = "") -> SegmentedDocument:
    """Return the translated segments of an XLIFF file; those that are not to be are left out.

    So are those between other languages, which are counted.

    Raises:
        LexgraftError: nothing in it is from the one language to the other.
    """
    pairs: list[tuple[str, TextSegment]] = []
    others: Counter[str] = Counter()
    left_out = protected = 0
    units = outermost_elements(path, "trans-unit", "unit", inherited=_INHERITED, encoding=encoding)
    for line, unit in units:
        named = (
            _named(unit, "srcLang", "source-language"),
            _named(unit, "trgLang", "target-language"),
        )
        if not (may_be(named[0], source) and may_be(named[1], target)):
            others[f"from `{named[0] or source}` to `{named[1] or target}`"] += 1
            continue
        for key, first, second, state in _halves(unit, unit.get("id") or f"line {line}"):
            text, translation = segment_text(first), segment_text(second)
            is_copy = text == translation and state in _NOT_BEGUN
            if unit.get("translate") == "no":
                protected += bool(text)
            elif not translation or is_copy:
                left_out += bool(text)
            else:
                pairs.append((unit.get("original", ""), TextSegment(key, text, translation)))
    if others and not (pairs or left_out or protected):
        raise LexgraftError(
            f"it is {', '.join(others)}, not from `{source}` to `{target}`",
            where=str(path),
            cure="check it by itself, without --from and --to: it names its direction",
        )
    several = len({original for original, _ in pairs}) > 1
    return SegmentedDocument(
        str(path),
        "XLIFF",
        tuple(
            replace(pair, id=f"{original}: {pair.id}") if several and original else pair
            for original, pair in pairs
        ),
        is_bilingual=True,
        untranslated=left_out,
        languages=(source, target),
        left_out=(
            *(f"{number:,} units {way}" for way, number in others.items()),
            *([f"{protected:,} units that are not to be translated"] if protected else ()),
        ),
    )


def _named(unit: Element, *attributes: str) -> str:
    """Return the language that one of a unit's attributes names, or nothing."""
    return next((known_language(unit.get(name, "")) for name in attributes if unit.get(name)), "")


def may_be(named: str, language: str) -> bool:
    """Tell whether a language that a file names, or does not, may be this one, regions aside."""
    if not (named and language):
        return True
    first, second = _parts(named), _parts(language)
    return first[0] == second[0] and (not (first[1] and second[1]) or first[1] == second[1])


def _parts(tag: str) -> tuple[str, str]:
    """Return the language and the script that a tag names."""
    main, _, script = without_region(tag).partition("-")
    return _NORWEGIAN.get(main, main), script


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


def _halves(unit: Element, key: str) -> Iterator[tuple[str, Element | None, Element | None, str]]:
    """Yield id, source, target, state of a unit's segments: elements (2), marks within it (1.2)."""
    segments = [child for child in unit if local_name(child) == "segment"]
    for number, segment in enumerate(segments or [unit], 1):
        children = {local_name(child): child for child in segment}
        source, target = children.get("source"), children.get("target")
        state = segment.get("state", "") or ("" if target is None else target.get("state", ""))
        sources, targets = _marked(children.get("seg-source")), _marked(target)
        if targets and targets.keys() <= sources.keys():
            for mark, marked in sources.items():
                yield f"{key}/{mark}", marked, targets.get(mark), state
        else:
            yield f"{key}/{number}" if number > 1 else key, source, target, state


def _marked(element: Element | None) -> dict[str, Element]:
    """Return the marked segments by their ids, where all of a text stands in such marks."""
    if element is None:
        return {}
    marks = [
        child
        for child in element.iter()
        if local_name(child) == "mrk" and child.get("mtype") == "seg"
    ]
    marked = "".join(segment_text(mark) for mark in marks)
    is_whole = "".join(marked.split()) == "".join(segment_text(element).split())
    return {mark.get("mid", ""): mark for mark in marks} if is_whole else {}


def read_tmx_pairs(path: Path, source: str, target: str, encoding: str = "") -> SegmentedDocument:
    """Return the pairs of two languages in a translation memory, with each of a unit's targets.

    Raises:
        LexgraftError: no unit has both languages.
    """
    pairs: list[TextSegment] = []
    left_out = 0
    languages: dict[str, None] = {}
    for line, unit in outermost_elements(path, "tu", encoding=encoding):
        texts: dict[str, list[str]] = {}
        for variant in unit:
            if local_name(variant) == "tuv":
                segment = next((child for child in variant if local_name(child) == "seg"), None)
                tag = language_tag(language_of(variant))
                texts.setdefault(tag, []).append(segment_text(segment))
        languages.update(dict.fromkeys(texts))
        sources, translations = _in_language(texts, source), _in_language(texts, target)
        key = unit.get("tuid") or f"line {line}"
        pairs += [TextSegment(key, sources[0], text) for text in translations if sources]
        left_out += bool(sources and not translations)
    if languages and not pairs:
        raise LexgraftError(
            f"no unit has both `{source}` and `{target}`",
            where=str(path),
            cure=f"its languages: {', '.join(languages)}; say which with --from and --to",
        )
    return SegmentedDocument(
        str(path),
        "TMX",
        tuple(pairs),
        is_bilingual=True,
        untranslated=left_out,
        languages=(source, target),
    )


def _in_language(texts: dict[str, list[str]], language: str) -> list[str]:
    """Return the texts in a language, or in regions of it."""
    near = [text for tag, listed in texts.items() if may_be(tag, language) for text in listed]
    return [text for text in texts.get(language, near) if text]


def segment_text(element: Element | None) -> str:
    """Return what a segment says; a sign stands for codes that stand for something."""
    return "" if element is None else "".join(_pieces(element)).strip()


def _is_protected(mark: Element) -> bool:
    """Tell what within a segment is not to be translated."""
    return mark.get("translate") == "no" or mark.get("mtype") == "protected"


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if child.get("mtype") == "x-sdl-deleted":  # a tracked change
            pass
        elif name in _STANDING or _is_protected(child):
            yield HIDDEN
        elif name not in _CODES:
            yield from _pieces(child)
        yield child.tail or ""
