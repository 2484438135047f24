"""GROWS  Readers: term-base formats → Concept, recognised by what a file says, not by its name.

A reader is one file in this folder, or in a package that names its module under the entry point
`lexgraft.readers`. It says how its format is recognised, and yields every concept with its line:

    from collections.abc import Iterator
    from pathlib import Path

    from lexgraft.records import Concept, Term
    from lexgraft.terms.readers import (
        ConceptAtLine, FileStart, ImportLog, ImportOptions, reader
    )

    def _recognise(start: FileStart) -> str:
        return "the first line is `#words`" if start.line == "#words" else ""

    @reader("words", _recognise, unique=True)
    def read_words(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
        for line, text in enumerate(path.read_text().splitlines()[1:], 2):
            tally.read += 1
            english, _, japanese = text.partition("=")
            if not japanese:
                tally.refuse_row(line, "no `=`", text)
                continue
            tally.kept += 1
            yield line, Concept(english, (Term(english, "en"), Term(japanese, "ja")))

* `recognise` gets how a file starts (up to 64 KiB of text, the root of XML, the names in a folder)
  and returns why it is of the format, or nothing. It must claim no file of another format.
* The function yields concepts in the order of the file and accounts for every row in the log: read
  = kept + skipped + refused. Languages that nobody asked for, characters that no term may hold, ids
  that occur twice, and the origin that the user states are seen to for all formats
  (`import_terms`).
* `@reader` takes switches: `adds`, `unique`, `fallback` (see `reader_registry`).
* A sample of the format in `tests/terms/readers/samples.py` puts it under the contract test.
"""

from importlib import import_module
from pkgutil import iter_modules

from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.import_terms import FileImport, TermImport, read_concepts, recognise
from lexgraft.terms.readers.reader_registry import FORMATS, ConceptAtLine, reader

__all__ = [
    "FORMATS",
    "ConceptAtLine",
    "FileImport",
    "FileStart",
    "ImportLog",
    "ImportOptions",
    "TermImport",
    "read_concepts",
    "reader",
    "recognise",
]

for _name in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_name}")
