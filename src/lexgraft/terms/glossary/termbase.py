"""A glossary opened from term files: linted entries, ready to be found and put before a prompt."""

from collections.abc import Callable, Iterator, Sequence
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
from lexgraft.terms.readers.project_options import options_of
from lexgraft.terms.text.lemmas import read_lemmas


class ForbiddenTerm(Struct, frozen=True):
    """A form that its entry forbids, where it stands in a text."""

    entry: GlossaryEntry


class GlossaryMatch(Struct, frozen=True):
    """A term at its place in a text, as the source of an entry or as a form it forbids."""

    start: int
    end: int
    text: str
    kind: Literal["term", "forbidden"]
    entry: GlossaryEntry


class OpenGlossary:
    """The usable entries of one direction, and why the others are not used."""

    def __init__(
        self,
        entries: Sequence[GlossaryEntry],
        target: str,
        lemma: Lemma | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        linted = lint(entries)
        self.entries: tuple[GlossaryEntry, ...] = linted.entries
        self.findings: tuple[LintFinding, ...] = linted.findings
        self.target = target
        self._matcher: Matcher[GlossaryEntry | ForbiddenTerm] = Matcher(
            _forms(self.entries), lemma, compiled=compiled
        )

    def find(self, text: str) -> list[GlossaryMatch]:
        """Return the terms and forbidden forms of a text, in its order."""
        return [hit for match in self._matcher.find(text) for hit in _hits(match, text)]

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
        verified = verify(answer, self.match(question) if question else [])
        barred = [hit for hit in self.find(answer) if hit.kind == "forbidden"]
        forms = (*verified.forbidden, *(hit.text for hit in barred))
        return replace(verified, forbidden=tuple(dict.fromkeys(forms)))


def open_glossary(
    files: Project | Path | str | Sequence[Path | str],
    source: str = "",
    target: str = "",
    *,
    lemmas: bool = False,
    compiled: bool = False,
    leave_out_refused: bool = False,
) -> OpenGlossary:
    r"""Return the glossary of term files, from the source language into the target language.

    Args:
        files: a term base in any format that is read here, several, or a project with its own.
        source: language of the terms in a text, e.g. "en". Languages may be left out where the
            files have two: the first that occurs is the source; a project says them itself.
        target: language of the terms that an answer must use, e.g. "ja".
        lemmas: find the source terms in any form that simplemma knows.
        compiled: match faster; needs numba.
        leave_out_refused: go on without rows that cannot be used; a project says so itself.

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
        files = files.terms.files
    files = [
        path_of(file, "open_glossary")
        for file in ([files] if isinstance(files, str | Path) else files)
    ]
    called = [language for language in (source, target) if language]
    options = options_of(tables, called)
    concepts = read_concepts(files, options, leave_out_refused=leave_out_refused)
    source, target = _languages(concepts, source, target)
    entries = [
        replace(entry, id=concept.id)
        for concept in concepts
        for entry in entries_from_concepts([concept], source, target)
    ]
    if not entries:
        raise LexgraftError(
            f"no concept has a term in `{source}` and one in `{target}`",
            where=str(files[0]),
            cure=f"the languages here: {', '.join(_languages_of(concepts))}",
        )
    return OpenGlossary(entries, target, read_lemmas(source) if lemmas else None, compiled=compiled)


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


def _forms(entries: Sequence[GlossaryEntry]) -> Iterator[tuple[str, GlossaryEntry | ForbiddenTerm]]:
    """Yield what is looked for: sources, and the forms that are forbidden."""
    for entry in entries:
        yield entry.source, entry
        for form in entry.forbidden:
            yield form, ForbiddenTerm(entry)


def _hits(match: Match[GlossaryEntry | ForbiddenTerm], text: str) -> list[GlossaryMatch]:
    """Return what one match says of every entry it belongs to."""
    span = text[match.start : match.end]
    return [
        GlossaryMatch(match.start, match.end, span, "forbidden", value.entry)
        if isinstance(value, ForbiddenTerm)
        else GlossaryMatch(match.start, match.end, span, "term", value)
        for value in match.values
    ]


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
