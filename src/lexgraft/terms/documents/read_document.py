"""A document of any format that is checked: recognised by content, a text also by its name."""

from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_text import read_text
from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.documents.bilingual_xml import read_tmx_pairs, read_xliff, xliff_languages
from lexgraft.terms.documents.running_documents import (
    docx_paragraphs,
    html_blocks,
    is_word_document,
    markdown_blocks,
    text_paragraphs,
)
from lexgraft.terms.documents.segment_tables import read_segment_table
from lexgraft.terms.readers.file_start import FileStart, start_of
from lexgraft.terms.readers.po import read_po
from lexgraft.terms.text.language_tags import without_region

_ARCHIVE = b"PK\x03\x04"
_TEXTS = {
    ".html": ("HTML", html_blocks),
    ".htm": ("HTML", html_blocks),
    ".xhtml": ("HTML", html_blocks),
    ".md": ("Markdown", markdown_blocks),
    ".markdown": ("Markdown", markdown_blocks),
}


def read_document(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return a document's segments; of files with several languages those of these two.

    Raises:
        LexgraftError: a file that cannot be read, or is an archive of another kind.
    """
    if not path.is_file():
        raise LexgraftError("no such document", where=str(path), cure="check the path")
    if path.stat().st_size == 0:
        return SegmentedDocument(str(path), "text", ())
    start = start_of(path)
    if start.root.name == "xliff":
        return read_xliff(path, start)
    if start.root.name == "tmx":
        return read_tmx_pairs(path, source, target)
    if start.data.startswith(_ARCHIVE):
        return _archive(path, source, target)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return read_segment_table(path, source, target, workbook=False)
    return _text(path, start)


def _archive(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return the segments of a document of Word, or the rows of a workbook."""
    if is_word_document(path):
        return SegmentedDocument(str(path), "DOCX", tuple(docx_paragraphs(path)))
    return read_segment_table(path, source, target, workbook=True)


def _text(path: Path, start: FileStart) -> SegmentedDocument:
    """Return the segments of a text: a catalogue, a page, Markdown or plain."""
    ending = path.suffix.lower()
    if ending in {".po", ".pot"}:
        messages = enumerate(read_po(path), 1)
        pairs = (
            TextSegment(context or f"message {number}", text, translation)
            for number, (context, text, translation) in messages
        )
        return SegmentedDocument(str(path), "PO", tuple(pairs), is_bilingual=True)
    is_page = start.root.name == "html" or start.text.lstrip()[:14].lower() == "<!doctype html"
    kind, read = _TEXTS[".html"] if is_page else _TEXTS.get(ending, ("text", text_paragraphs))
    text = read_text(path)
    try:
        return SegmentedDocument(str(path), kind, tuple(read(text)))
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(path), cure=error.cure) from error


def languages_named(path: Path) -> tuple[str, str]:
    """Return the languages that a bilingual file names itself, regions aside, or nothing."""
    if not path.is_file() or path.stat().st_size == 0:
        return "", ""
    start = start_of(path)
    if start.root.name != "xliff":
        return "", ""
    source, target = xliff_languages(start)
    return without_region(source), without_region(target)


def paired(source: SegmentedDocument, target: SegmentedDocument) -> SegmentedDocument:
    """Return two documents as one of pairs: segment by segment where both have as many.

    Where they do not, all of one belongs to all of the other.
    """
    if len(source.segments) == len(target.segments):
        segments = tuple(
            TextSegment(second.id, first.source, second.source)
            for first, second in zip(source.segments, target.segments, strict=True)
        )
    else:
        text, translation = (
            "\n".join(segment.source for segment in half.segments) for half in (source, target)
        )
        segments = (TextSegment("all", text, translation),)
    return SegmentedDocument(target.path, target.format, segments, is_bilingual=True)
