"""UTX: the simple glossary format of the Asia-Pacific Association for Machine Translation."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart, lines_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import (
    concept_id_of,
    named_status,
    part_of,
    ranked_terms,
)
from lexgraft.terms.readers.text_tables import read_text
from lexgraft.terms.text.language_tags import language_tag

_FIRST = re.compile(r"#UTX\S*\s+(\S+?);\s*([\w-]+)(?:/([\w-]+))?", re.IGNORECASE)
_NOTE = re.compile(r"(copyright|licen[cs]e)\s*:\s*([^;]+)", re.IGNORECASE)


class _Header(Struct):
    """What the lines before the entries say."""

    source: str
    target: str
    licence: str
    columns: list[str]


class _UtxConceptDraft(Struct):
    """A concept while its rows are read."""

    line: int
    terms: list[Term] = []


def _recognise(start: FileStart) -> str:
    return "the first line starts with `#UTX`" if _FIRST.match(start.line) else ""


@reader("UTX", _recognise, unique=True)
def read_utx(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per concept ID, or per meaning without one, in the order of first rows.

    The status of a row is that of its target term (UTX 1.11, section on term status): a source
    word is not forbidden because one of its translations is.

    Raises:
        LexgraftError: the lines that start with `#` name no columns `src` and `tgt`.
    """
    lines = lines_of(read_text(path, options.encoding))
    header = _header(lines, str(path))
    drafts: dict[str, _UtxConceptDraft] = {}
    named = dict[str, str]()  # source term → id of the row without id that has it first
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            continue
        tally.read += 1
        row = dict(zip(header.columns, (cell.strip() for cell in line.split("\t")), strict=False))
        if len(line.split("\t")) > len(header.columns):
            tally.refuse_row(number, f"more cells than the {len(header.columns)} columns", line)
            continue
        terms = _terms(row, header, number, options, tally)
        if terms:
            tally.kept += 1
            key = row.get("concept id") or concept_id_of(terms, named, f"{path.stem}:{number}")
            drafts.setdefault(key, _UtxConceptDraft(number)).terms.extend(terms)
        else:
            tally.skip_row(number, "a row without a term")
    for key, draft in drafts.items():
        terms = ranked_terms(draft.terms)
        yield draft.line, Concept(key, terms, source=path.name, licence=header.licence)


def _header(lines: list[str], where: str) -> _Header:
    heads = [line[1:] for line in lines if line.startswith("#")]
    heads = [line for line in heads if "src" in line.casefold().split("\t")] or heads
    first = _FIRST.match("".join(lines[:1]))
    columns = [cell.strip().casefold() for head in heads[-1:] for cell in head.split("\t")]
    if first is None or "src" not in columns:
        raise LexgraftError(
            "no line `#src<TAB>tgt<TAB>src:pos`", where=where, cure="name the columns, as UTX asks"
        )
    notes = {name.casefold(): text.strip() for name, text in _NOTE.findall(lines[0])}
    licence = notes.get("license") or notes.get("licence") or notes.get("copyright", "")
    source, target = language_tag(first[2]), language_tag(first[3] or "")
    return _Header(source, target, licence, columns)


def _terms(
    row: dict[str, str], header: _Header, number: int, options: ImportOptions, tally: ImportLog
) -> list[Term]:
    """Return the terms of one row."""
    said = row.get("term status", "") or row.get("tgt:term status", "")
    status = named_status(said, number, options.status, tally)
    terms: list[Term] = []
    part_of_speech = part_of(row.get("src:pos", ""))
    if text := row.get("src"):
        terms.append(Term(text, header.source, part_of_speech))
    if (text := row.get("tgt")) and header.target:
        target_part = part_of(row["tgt:pos"]) if row.get("tgt:pos") else part_of_speech
        terms.append(Term(text, header.target, target_part, status))
    return terms
