"""A glossary opened from term files: linted entries, ready to be found and put before a prompt."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError, path_of
from lexgraft.files.table_settings import TableSettings
from lexgraft.project import Project
from lexgraft.records import Concept
from lexgraft.terms.glossary import GlossaryEntry, entries_from_concepts
from lexgraft.terms.glossary.lint_glossary import LintFinding, lint
from lexgraft.terms.glossary.prompt_block import CHARACTERS, ENTRIES, GlossaryBlock, glossary_block
from lexgraft.terms.glossary.term_matcher import Lemma, Match, Matcher
from lexgraft.terms.glossary.verify_output import VerifiedText, verify
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.project_options import files_of, options_of
from lexgraft.terms.text.lemmas import has_lemmas, read_lemmas
from lexgraft.terms.text.letter_case import CaseRule, rule_for

FormKind = Literal["term", "target", "allowed", "forbidden"]
"""What a text says · what an answer must say · may say · must not say."""


class GlossaryForm(Struct, frozen=True):
    """A written form that is looked for, and what it is to its entry."""

    kind: FormKind
    form: str
    entry: GlossaryEntry


class GlossaryMatch(Struct, frozen=True):
    """A term at its place in a text, and what it is to its entry."""

    start: int
    end: int
    text: str
    kind: FormKind
    entry: GlossaryEntry
    form: str = ""  # as the glossary writes it


class OpenGlossary:
    """The usable entries of one direction, and why the others are not used."""

    def __init__(
        self,
        entries: Sequence[GlossaryEntry],
        target: str,
        lemma: Lemma | None = None,
        *,
        target_lemma: Lemma | None = None,
        compiled: bool = False,
        case: CaseRule = "auto",
        source: str = "",
    ) -> None:
        linted = lint(entries)
        self.entries: tuple[GlossaryEntry, ...] = linted.entries
        self.findings: tuple[LintFinding, ...] = linted.findings
        self.source, self.target = source, target
        self._target_lemma, self._compiled = target_lemma, compiled
        self._target_case: CaseRule = rule_for((entry.target for entry in self.entries), case)
        self._matcher: Matcher[GlossaryForm] = Matcher(
            _forms_of_text(self.entries),
            lemma,
            compiled=compiled,
            case=rule_for((entry.source for entry in self.entries), case),
        )

    def find(self, text: str) -> list[GlossaryMatch]:
        """Return the terms and forbidden forms of a text, in its order."""
        hits = (hit for match in self._matcher.find(text) for hit in _hits(match, text))
        return [hit for hit in hits if hit.kind in {"term", "forbidden"}]

    def find_in_answer(self, answer: str) -> list[GlossaryMatch]:
        """Return what an answer has of all targets, allowed synonyms and forbidden forms.

        A forbidden form within a longer target or synonym is none.
        """
        return [hit for match in self._answers.find(answer) for hit in _hits(match, answer)]

    @cached_property
    def _answers(self) -> "Matcher[GlossaryForm]":
        """The matcher of answers: made when a first one is checked."""
        return Matcher(
            _forms_of_answer(self.entries),
            self._target_lemma,
            compiled=self._compiled,
            case=self._target_case,
        )

    def match(self, text: str) -> list[GlossaryEntry]:
        """Return the entries of which a term or a forbidden form stands in a text, each once."""
        return list(dict.fromkeys(hit.entry for hit in self.find(text)))

    def prompt(
        self,
        text: str,
        *,
        limit: int = ENTRIES,
        room: int = CHARACTERS,
        size: Callable[[str], int] = len,
        definitions: bool = False,
    ) -> str:
        """Return a text with the block of its entries before it; the text alone where none match.

        Args:
            text: what a model is to be asked.
            limit: entries in the block, at most.
            room: size of the block, at most: characters, or what `size` counts.
            size: counts a text, e.g. in tokens.
            definitions: put definitions in too.
        """
        block = block_for(text, self, limit=limit, room=room, size=size, definitions=definitions)
        return block.text + text

    def check(self, answer: str, question: str = "") -> VerifiedText:
        """Return which terms that the question requires an answer has, misses, or forbids.

        Args:
            answer: what a model wrote.
            question: the text whose terms are required; without it none are, and only forbidden
                forms anywhere in the glossary count.
        """
        required = self.match(question) if question else []
        verified = self.verify(answer, required)
        forms = (*verified.forbidden, *(hit.text for hit in self.forbidden_in(answer, required)))
        return replace(verified, forbidden=tuple(dict.fromkeys(forms)))

    def verify(self, answer: str, entries: Sequence[GlossaryEntry]) -> VerifiedText:
        """Return which of these entries' terms an answer uses, misses, or has as forbidden forms.

        Unlike `check` it looks for no form that other entries forbid.
        """
        return verify(answer, entries, self._target_lemma, self._target_case)

    def forbidden_in(
        self, answer: str, required: Sequence[GlossaryEntry] = ()
    ) -> list[GlossaryMatch]:
        """Return the forbidden forms of an answer.

        What one entry forbids and another allows is none where that other one is required, or
        nothing is.
        """
        return forbidden_hits(self.find_in_answer(answer), required)


def forbidden_hits(
    hits: Sequence[GlossaryMatch], required: Sequence[GlossaryEntry] = ()
) -> list[GlossaryMatch]:
    """Return the hits in an answer that are forbidden, and good for no entry that is required."""
    entries = frozenset(required)
    good = {
        hit.start
        for hit in hits
        if hit.kind != "forbidden" and (not entries or hit.entry in entries)
    }
    return [hit for hit in hits if hit.kind == "forbidden" and hit.start not in good]


def open_glossary(
    files: Project | Path | str | Sequence[Path | str],
    source: str = "",
    target: str = "",
    *,
    lemmas: bool = False,
    compiled: bool = False,
    leave_out_refused: bool = False,
    case: CaseRule = "auto",
) -> OpenGlossary:
    r"""Return the glossary of term files, from the source language into the target language.

    Args:
        files: a term base in any format that is read here, several, or a project with its own.
        source: language of the terms in a text, e.g. "en". Languages may be left out where the
            files have two: the first that occurs is the source; a project says them itself.
        target: language of the terms that an answer must use, e.g. "ja".
        lemmas: find terms in any form that simplemma knows, in texts and in answers.
        compiled: match faster; needs numba.
        leave_out_refused: go on without rows that cannot be used; a project says so itself.
        case: when letter case matters: "auto" for terms all in capitals (IT is not it; of a list
            that is in capitals throughout for none), "fold" never, "exact" always.

    Returns:
        A glossary to ask: `.match(text)`, `.prompt(text)`, `.check(answer, question)`; `.findings`
        says which entries are not used, and why.

    Raises:
        LexgraftError: files that cannot be read, languages that cannot be told, or no usable entry.

    Example:
        >>> import lexgraft, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "terms.csv"
        >>> _ = file.write_text("id,term en,term ja\n1,heart,心臓\n", encoding="utf-8")
        >>> glossary = lexgraft.open_glossary(file, source="en", target="ja")
        >>> [entry.target for entry in glossary.match("The heart beats.")]
        ['心臓']
        >>> [entry.source for entry in glossary.check("心は動く", "The heart beats.").missed]
        ['heart']
    """
    tables = TableSettings()
    if isinstance(files, Project):
        source = source or files.languages.domain
        target = target or files.languages.target
        tables, leave_out_refused = files.terms.tables, files.terms.refused == "leave-out"
        files = files_of(files.terms.files, "terms.files")
    files = [
        path_of(file, "open_glossary")
        for file in ([files] if isinstance(files, str | Path) else files)
    ]
    called = [language for language in (source, target) if language]
    options = options_of(tables, called)
    concepts = read_concepts(files, options, leave_out_refused=leave_out_refused)
    source, target = _languages(concepts, source, target)
    entries = [
        replace(entry, id=concept.id, allowed=concept.names(target)[1:])
        for concept in concepts
        for entry in _entries_of(concept, source, target)
    ]
    if not entries:
        raise LexgraftError(
            f"no concept has a term in `{source}` and one in `{target}`",
            where=str(files[0]),
            cure=f"the languages here: {', '.join(_languages_of(concepts))}",
        )
    lemma, target_lemma = _lemmas(source, target) if lemmas else (None, None)
    return OpenGlossary(
        entries,
        target,
        lemma,
        target_lemma=target_lemma,
        compiled=compiled,
        case=case,
        source=source,
    )


def _entries_of(concept: Concept, source: str, target: str) -> list[GlossaryEntry]:
    """Return a concept's entries; without a target where it has forbidden terms alone.

    Such an entry cannot be used, and lint says so.
    """
    if concept.names(target):
        return entries_from_concepts([concept], source, target)
    forbidden = tuple(
        term.text
        for term in concept.terms
        if term.language == target and term.status == "forbidden"
    )
    names = concept.names(source)[:1] if forbidden else ()
    return [GlossaryEntry(name, "", forbidden=forbidden) for name in names]


def block_for(
    text: str,
    glossary: OpenGlossary,
    *,
    limit: int = ENTRIES,
    room: int = CHARACTERS,
    size: Callable[[str], int] = len,
    definitions: bool = False,
) -> GlossaryBlock:
    """Return the block to put before a text; empty where nothing matches. See `glossary_block`."""
    entries = glossary.match(text)
    return glossary_block(
        entries, glossary.target, limit=limit, room=room, size=size, definitions=definitions
    )


def _forms_of_text(entries: Sequence[GlossaryEntry]) -> Iterator[tuple[str, GlossaryForm]]:
    """Yield what is looked for in a text: sources, and the forms that are forbidden.

    With a forbidden form come the good ones of its entry: it may be part of them.
    """
    for entry in entries:
        yield entry.source, GlossaryForm("term", entry.source, entry)
        if entry.forbidden:
            yield from _forms_of_answer([entry])


def _forms_of_answer(entries: Sequence[GlossaryEntry]) -> Iterator[tuple[str, GlossaryForm]]:
    """Yield what is looked for in an answer."""
    for entry in entries:
        yield entry.target, GlossaryForm("target", entry.target, entry)
        for form in entry.allowed:
            yield form, GlossaryForm("allowed", form, entry)
        for form in entry.forbidden:
            yield form, GlossaryForm("forbidden", form, entry)


def _hits(match: Match[GlossaryForm], text: str) -> list[GlossaryMatch]:
    """Return what one match says of every entry it belongs to."""
    span = text[match.start : match.end]
    return [
        GlossaryMatch(match.start, match.end, span, value.kind, value.entry, value.form)
        for value in match.values
    ]


def _lemmas(source: str, target: str) -> tuple[Lemma | None, Lemma | None]:
    """Return the lemmas of both languages, as far as there are any.

    Raises:
        LexgraftError: simplemma is not installed, or knows neither.
    """
    lemmas = [
        read_lemmas(language) if has_lemmas(language) else None for language in (source, target)
    ]
    if not any(lemmas):
        raise LexgraftError(
            f"no lemmas for `{source}` nor for `{target}`",
            cure="leave --lemmas out: words of these languages are found as they are written",
        )
    return lemmas[0], lemmas[1]


def _languages(concepts: Sequence[Concept], source: str, target: str) -> tuple[str, str]:
    """Return the direction: as given, completed from two languages that occur."""
    if source and target:
        return source, target
    languages = _languages_of(concepts)
    candidates = [language for language in languages if language not in (source, target)]
    if len(candidates) != (1 if source or target else 2):
        raise LexgraftError(
            f"the direction is not clear: the term base has {', '.join(languages)}",
            cure="name the source and the target language (--from en --to ja)",
        )
    first = source or candidates[0]
    return first, target or candidates[-1]


def _languages_of(concepts: Sequence[Concept]) -> list[str]:
    """Return the languages of the terms, in the order in which they occur."""
    return list(dict.fromkeys(term.language for concept in concepts for term in concept.terms))
