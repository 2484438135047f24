"""Paragraphs of Word documents (DOCX): the text, boxes in it, headers, footers and notes."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.etree.ElementTree import Element

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import TextSegment
from lexgraft.terms.readers.xml_stream import local_name, outermost_elements

_LARGEST = 1 << 28  # bytes of a document's text when unpacked
_MAIN_PART = "word/document.xml"
_PARTS = re.compile(r"word/((?:header|footer)\d*|footnotes|endnotes)\.xml")
_SIGNS = {
    "tab": " ",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "-",
    "softHyphen": "",
}
_NO_TEXT = frozenset(
    {"del", "moveFrom", "instrText", "Fallback", "rt"}
)  # rt: a reading above a word
_NOT_READ = {"comments.xml": "comments", "diagrams/data": "diagrams", "charts/chart": "charts"}
_NOT_SEEN = frozenset({"strike", "dstrike", "vanish"})
_OFF = frozenset({"0", "false", "off"})


def is_word_document(path: Path) -> bool:
    """Tell a DOCX file from other archives."""
    return zipfile.is_zipfile(path) and _MAIN_PART in zipfile.ZipFile(path).namelist()


def docx_left_out(path: Path) -> tuple[str, ...]:
    """Return what of a Word document is not read, in words."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return tuple(
        word
        for prefix, word in _NOT_READ.items()
        if any(name.startswith(f"word/{prefix}") for name in names)
    )


def docx_paragraphs(path: Path) -> Iterator[TextSegment]:
    """Yield the paragraphs of a Word document; what is hidden or struck out of it is no text.

    Raises:
        LexgraftError: damaged, or far too large when unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {_MAIN_PART: ""}
            for name in archive.namelist():
                if part := _PARTS.fullmatch(name):
                    parts[name] = f"{part[1]}, "
            size = sum(archive.getinfo(name).file_size for name in parts)
            if size > _LARGEST:
                raise LexgraftError(
                    f"its text unpacks to {size >> 20} MB",
                    where=str(path),
                    cure="split the document",
                )
            for name, place in parts.items():
                with NamedTemporaryFile(suffix=".xml") as file, archive.open(name) as part:
                    while piece := part.read(1 << 20):
                        file.write(piece)
                    file.flush()
                    yield from _paragraphs(Path(file.name), f"{path}: {name}", place)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError) as error:
        raise LexgraftError(f"a damaged document: {error}", where=str(path)) from error


def _paragraphs(file: Path, where: str, place: str) -> Iterator[TextSegment]:
    """Yield the paragraphs of an unpacked part of a Word document, which is called `where`."""
    try:
        outermost = (element for _, element in outermost_elements(file, "p"))
        elements = (inner for element in outermost for inner in _with_boxes(element))
        for number, element in enumerate(elements, 1):
            if text := "".join(_runs(element)).strip():
                yield TextSegment(f"{place}paragraph {number}", text)
    except LexgraftError as error:
        named = error.where.replace(str(file), where)
        raise LexgraftError(error.what, where=named, cure=error.cure) from error


def _with_boxes(element: Element) -> Iterator[Element]:
    """Yield a paragraph, then those of text boxes that are anchored in it."""
    yield element
    for child in element:
        if local_name(child) not in _NO_TEXT:
            inner = _with_boxes(child)
            yield from (box for box in inner if local_name(box) == "p")


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in _SIGNS:
            yield _SIGNS[name]
        elif name != "p" and name not in _NO_TEXT and not _is_unseen(child):
            yield from _runs(child)


def _is_unseen(run: Element) -> bool:
    """Tell a run that is struck out or hidden by its properties."""
    properties = (mark for child in run if local_name(child) == "rPr" for mark in child)
    return any(
        local_name(mark) in _NOT_SEEN and _OFF.isdisjoint(mark.attrib.values())
        for mark in properties
    )
