"""ClaML: classifications such as ICD-10 and its national versions, in XML."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from msgspec import Struct

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import language_of, outermost_elements, text_of
from lexgraft.terms.text.language_tags import language_tag

_NO_TEXT = frozenset({"Reference", "Usage"})  # codes and daggers inside labels
_NAMES = ("preferredLong", "preferred", "inclusion")  # the best first
_ABOVE = ("chapter", "block")


class _Classes(Struct):
    """What a class needs to know of those above it."""

    source: str
    version: str = ""
    chapter: dict[str, str] = {}  # code → name of the chapter


def _recognise(start: FileStart) -> str:
    return "the root element is <ClaML>" if start.root.name == "ClaML" else ""


@reader("ClaML", _recognise)
def read_claml(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per category, in file order; the field is the name of its chapter.

    A name that stands alone (`preferredLong`) comes before the one that needs its context
    (`preferred`); inclusions are admitted terms, put together from their fragments. Exclusions,
    hints and references are no terms. Modifiers, which have to be joined with codes, are counted.
    """
    classes = _Classes(path.name)
    for line, element in outermost_elements(
        path, "Title", "Class", "ModifierClass", progress=options.progress
    ):
        if element.tag == "Title":
            classes.source = element.get("name") or text_of(element) or path.name
            classes.version = element.get("version", "")
            continue
        tally.read += 1
        above = element.find("SuperClass")
        parent = "" if above is None else above.get("code", "")
        terms, definitions = _rubrics(element, options.language)
        code, kind = element.get("code", ""), element.get("kind", "")
        chapter_name = terms[0].text if kind == "chapter" and terms else ""
        classes.chapter[code] = chapter_name or classes.chapter.get(parent, "")
        if element.tag == "ModifierClass":
            tally.skip_row(line, "a modifier, which has to be joined with codes")
        elif kind in _ABOVE:
            tally.skip_row(line, f"a {kind}")
        elif not code:
            tally.refuse_row(line, "a class without a code")
        elif not terms:
            tally.skip_row(line, "a class without a name")
        else:
            tally.kept += 1
            yield line, _concept(code, parent, terms, definitions, classes)


def _concept(
    code: str, parent: str, terms: list[Term], definitions: dict[str, str], classes: _Classes
) -> Concept:
    broader = f"{classes.source}:{parent}" if parent else ""
    return Concept(
        id=f"{classes.source}:{code}",
        terms=ranked_terms(terms),
        definitions=definitions,
        field=classes.chapter[code],
        type=broader,
        broader=(broader,) if broader else (),
        source=classes.source,
        source_version=classes.version,
    )


def _rubrics(element: Element, default: str) -> tuple[list[Term], dict[str, str]]:
    """Return the terms of a class, the best name of each language first, and its definitions."""
    labels: dict[str, list[tuple[str, str]]] = {}
    outer = language_of(element, default)
    for rubric in element.iterfind("Rubric"):
        for label in rubric.iterfind("Label"):
            text = text_of(label, without=_NO_TEXT)
            language = language_tag(language_of(label, language_of(rubric, outer)))
            if text:
                labels.setdefault(rubric.get("kind", ""), []).append((language, text))
    terms = [
        Term(text, language, "noun", "admitted" if kind == "inclusion" else "preferred")
        for kind in _NAMES
        for language, text in labels.get(kind, ())
    ]
    return terms, dict(labels.get("definition", ()))
