"""Babelon: translations of an ontology's terms, which are added to the terms of its OBO file."""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart, unpacked
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.text.language_tags import language_tag

_NEEDED = frozenset({"subject_id", "predicate_id", "translation_language", "translation_value"})
_NAMES = frozenset({"rdfs:label", "skos:preflabel"})
_SYNONYMS = frozenset({"oboinowl:hasexactsynonym", "skos:altlabel", "skos:exactmatch"})
_DEFINITIONS = frozenset({"iao:0000115", "skos:definition"})
_APPROVED = frozenset({"", "official", "approved", "reviewed"})


class _TranslationDraft(Struct):
    """A concept while its rows are read."""

    line: int
    terms: list[Term] = []
    definitions: dict[str, str] = {}


def _recognise(start: FileStart) -> str:
    matches = set(start.line.split("\t")) >= _NEEDED
    return "the columns subject_id, predicate_id, translation_value" if matches else ""


@reader("Babelon", _recognise, adds=True, unique=True)
def read_babelon(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per subject with its approved, exact translations.

    Candidates and translations that are broader, narrower or only close are left out, by the
    columns translation_status and translation_precision. A literal `"` is text.
    """
    drafts: dict[str, _TranslationDraft] = {}
    with (
        unpacked(path, options.progress) as packed,
        TextIOWrapper(packed, "utf-8-sig", newline="") as file,
    ):
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := sorted(_NEEDED - {*(rows.fieldnames or ())}):
            raise LexgraftError(f"no column {', '.join(missing)}", where=str(path))
        for row in rows:
            line = rows.line_num
            tally.read += 1
            fault = _fault(row)
            if None in row or any(row.get(name) is None for name in _NEEDED):
                tally.refuse_row(line, "not as many cells as columns", row.get("subject_id") or "")
            elif fault:
                tally.skip_row(line, fault)
            else:
                tally.kept += 1
                _add(drafts.setdefault(row["subject_id"], _TranslationDraft(line)), row)
    for key, draft in drafts.items():
        yield (
            draft.line,
            Concept(key, ranked_terms(draft.terms), draft.definitions, source=path.name),
        )


def _fault(row: dict[str, str]) -> str:
    """Return why a translation is not used, or nothing."""
    status, precision = (
        (row.get(name) or "").casefold() for name in ("translation_status", "translation_precision")
    )
    predicate = (row["predicate_id"] or "").casefold()
    if not (row["translation_value"] or "").strip():
        return "no translation"
    if status not in _APPROVED:
        return f"translation_status {status.upper()}"
    if precision not in {"", "exact"}:
        return f"translation_precision {precision.upper()}"
    is_known = predicate in _NAMES | _SYNONYMS | _DEFINITIONS
    return "" if is_known else f"predicate {row['predicate_id']}"


def _add(draft: _TranslationDraft, row: dict[str, str]) -> None:
    """Add one translation to its concept."""
    predicate, text = row["predicate_id"].casefold(), row["translation_value"].strip()
    language = language_tag(row["translation_language"])
    if predicate in _DEFINITIONS:
        draft.definitions.setdefault(language, text)
    else:
        status = "preferred" if predicate in _NAMES else "admitted"
        draft.terms.append(Term(text, language, status=status))
