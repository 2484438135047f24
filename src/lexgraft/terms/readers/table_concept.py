"""A concept while the rows of its table are read."""

from msgspec import Struct

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.status_labels import ranked_terms

BETWEEN_LINKS = "|"
"""Between the ids in a cell of `broader` or `same as`, and between synonyms without being named."""


class TableConcept(Struct):
    """A concept while its rows are read."""

    id: str
    line: int
    has_own_id: bool  # in the file
    terms: list[Term] = []
    definitions: dict[str, str] = {}
    texts: dict[str, str] = {}  # of roles that have one each: field, licence, type, …
    sentences: dict[str, str] = {}
    rarity: dict[str, float] = {}

    def concept(self, source: str) -> Concept:
        """Return the finished concept."""
        links = {role: _links(self.texts.get(role, "")) for role in ("broader", "same_as")}
        return Concept(
            self.id,
            ranked_terms(self.terms),
            self.definitions,
            self.texts.get("field", ""),
            self.texts.get("type", ""),
            links["broader"],
            links["same_as"],
            self.rarity,
            self.texts.get("origin", "") or source,
            self.texts.get("origin_version", ""),
            self.texts.get("licence", ""),
            self.sentences,
        )


def _links(cell: str) -> tuple[str, ...]:
    return tuple(text for part in cell.split(BETWEEN_LINKS) if (text := part.strip()))
