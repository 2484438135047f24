"""Where terms and texts came from, with their rights, counted by use (pure)."""

from collections import Counter
from collections.abc import Iterable

from lexgraft.adoption.report.report_record import DataSource, Use
from lexgraft.records import Concept

Rights = tuple[str, str, str]
"""Source, its version, its licence."""


def rights_of(concept: Concept) -> Rights:
    """Return a concept's source without its addresses, its version and its licence."""
    source = " ".join(word for word in concept.source.split() if ":" not in word)
    return source, concept.source_version, concept.licence


def count_sources(use: Use, rights: Iterable[Rights]) -> list[DataSource]:
    """Return each source once, by name, with how many entries came from it."""
    return [
        DataSource(name, use, version, licence, count)
        for (name, version, licence), count in sorted(Counter(rights).items())
    ]
