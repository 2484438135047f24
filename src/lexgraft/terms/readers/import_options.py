"""What the user asks of every reader: languages, columns, origin."""

from functools import cache

import msgspec
from msgspec import Struct

from lexgraft.records import Concept, Progress, silent
from lexgraft.terms.text.language_tags import language_tag


class ImportOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What the user asks of every reader."""

    languages: tuple[str, ...] = ()  # none: all
    columns: dict[str, str] = {}  # a table's header → what the column holds, e.g. `term ja`
    separator: str = ""  # between several terms of one cell; none: a cell is one term
    language: str = "en"  # of texts that name none, in formats whose texts may name one
    reliability: int = 0  # leave out terms whose source gives them a lower code (IATE: 1 to 4)
    source: str = ""  # what the concepts are said to come from, whatever the file says
    version: str = ""
    licence: str = ""
    progress: Progress = silent  # told how far large files have been read

    def wants(self, language: str) -> bool:
        """Tell whether terms of a language are asked for; `ja` asks for `ja-Hrkt` too."""
        tags = _tags(self.languages)
        return not tags or language in tags or language.partition("-")[0] in tags


@cache
def _tags(languages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(language_tag(tag) for tag in languages)


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
