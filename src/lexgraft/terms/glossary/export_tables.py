"""Term bases on their way out: CSV, UTX and the glossary files of translation services."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.records import Concept, Term
from lexgraft.terms.glossary import entries_from_concepts
from lexgraft.terms.glossary.export_losses import Loss, losses
from lexgraft.terms.glossary.export_screen import NotExported, screened
from lexgraft.terms.glossary.export_xml import skos, tbx
from lexgraft.terms.glossary.lint_concepts import contradicted
from lexgraft.terms.readers.own_csv import HEADER, joined
from lexgraft.terms.text.formula_guard import guarded, runs_as_formula
from lexgraft.terms.text.language_tags import is_language_tag

_UTX_STATUS = {"preferred": "approved", "admitted": "provisional", "forbidden": "forbidden"}


class LanguagePair(Struct, frozen=True):
    """The direction of a bilingual glossary, and the date that it is given."""

    source: str = ""
    target: str = ""
    date: str = ""


class ExportResult(Struct, frozen=True):
    """A file's content, how many entries it has, and what is not in it."""

    data: bytes
    entries: int
    refused: tuple[NotExported, ...] = ()
    lost: tuple[Loss, ...] = ()  # what the form cannot hold, per concept
    contradictory: tuple[NotExported, ...] = ()  # what stands there though a concept forbids it


class _Service(Struct, frozen=True):
    """The size rules of a translation service, and whether its file starts with language codes."""

    name: str
    term_bytes: int
    file_bytes: int
    header: bool


_SERVICES = {
    "deepl": _Service("DeepL", 1024, 10 << 20, header=False),
    "google": _Service("Google Cloud Translation", 1024, 10 << 20, header=False),
    "aws": _Service("Amazon Translate", 200, 10 << 20, header=True),
}


def export_concepts(
    concepts: Sequence[Concept], form: str, pair: LanguagePair | None = None
) -> ExportResult:
    """Return a term base in another form.

    Raises:
        LexgraftError: an unknown form; a bilingual one without languages, or with none of the
            base's; a file that is larger than the service takes.
    """
    if form not in EXPORTS:
        raise LexgraftError(f"unknown form `{form}`", cure=nearest(form, EXPORTS))
    pair = None if form in {"csv", "tbx", "skos"} else _checked(concepts, form, pair)
    kept, refused = screened(concepts)
    if pair:
        told = {entry.concept for entry in refused}
        refused += [entry for entry in _one_sided(kept, pair) if entry.concept not in told]
    exported = EXPORTS[form](kept, pair or LanguagePair())
    return replace(
        exported,
        refused=(*refused, *exported.refused),
        lost=losses(kept, form, (pair.source, pair.target) if pair else ()),
        contradictory=() if form in _SERVICES else contradictions(kept),
    )


def contradictions(concepts: Sequence[Concept]) -> tuple[NotExported, ...]:
    """Return the terms that a concept both asks for and forbids."""
    return tuple(
        NotExported(concept.id, text, f"required and forbidden in `{language}`")
        for concept in concepts
        for language, text in contradicted(concept)
    )


def _one_sided(concepts: Sequence[Concept], pair: LanguagePair) -> Iterator[NotExported]:
    """Yield the concepts that lack a usable term in one of the two languages."""
    for concept in concepts:
        missing = [tag for tag in (pair.source, pair.target) if not concept.names(tag)]
        if missing and concept.terms:
            first = concept.terms[0].text
            yield NotExported(concept.id, first, f"no usable term in `{'`, `'.join(missing)}`")


def _checked(concepts: Sequence[Concept], form: str, pair: LanguagePair | None) -> LanguagePair:
    if pair is None or not pair.source or not pair.target:
        raise LexgraftError(
            f"`{form}` has one direction", cure="give --from LANGUAGE --to LANGUAGE"
        )
    languages = {term.language for concept in concepts for term in concept.terms}
    for language in (pair.source, pair.target):
        if not is_language_tag(language):
            raise LexgraftError(f"{language!a} is no language tag", cure="write en, ja, zh-Hant")
        if language not in languages:
            raise LexgraftError(f"no terms in `{language}`", cure=nearest(language, languages))
    return pair


def _csv(concepts: Sequence[Concept], _pair: LanguagePair) -> ExportResult:
    """Return a row per term, which `lexgraft terms import` reads back as it was.

    Cells that a spreadsheet would run are led by an apostrophe.
    """
    rows: list[Sequence[str]] = [HEADER]
    for concept in concepts:
        rows += _csv_rows(concept)
    cells = [list(map(guarded, row)) for row in rows]
    return ExportResult(_rows(cells, mark=True), len(rows) - 1)


def _csv_rows(concept: Concept) -> Iterator[Sequence[str]]:
    """Yield a row per term, then one per language that has texts but no term.

    What is the concept's stands in its first row, what is a language's in that language's first.
    """
    whole = (
        concept.field,
        concept.type,
        joined(concept.broader),
        joined(concept.same_as),
        concept.source,
        concept.source_version,
        concept.licence,
    )
    texts = (concept.definitions, concept.sentences, concept.rarity)
    languages = dict.fromkeys(language for by_language in texts for language in by_language)
    for number, term in enumerate(concept.terms):
        first = term.language in languages
        languages.pop(term.language, None)
        part = "" if term.part_of_speech == "unknown" else term.part_of_speech
        names = (concept.id, term.language, term.text, term.status, part, term.note)
        yield _csv_row(
            names, whole if not number else ("",) * 7, concept, term.language, first=first
        )
    for language in languages:
        yield _csv_row(
            (concept.id, language, "", "", "", ""), ("",) * 7, concept, language, first=True
        )


def _csv_row(
    names: Sequence[str], whole: Sequence[str], concept: Concept, language: str, *, first: bool
) -> Sequence[str]:
    field, kind, *links_and_origin = whole
    definition = concept.definitions.get(language, "") if first else ""
    sentence = concept.sentences.get(language, "") if first else ""
    rarity = concept.rarity.get(language) if first else None
    number = "" if rarity is None else repr(rarity)
    return (*names, field, definition, kind, *links_and_origin, sentence, number)


def _skos(concepts: Sequence[Concept], _pair: LanguagePair) -> ExportResult:
    """Return a SKOS scheme; what is in a language that has no tag is left out."""
    kept: list[Concept] = []
    refused: list[NotExported] = []
    for concept in concepts:
        texts = [(term.language, term.text) for term in concept.terms]
        refused += [
            NotExported(concept.id, text[:40], f"{language!a} is no language tag")
            for language, text in (*texts, *concept.definitions.items())
            if not is_language_tag(language)
        ]
        terms = tuple(
            term
            for term in concept.terms
            if is_language_tag(term.language) and term.status != "pending"
        )
        definitions = {
            language: text
            for language, text in concept.definitions.items()
            if is_language_tag(language)
        }
        if terms:
            kept.append(replace(concept, terms=terms, definitions=definitions))
    return ExportResult(skos(kept), len(kept), tuple(refused))


def _utx(concepts: Sequence[Concept], pair: LanguagePair) -> ExportResult:
    """Return a UTX 1.11 glossary; the terms of a concept share its concept ID."""
    licences = {concept.licence for concept in concepts}
    licence = next(iter(licences)) if len(licences) == 1 else ""  # it is that of all entries
    head = [f"#UTX 1.11; {pair.source}/{pair.target}", pair.date]
    head += ["copyright: see license", f"license: {licence.replace(';', ',')}"] if licence else []
    lines = ["; ".join(text for text in head if text) + ";"]
    lines.append("#src\ttgt\tsrc:pos\tterm status\tconcept ID")
    refused: list[NotExported] = []
    for concept in concepts:
        sources = concept.names(pair.source)
        targets = [term for term in concept.terms if term.language == pair.target]
        for number, cells in enumerate(_utx_rows(sources, targets)):
            fault = "a line that begins with # is a comment" if cells[0].startswith("#") else ""
            if fault:
                refused.append(NotExported(concept.id, cells[0], fault))
            else:
                # the part of speech is the source term's, so only source rows have one
                noun = _noun_or_adjective(concept, pair.source) if number < len(sources) else ""
                lines.append("\t".join((cells[0], cells[1], noun, cells[2], concept.id)))
    text = "\r\n".join([*lines, ""])
    return ExportResult(text.encode(), len(lines) - 2, tuple(refused))


def _utx_rows(sources: Sequence[str], targets: Sequence[Term]) -> Iterator[tuple[str, str, str]]:
    """Yield (source, target, status): every source with the first target, then the other targets.

    A concept without both languages has no rows.
    """
    usable = [term for term in targets if term.is_usable]
    if sources and usable:
        for source in sources:
            yield source, usable[0].text, _UTX_STATUS["preferred"]
        for term in targets:
            if term is not usable[0] and term.status != "pending":
                yield sources[0], term.text, _UTX_STATUS[term.status]


def _noun_or_adjective(concept: Concept, language: str) -> str:
    parts_of_speech = [term.part_of_speech for term in concept.terms if term.language == language]
    return (
        parts_of_speech[0]
        if parts_of_speech and parts_of_speech[0] in {"noun", "adjective"}
        else ""
    )


def _service(service: _Service) -> Callable[[Sequence[Concept], LanguagePair], ExportResult]:
    """Return what writes the two columns a service takes, under its size rules."""

    def write(concepts: Sequence[Concept], pair: LanguagePair) -> ExportResult:
        rows: dict[str, str] = {}
        refused: list[NotExported] = []
        for concept in concepts:
            conditions = {t.note for t in concept.terms if t.language == pair.target and t.note}
            for entry in entries_from_concepts([concept], pair.source, pair.target):
                fault = _fault(entry.source, entry.target, rows, service)
                if (pair.target, entry.target) in contradicted(concept):
                    fault = f"{entry.target} is required and forbidden"
                elif conditions:
                    fault = "its translation depends on a condition"
                if fault:
                    refused.append(NotExported(concept.id, entry.source, fault))
                else:
                    rows[entry.source] = entry.target
        head = [(pair.source, pair.target)] if service.header else []
        data = _rows([*head, *rows.items()], mark=False)
        if len(data) > service.file_bytes:
            raise LexgraftError(
                f"{len(data)} bytes: {service.name} takes {service.file_bytes}",
                cure="export a part: import only the fields or files you need",
            )
        return ExportResult(data, len(rows), tuple(refused))

    return write


def _fault(source: str, target: str, rows: dict[str, str], service: _Service) -> str:
    """Return why a service would refuse an entry, or nothing."""
    for text in (source, target):
        if len(text.encode()) > service.term_bytes:
            return f"more than the {service.term_bytes} bytes {service.name} takes"
        if text != text.strip():
            return "white space at its ends"
        if runs_as_formula(text):
            return f"a spreadsheet would run {text[:40]!r} as a formula"
    if source in rows:
        translation = rows[source]
        return (
            "stands there already"
            if translation == target
            else f"already translated as {translation}"
        )
    return ""


def _rows(rows: Sequence[Sequence[str]], *, mark: bool) -> bytes:
    """Return rows as CSV; the byte order mark is what makes Excel read it as UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")


EXPORTS: dict[str, Callable[[Sequence[Concept], LanguagePair], ExportResult]] = {
    "tbx": lambda concepts, _pair: ExportResult(tbx(concepts), len(concepts)),
    "utx": _utx,
    "skos": _skos,
    "csv": _csv,
    **{name: _service(service) for name, service in _SERVICES.items()},
}
"""Name → what writes the form."""
