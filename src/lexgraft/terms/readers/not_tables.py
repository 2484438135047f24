"""Files that are no term bases though a reader might claim them: documents, databases, JSON."""

import re

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.file_start import FileStart

_KINDS = {
    "a PO catalogue of messages": re.compile(r'^msgid "', re.MULTILINE),
    "a JSON list": re.compile(r"\A\s*\[\s*[{\[]"),
    "a list of strings for Apple's systems": re.compile(r'\A\s*(?:/\*.*?\*/\s*)*"[^"\n]*" = "'),
}
_SHEET = "copy its table into a spreadsheet"
_FILES = (  # how the bytes begin, from where on
    (0, b"%PDF-", "a PDF document", _SHEET),
    (0, b"{\\rtf", "an RTF document", _SHEET),
    (0, b"SQLite format 3", "an SQLite database", "export it as CSV or TBX"),
    (
        *(4, b"Standard Jet DB", "an Access database, as term bases of MultiTerm are (SDLTB)"),
        "export it from there as MultiTerm XML or TBX",
    ),
)
_LINKED = re.compile(
    r'\s*\{\s*(?:"@(?:id|type|graph)"\s*:\s*"[^"]*"\s*,\s*)*"@(?:context|graph)"\s*:'
)
_PAGES = ("<!doctype html", "<html", "<table", "<body")
_START = 1 << 16  # characters looked at


def refuse_other_files(start: FileStart) -> None:
    """Refuse a file that is of another kind by how it begins.

    Raises:
        LexgraftError: it is one, with what it is.
    """
    for offset, magic, kind, cure in _FILES:
        if start.data[offset:].startswith(magic):
            raise LexgraftError(f"{kind}, which is no term base", where=str(start.path), cure=cure)
    if start.text[:40].lstrip().casefold().startswith(_PAGES):
        raise LexgraftError(
            "an HTML page, which is no term base", where=str(start.path), cure=_SHEET
        )
    if _LINKED.match(start.text):
        raise LexgraftError(
            "JSON-LD, which is not read", where=str(start.path), cure="save it as Turtle or RDF/XML"
        )


def refuse_other_texts(text: str, where: str) -> None:
    """Refuse a text that is of another kind.

    Raises:
        LexgraftError: it is one, with what it is.
    """
    for kind, pattern in _KINDS.items():
        if pattern.search(text[:_START]):
            raise LexgraftError(
                f"{kind}, which is no term base", where=where, cure="save it as CSV, TBX or TMX"
            )
