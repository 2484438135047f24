"""Terminology in documents: what segments use, miss and must not say; what is inconsistent."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.lint_glossary import LintFinding
from lexgraft.terms.glossary.termbase import GlossaryMatch, OpenGlossary, forbidden_hits
from lexgraft.terms.glossary.verify_output import VerifiedText

Problem = Literal["missed", "forbidden", "inconsistent", "allowed"]
FAULTY: tuple[Problem, ...] = ("missed", "forbidden", "inconsistent")
"""What is to be mended; an allowed synonym is only told."""


class TermFault(Struct, frozen=True, omit_defaults=True):
    """One thing about a term in a segment, or in a document."""

    document: str
    segment: str
    problem: Problem
    term: str
    use: str
    id: str = ""
    text: str = ""  # what stands there
    start: int = 0  # of it in the target, in characters
    end: int = 0


class CheckedDocument(Struct, frozen=True):
    """What was found in one document."""

    path: str
    format: str
    segments: tuple[TextSegment, ...]
    header: tuple[str, ...]
    is_bilingual: bool
    untranslated: int
    required: int  # terms of the source, by segment
    used: int  # of those
    allowed: int  # of those used: by a synonym that is not preferred
    used_in: tuple[tuple[str, ...], ...]  # per segment: the targets used
    faults: tuple[TermFault, ...]
    left_out: tuple[str, ...] = ()  # what of it was not read, in words
    encoding: str = ""  # in which it was read, and why; none: UTF-8, or what XML says

    @property
    def checked(self) -> int:
        """How many segments were looked through: all that are translated."""
        return sum(
            bool(segment.target.strip()) or not self.is_bilingual for segment in self.segments
        )

    def count(self, problem: Problem) -> int:
        """Return how many faults of a kind there are."""
        return sum(fault.problem == problem for fault in self.faults)

    @property
    def summary(self) -> str:
        """The counts in a line."""
        counts = ", ".join(f"{self.count(kind):,} {kind}" for kind in (*FAULTY, "allowed"))
        if not self.is_bilingual:
            return f"{self.checked:,} segments: {counts}"
        rate = f" ({self.hit_rate:.1%})" if self.hit_rate is not None else ""
        untranslated = f" ({self.untranslated:,} more untranslated)" if self.untranslated else ""
        used = f"{self.used:,} of {self.required:,} required terms used{rate}"
        return f"{self.checked:,} segments{untranslated}: {used}, {counts}"

    @property
    def hit_rate(self) -> float | None:
        """The share of required terms that are used; none where none is required."""
        return self.used / self.required if self.required else None


def check_document(document: SegmentedDocument, glossary: OpenGlossary) -> CheckedDocument:
    """Return what a document says of a glossary's terms, segment by segment."""
    faults: list[TermFault] = []
    ways: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    used_in: list[tuple[str, ...]] = []
    required = used = allowed = 0
    for segment in document.segments:
        text = segment.target if document.is_bilingual else segment.source
        entries = _required(segment, glossary) if document.is_bilingual else []
        if document.is_bilingual and not text.strip():
            used_in.append(())
            continue
        checked = glossary.verify(text, entries)
        required, used = required + len(entries), used + len(checked.used)
        allowed += len(checked.allowed)
        hits = glossary.find_in_answer(text)
        for hit in hits:
            wanted = not document.is_bilingual or hit.entry in entries
            if wanted and segment.id not in ways[hit.entry.id or hit.entry.source][hit.form]:
                ways[hit.entry.id or hit.entry.source][hit.form].append(segment.id)
        faults += [_of_entry(document, segment, "missed", entry) for entry in checked.missed]
        faults += [_of_entry(document, segment, "allowed", entry) for entry in checked.allowed]
        faults += [
            TermFault(
                document.path,
                segment.id,
                "forbidden",
                hit.entry.source,
                hit.entry.target,
                hit.entry.id,
                hit.text,
                hit.start,
                hit.end,
            )
            for hit in forbidden_hits(hits, entries)
        ]
        used_in.append(_forms_used(checked, hits))
    faults += _inconsistent(document, glossary, ways)
    return CheckedDocument(
        path=document.path,
        format=document.format,
        segments=document.segments,
        header=document.header,
        is_bilingual=document.is_bilingual,
        untranslated=document.untranslated,
        required=required,
        used=used,
        allowed=allowed,
        used_in=tuple(used_in),
        faults=tuple(faults),
        left_out=document.left_out,
        encoding=document.encoding,
    )


def _forms_used(checked: VerifiedText, hits: Sequence[GlossaryMatch]) -> tuple[str, ...]:
    """Return the forms by which required terms are used: the synonym where that is what stands."""
    synonyms = {hit.entry: hit.form for hit in reversed(hits) if hit.kind == "allowed"}
    forms = (
        synonyms.get(entry, entry.target) if entry in checked.allowed else entry.target
        for entry in checked.used
    )
    return tuple(dict.fromkeys(forms))


def _required(segment: TextSegment, glossary: OpenGlossary) -> list[GlossaryEntry]:
    """Return the entries whose term stands in a segment's source, each once."""
    hits = (hit.entry for hit in glossary.find(segment.source) if hit.kind == "term")
    return list(dict.fromkeys(hits))


def _of_entry(
    document: SegmentedDocument, segment: TextSegment, problem: Problem, entry: GlossaryEntry
) -> TermFault:
    return TermFault(document.path, segment.id, problem, entry.source, entry.target, entry.id)


def _inconsistent(
    document: SegmentedDocument,
    glossary: OpenGlossary,
    ways: dict[str, dict[str, list[str]]],
) -> list[TermFault]:
    """Return the terms that a document writes in two ways, with how often and where first."""
    entries = {entry.id or entry.source: entry for entry in reversed(glossary.entries)}
    faults: list[TermFault] = []
    for key, forms in ways.items():
        if len(forms) > 1:
            entry = entries[key]
            told = ", ".join(f"{form} × {len(ids)} ({ids[0]})" for form, ids in forms.items())
            faults.append(
                TermFault(
                    document.path, "", "inconsistent", entry.source, entry.target, entry.id, told
                )
            )
    return faults


def finding_rows(document: CheckedDocument) -> Iterator[tuple[str, ...]]:
    """Yield a header and a row per segment: as it was in a table, with what was found beside it."""
    header = document.header or ("id", "source", "target")
    yield (*header, "used", "missed", "forbidden", "allowed synonym")
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fault in document.faults:
        text = f"{fault.text} → {fault.use}" if fault.text else f"{fault.term} → {fault.use}"
        found[fault.segment, fault.problem].append(text)
    for segment, targets in zip(document.segments, document.used_in, strict=True):
        cells = segment.cells or (segment.id, segment.source, segment.target)
        beside = (found[segment.id, kind] for kind in ("missed", "forbidden", "allowed"))
        yield (*cells, ", ".join(targets), *("\n".join(texts) for texts in beside))


def report_record(
    documents: Sequence[CheckedDocument], refused: Sequence[LintFinding] = ()
) -> dict[str, object]:
    """Return the report as a record: entries not used, counts and findings of every document."""
    return {
        "refused": refused,
        "documents": [
            {
                "path": document.path,
                "format": document.format,
                "encoding": document.encoding,
                "segments": document.checked,
                "untranslated": document.untranslated,
                "required": document.required,
                "used": document.used,
                "hit_rate": document.hit_rate,
                "left_out": document.left_out,
                **{problem: document.count(problem) for problem in (*FAULTY, "allowed")},
                "findings": document.faults,
            }
            for document in documents
        ],
    }
