"""What the user asks of every reader: languages, how tables are to be read, origin."""

from collections.abc import Iterable
from functools import cache

import msgspec
from msgspec import Struct

from lexgraft.records import Concept, Progress, Term, silent
from lexgraft.terms.text.language_tags import (
    is_reading,
    known_language,
    languages_banned,
    languages_served,
    same_writing,
    without_region,
)


class ImportOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What the user asks of every reader."""

    languages: tuple[str, ...] = ()  # none: all
    called: tuple[str, ...] = ()  # the tags under which terms are wanted; others stay as they are
    columns: dict[str, str] = {}  # a table's header, or number → what it holds, e.g. `term ja`
    separators: tuple[str, ...] = ()  # between several terms of one cell; none: a cell is one term
    header_rows: tuple[int, ...] = ()  # the lines a table's header stands in; none: looked for
    no_header: bool = False  # a table without one: columns are named by their numbers
    sheets: tuple[str, ...] = ()  # of a workbook; none: all that are visible
    encoding: str = ""  # of text; none: found out
    status: dict[str, str] = {}  # as a file writes it → preferred, admitted, forbidden, pending
    cells: dict[str, str] = {}  # a kind of odd cell → what is done with it
    language: str = "en"  # of texts that name none, in formats whose texts may name one
    reliability: int = 0  # leave out terms whose source gives them a lower code (IATE: 1 to 4)
    source: str = ""  # what the concepts are said to come from, whatever the file says
    version: str = ""
    licence: str = ""
    progress: Progress = silent  # told how far large files have been read

    @property
    def languages_requested(self) -> tuple[str, ...]:
        """The tags that are wanted, as the user or the project writes them; none: all."""
        return tuple(dict.fromkeys((*self.called, *self.languages)))

    def wants(self, language: str) -> bool:
        """Tell whether terms of a language are asked for; `ja` asks for `ja-Hrkt` too."""
        if not self.languages:
            return True
        return _serves(language, self.languages)


@cache
def _serves(language: str, asked: tuple[str, ...]) -> bool:
    """Tell whether a tag is asked for: as it is, as a part of one, or in more detail than one."""
    if is_reading(language):
        return _serves(language.partition("-")[0], asked)
    tags = [known_language(tag) or tag.casefold() for tag in asked]
    return any(
        (f"{tag}-".startswith(f"{language}-") or f"{language}-".startswith(f"{tag}-"))
        and same_writing(language, tag)
        for tag in tags
    )


def in_asked_languages(concept: Concept, options: ImportOptions) -> Concept:
    """Return a concept whose terms are under the tags that they are called for and serve.

    A term that serves two tags stands under both; what serves none stays as it is. What is
    forbidden in a language is so in its regions too, unless they ask for it.
    """
    asked = options.called
    usable = list(dict.fromkeys(t.language for t in concept.terms if t.status != "forbidden"))
    banned = {term.language for term in concept.terms if term.status == "forbidden"}
    if not asked or (not banned and {*usable, *concept.definitions} <= {*asked}):
        return concept
    served = languages_served([*usable, *concept.definitions], asked)
    bans = languages_banned(banned, usable, asked)
    if all(tags == (tag,) for tag, tags in (*served.items(), *bans.items())):
        return concept
    good = {
        (tag, term.text): term.language
        for term in concept.terms
        if term.is_usable
        for tag in served.get(term.language, (term.language,))
    }
    terms = [
        msgspec.structs.replace(term, language=tag)
        for term in concept.terms
        for tag in (bans if term.status == "forbidden" else served).get(
            term.language, (term.language,)
        )
        # what one tag asks for stands against what another forbids; within one it is a fault
        if term.status != "forbidden" or good.get((tag, term.text), term.language) == term.language
    ]
    definitions: dict[str, str] = {}
    for language, text in concept.definitions.items():
        for tag in served.get(language, (language,)):
            definitions.setdefault(tag, text)
    return msgspec.structs.replace(concept, terms=tuple(terms), definitions=definitions)


def regions_told_apart(concept: Concept, columns: Iterable[str] = ()) -> Concept:
    """Return a concept with regions only where they tell something apart.

    They do where a table has columns for several regions of a language, or where the concept's
    own terms differ between regions; `en-US` alone is `en`. Scripts always stay.

    Args:
        concept: as its file has it.
        columns: languages that a table has columns of for several regions.
    """
    regional = {tag for term in concept.terms if (tag := term.language) != without_region(tag)}
    regional |= {tag for tag in concept.definitions if tag != without_region(tag)}
    if not regional:
        return concept
    plain = {
        tag: without_region(tag)
        for tag in regional
        if not _is_apart(without_region(tag), concept.terms, frozenset(columns))
    }
    terms = tuple(
        msgspec.structs.replace(term, language=plain.get(term.language, term.language))
        for term in concept.terms
    )
    definitions: dict[str, str] = {}
    for language, text in concept.definitions.items():
        definitions.setdefault(plain.get(language, language), text)
    return msgspec.structs.replace(concept, terms=terms, definitions=definitions)


def _is_apart(language: str, terms: Iterable[Term], columns: frozenset[str]) -> bool:
    by_region: dict[str, set[tuple[str, str]]] = {}
    for term in terms:
        if without_region(term.language) == language:
            by_region.setdefault(term.language, set()).add((term.text, term.status))
    differ = any(texts != next(iter(by_region.values())) for texts in by_region.values())
    return differ or (language in columns and len(by_region) == 1)


def with_origin(concept: Concept, options: ImportOptions) -> Concept:
    """Return a concept with the source, version and licence that the user gave."""
    if not (options.source or options.version or options.licence):
        return concept
    return msgspec.structs.replace(
        concept,
        source=options.source or concept.source,
        source_version=options.version or concept.source_version,
        licence=options.licence or concept.licence,
    )
