"""A document of any format that is checked: recognised by content, a text also by its name."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from zipfile import ZipFile, is_zipfile

from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import SegmentedDocument, TextSegment, with_own_ids
from lexgraft.terms.documents.bilingual_xml import (
    may_be,
    read_tmx_pairs,
    read_xliff,
    xliff_languages,
)
from lexgraft.terms.documents.document_text import document_text
from lexgraft.terms.documents.html_pages import html_blocks
from lexgraft.terms.documents.running_documents import (
    markdown_blocks,
    one_segment,
    text_blocks,
    text_paragraphs,
)
from lexgraft.terms.documents.segment_tables import read_segment_table
from lexgraft.terms.documents.word_documents import (
    docx_left_out,
    docx_paragraphs,
    is_word_document,
)
from lexgraft.terms.readers.declared_encoding import declared_of_page
from lexgraft.terms.readers.file_start import FileStart, is_empty, start_of
from lexgraft.terms.readers.po import declared_of_catalogue, language_of_messages, messages_in
from lexgraft.terms.text.language_tags import known_language, without_region

_ARCHIVE = b"PK\x03\x04"
_TO_SAVE = "save it as DOCX, XLSX, HTML or text"
_NOT_READ = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"\xd0\xcf\x11\xe0": "an old or encrypted document of Office",
}
_PAIRS = frozenset({".xlf", ".xliff", ".sdlxliff", ".mqxliff", ".mxliff", ".tmx"})
_PAGES = frozenset({".html", ".htm", ".xhtml"})
_MARKDOWN = frozenset({".md", ".markdown"})


def read_document(
    path: Path, source: str, target: str, *, encoding: str = "", spoken: str = ""
) -> SegmentedDocument:
    """Return a document's segments; of files with several languages those of these two.

    Args:
        path: the document.
        source: language of what was translated.
        target: language of the translation.
        encoding: in which a text is, where it does not say so itself; none: found out.
        spoken: language of a document in one language; none: the target.

    Raises:
        LexgraftError: a file that cannot be read, is an archive of another kind, or in which there
            is nothing to check.
    """
    document = _read(path, source, target, encoding, spoken or target)
    if not (document.segments or document.untranslated):
        raise LexgraftError(
            f"nothing to check: no segment with text{_without(document.left_out)}",
            where=str(path),
            cure="see whether it is the right file, and in these languages; or leave it out",
        )
    return replace(document, segments=with_own_ids(document.segments))


def _without(left_out: tuple[str, ...]) -> str:
    return f" but what is left out: {', '.join(left_out)}" if left_out else ""


def _read(path: Path, source: str, target: str, encoding: str, spoken: str) -> SegmentedDocument:
    if not path.is_file():
        raise LexgraftError("no such document", where=str(path), cure="check the path")
    if is_empty(path):
        raise LexgraftError(
            "the document is empty", where=str(path), cure="save or fetch it again, or leave it out"
        )
    start = start_of(path)
    is_xml = start.text.lstrip().startswith("<?xml") or path.suffix.lower() in _PAIRS
    if is_xml and start.root.fault:
        raise LexgraftError(
            f"broken XML: {start.root.fault}",
            where=str(path),
            cure="save it again, as UTF-8 and with that in its first line",
        )
    if start.root.name == "xliff":
        return read_xliff(path, source, target, encoding)
    if start.root.name == "tmx":
        return read_tmx_pairs(path, source, target, encoding)
    if start.data.startswith(_ARCHIVE):
        return _archive(path, source, target)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return read_segment_table(path, source, target, workbook=False, encoding=encoding)
    kind = next((kind for mark, kind in _NOT_READ.items() if start.data.startswith(mark)), "")
    if kind:
        raise LexgraftError(f"{kind} is not read here", where=str(path), cure=_TO_SAVE)
    if path.suffix.lower() in {".po", ".pot"}:
        return _catalogue(path, source, target, encoding)
    return _text(path, encoding, spoken, start)


def _archive(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return the segments of a document of Word, or the rows of a workbook."""
    if not is_zipfile(path):
        raise LexgraftError(
            "a damaged archive, or one that is cut off",
            where=str(path),
            cure="save or fetch it again",
        )
    if is_word_document(path):
        paragraphs = tuple(docx_paragraphs(path))
        return SegmentedDocument(str(path), "DOCX", paragraphs, left_out=docx_left_out(path))
    with ZipFile(path) as archive:
        names = archive.namelist()
        kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    if b"spreadsheet" not in kind and not any(name.startswith("xl/") for name in names):
        raise LexgraftError(
            "an archive that is neither DOCX nor a workbook", where=str(path), cure=_TO_SAVE
        )
    return read_segment_table(path, source, target, workbook=True)


def _text(path: Path, encoding: str, spoken: str, start: FileStart) -> SegmentedDocument:
    """Return the segments of a text in one language: a page, Markdown or plain."""
    ending = path.suffix.lower()
    is_page = start.root.name == "html" or start.text.lstrip()[:14].lower() == "<!doctype html"
    if is_page or ending in _PAGES:
        return _page(path, encoding, spoken)
    read = document_text(path, encoding)
    kind, split = (
        ("Markdown", markdown_blocks) if ending in _MARKDOWN else ("text", text_paragraphs)
    )
    return SegmentedDocument(str(path), kind, tuple(split(read.text)), encoding=read.encoding)


def _page(path: Path, encoding: str, spoken: str) -> SegmentedDocument:
    """Return the blocks of a page; those in another language are counted."""
    read = document_text(path, encoding, declared_of_page)
    try:
        page = html_blocks(read.text, spoken)
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(path), cure=error.cure) from error
    return SegmentedDocument(
        str(path),
        "HTML",
        tuple(page.segments),
        left_out=tuple(
            f"blocks in `{language}`: {count:,}" for language, count in page.in_others.items()
        ),
        encoding=read.encoding,
    )


def _catalogue(path: Path, source: str, target: str, encoding: str) -> SegmentedDocument:
    """Return the translated messages of a catalogue, of plural ones every form.

    Raises:
        LexgraftError: its header says that they are in another language.
    """
    read = document_text(path, encoding, declared_of_catalogue)
    messages = messages_in(read.text, str(path))
    named = known_language(language_of_messages(messages))
    if not may_be(named, target):
        raise LexgraftError(
            f"its header says `Language: {named}`, and the terms are into `{target}`",
            where=str(path),
            cure=f"check it with terms in `{named}`: --to {named}; or mend the header",
        )
    listed = [message for message in messages if message.source]
    pairs = tuple(
        TextSegment(message.context or f"line {message.line}", message.source, message.translation)
        for message in listed
        if message.translation
    )
    return SegmentedDocument(
        str(path),
        "PO",
        pairs,
        is_bilingual=True,
        untranslated=len(listed) - len(pairs),
        languages=(source, target),
        encoding=read.encoding,
    )


def languages_named(path: Path) -> tuple[str, str]:
    """Return the languages that a bilingual file names itself, regions aside, or nothing."""
    if not path.is_file() or is_empty(path):
        return "", ""
    start = start_of(path)
    if start.root.name != "xliff":
        return "", ""
    source, target = xliff_languages(start)
    return without_region(source), without_region(target)


def paired(source: SegmentedDocument, target: SegmentedDocument) -> SegmentedDocument:
    """Return two documents as one of pairs: segment by segment where both have as many.

    Of two texts else line by line, or what is between empty lines, where both have as many of
    these. Where they do not, all of one belongs to all of the other.

    Raises:
        LexgraftError: one of them is of pairs itself.
    """
    for document in (source, target):
        if document.is_bilingual:
            raise LexgraftError(
                f"{document.format} holds both languages itself",
                where=document.path,
                cure="check it without --question",
            )
    halves = _aligned(source, target)
    if halves:
        segments = [
            TextSegment(second.id, first.source, second.source)
            for first, second in zip(*halves, strict=True)
        ]
    else:
        text, translation = (
            "\n".join(segment.source for segment in half.segments) for half in (source, target)
        )
        segments = [TextSegment("all", text, translation)]
    return SegmentedDocument(
        target.path,
        target.format,
        tuple(segments),
        is_bilingual=True,
        left_out=(*source.left_out, *target.left_out),
        encoding=target.encoding,
    )


def _aligned(
    source: SegmentedDocument, target: SegmentedDocument
) -> tuple[Sequence[TextSegment], Sequence[TextSegment]] | None:
    """Return the segments of two documents that belong together one by one, or nothing."""
    if len(source.segments) == len(target.segments):
        return source.segments, target.segments
    if not source.format == target.format == "text":
        return None
    first, second = text_blocks(source.segments), text_blocks(target.segments)
    if len(first) != len(second):
        return None
    if list(map(len, first)) == list(map(len, second)):
        return list(chain(*first)), list(chain(*second))
    return list(map(one_segment, first)), list(map(one_segment, second))
