"""A document of any format that is checked: recognised by content, a text also by its name."""

from pathlib import Path
from zipfile import ZipFile, is_zipfile

from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_text import read_text
from lexgraft.terms.documents import SegmentedDocument, TextSegment, with_own_ids
from lexgraft.terms.documents.bilingual_xml import (
    may_be,
    read_tmx_pairs,
    read_xliff,
    xliff_languages,
)
from lexgraft.terms.documents.running_documents import (
    html_blocks,
    markdown_blocks,
    text_paragraphs,
)
from lexgraft.terms.documents.segment_tables import read_segment_table
from lexgraft.terms.documents.word_documents import docx_paragraphs, is_word_document
from lexgraft.terms.readers.file_start import FileStart, is_empty, start_of
from lexgraft.terms.readers.po import language_of_messages, read_messages
from lexgraft.terms.text.language_tags import known_language, without_region

_ARCHIVE = b"PK\x03\x04"
_TO_SAVE = "save it as DOCX, XLSX, HTML or text"
_NOT_READ = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"\xd0\xcf\x11\xe0": "an old or encrypted document of Office",
}
_PAIRS = frozenset({".xlf", ".xliff", ".sdlxliff", ".mqxliff", ".mxliff", ".tmx"})
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
    document = _read(path, source, target)
    return replace(document, segments=with_own_ids(document.segments))


def _read(path: Path, source: str, target: str) -> SegmentedDocument:
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
        return read_xliff(path, source, target)
    if start.root.name == "tmx":
        return read_tmx_pairs(path, source, target)
    if start.data.startswith(_ARCHIVE):
        return _archive(path, source, target)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return read_segment_table(path, source, target, workbook=False)
    kind = next((kind for mark, kind in _NOT_READ.items() if start.data.startswith(mark)), "")
    if kind:
        raise LexgraftError(f"{kind} is not read here", where=str(path), cure=_TO_SAVE)
    return _text(path, source, target, start)


def _archive(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return the segments of a document of Word, or the rows of a workbook."""
    if not is_zipfile(path):
        raise LexgraftError(
            "a damaged archive, or one that is cut off",
            where=str(path),
            cure="save or fetch it again",
        )
    if is_word_document(path):
        return SegmentedDocument(str(path), "DOCX", tuple(docx_paragraphs(path)))
    with ZipFile(path) as archive:
        names = archive.namelist()
        kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    if b"spreadsheet" not in kind and not any(name.startswith("xl/") for name in names):
        raise LexgraftError(
            "an archive that is neither DOCX nor a workbook", where=str(path), cure=_TO_SAVE
        )
    return read_segment_table(path, source, target, workbook=True)


def _text(path: Path, source: str, target: str, start: FileStart) -> SegmentedDocument:
    """Return the segments of a text: a catalogue, a page, Markdown or plain."""
    ending = path.suffix.lower()
    if ending in {".po", ".pot"}:
        return _catalogue(path, source, target)
    is_page = start.root.name == "html" or start.text.lstrip()[:14].lower() == "<!doctype html"
    kind, read = _TEXTS[".html"] if is_page else _TEXTS.get(ending, ("text", text_paragraphs))
    text = read_text(path)
    try:
        return SegmentedDocument(str(path), kind, tuple(read(text)))
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(path), cure=error.cure) from error


def _catalogue(path: Path, source: str, target: str) -> SegmentedDocument:
    """Return the translated messages of a catalogue, of plural ones every form.

    Raises:
        LexgraftError: its header says that they are in another language.
    """
    messages = read_messages(path)
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

    Where they do not, all of one belongs to all of the other.

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
