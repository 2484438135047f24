"""JSON lines of Concept: the form in which the other readers' results are kept."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from lexgraft.records import Concept
from lexgraft.terms.readers.file_start import FileStart, unpacked
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader


def _recognise(start: FileStart) -> str:
    return "it starts with `{`: JSON lines" if start.text.lstrip().startswith("{") else ""


@reader("concepts", _recognise)
def read_json_lines(
    path: Path, options: ImportOptions, tally: ImportLog
) -> Iterator[ConceptAtLine]:
    """Yield the records as they are; a line that is none is refused."""
    tally.keeps_regions = True
    decode = msgspec.json.Decoder(Concept).decode
    with unpacked(path, options.progress) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            tally.read += 1
            try:
                concept = decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                text = line[:80].decode(errors="replace")
                cure = "JSON lines are those that `lexgraft terms import` writes: give a table"
                tally.refuse_row(number, f"not a Concept record: {error}", text, cure)
                continue
            tally.kept += 1
            yield number, concept
