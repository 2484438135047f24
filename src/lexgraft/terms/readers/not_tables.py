"""Files that are no term bases though a reader might claim them: documents, databases, JSON."""

import re
import zipfile
import zlib

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
    (0, b"SQLite format 3", "an SQLite database (SDLTM, a term base?)", "export it as CSV or TBX"),
    (0, b"\xde\x12\x04\x95", "a compiled catalogue (MO)", "give its source, the PO file"),
    (0, b"PAR1", "a Parquet file", "save it as CSV"),
    (0, b"Obj\x01", "an Avro file", "save it as CSV"),
    (0, b"7z\xbc\xaf\x27\x1c", "an archive (7z)", "unpack it first"),
    (0, b"Rar!", "an archive (RAR)", "unpack it first"),
    (
        *(4, b"Standard Jet DB", "an Access database, as term bases of MultiTerm are (SDLTB)"),
        "export it from there as MultiTerm XML or TBX",
    ),
)
_CONVERT = "convert it to TBX, TMX or CSV with the program it comes from"
WORKBOOK = "xl/workbook.xml"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
_XML_ROOTS = {  # the outermost element, in lower case → what such a file is, and the way out
    "glossml": ("GlossML", "convert it to TBX or CSV, e.g. with Maxprograms' tools"),
    "olif": ("OLIF", _CONVERT),
    "lexicalresource": ("LMF", _CONVERT),
    "lift": ("LIFT", "export it as CSV (from FieldWorks or WeSay)"),
    "xdxf": ("XDXF", "convert it to CSV, e.g. with PyGlossary"),
    "tei": ("TEI", "convert its entries to CSV, e.g. with PyGlossary"),
    "tei.2": ("TEI", "convert its entries to CSV, e.g. with PyGlossary"),
    "glossentry": ("a DITA glossary", _CONVERT),
    "glossgroup": ("a DITA glossary", _CONVERT),
    "ditamap": ("a DITA map", _CONVERT),
    "glossary": ("a DocBook glossary, or another", _CONVERT),
    "resources": ("a list of strings for Android", "save it as CSV, TBX or TMX"),
    "ts": ("a catalogue of Qt", "convert it to TMX or PO"),
    "trados-tag": ("a TTX file of Trados", "export it as TMX"),
    "spreadsheet": ("a workbook as XML (2003)", "save it as XLSX"),
    "workbook": ("a workbook as XML (2003)", "save it as XLSX"),
    "document-content": ("an OpenDocument file unpacked", "save it as XLSX or CSV"),
}
_LISTS = {  # how the text begins → what such a file is, and the way out
    "StarDict's dict ifo file": ("a StarDict dictionary", "convert it to CSV with PyGlossary"),
    "#NAME": ("a Lingvo dictionary (DSL)", "convert it to CSV with PyGlossary"),
    "\\_sh ": ("a Toolbox dictionary (SFM)", "export it as CSV or LIFT, then CSV"),
    "\\lx ": ("a Toolbox dictionary (SFM)", "export it as CSV or LIFT, then CSV"),
}
_ARCHIVES = (  # a part of it → what it is, and the way out
    (
        "word/document.xml",
        "a Word document, which is no term base",
        "copy its table into a spreadsheet; to check it: lexgraft glossary check",
    ),
    ("ppt/presentation.xml", "a presentation, which is no term base", _SHEET),
    ("xl/workbook.bin", "a binary workbook (XLSB)", "save it as XLSX"),
    ("META-INF/container.xml", "an electronic book, which is no term base", _SHEET),
    ("content.xml", "an OpenDocument text, which is no term base", _SHEET),
)
_LINKED = re.compile(
    r'\s*\{\s*(?:"@(?:id|type|graph)"\s*:\s*"[^"]*"\s*,\s*)*"@(?:context|graph)"\s*:'
)
_PAGES = ("<!doctype html", "<html", "<table", "<body")
_START = 1 << 16  # characters looked at


def refusal_of(start: FileStart) -> LexgraftError | None:
    """Return why a file is of another kind by how it begins, and what to do; else nothing."""
    kind, cure = _kind_of(start)
    return LexgraftError(kind, where=str(start.path), cure=cure) if kind else None


def _kind_of(start: FileStart) -> tuple[str, str]:
    """Return what a file is that is no term base, or of a format that is not read; and a cure."""
    for offset, magic, kind, cure in _FILES:
        if start.data[offset:].startswith(magic):
            return f"{kind}, which is no term base", cure
    if start.data.startswith(b"PK\x03\x04"):
        return _kind_of_archive(start)
    begins = start.text.lstrip("\ufeff \r\n\t")
    if begins[:40].casefold().startswith(_PAGES):
        return "an HTML page, which is no term base", _SHEET
    if _LINKED.match(start.text):
        return "JSON-LD, which is not read", "save it as Turtle or RDF/XML"
    kind, cure = _XML_ROOTS.get(start.root.name.casefold(), ("", ""))
    for beginning, (name, way_out) in _LISTS.items():
        if begins.startswith(beginning):
            kind, cure = name, way_out
    return (f"{kind}, which is not read", cure) if kind else ("", "")


def _kind_of_archive(start: FileStart) -> tuple[str, str]:
    """Return what an archive is by what lies in it; nothing where it is a workbook."""
    try:
        with zipfile.ZipFile(start.path) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype").decode(errors="replace") if "mimetype" in names else ""
    except (OSError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return "a damaged archive", "save the workbook again"
    if WORKBOOK in names or kind.strip() == OPEN_DOCUMENT:
        return "", ""
    kinds = ((what, cure) for part, what, cure in _ARCHIVES if part in names)
    return next(kinds, ("an archive that is no workbook", "unpack it first"))


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
