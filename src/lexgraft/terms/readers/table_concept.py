"""A concept while the rows of its table are read."""

from msgspec import Struct

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.own_csv import split
from lexgraft.terms.readers.status_labels import ranked_terms


class TableConcept(Struct):
    """A concept while its rows are read."""

    id: str
    line: int
    has_own_id: bool  # in the file
    sheet: str = ""  # of a workbook with several
    terms: list[Term] = []
    definitions: dict[str, str] = {}
    texts: dict[str, str] = {}  # of roles that have one each: field, licence, type, …
    sentences: dict[str, str] = {}
    rarity: dict[str, float] = {}

    def concept(self, source: str) -> Concept:
        """Return the finished concept."""
        links = {role: split(self.texts.get(role, "")) for role in ("broader", "same_as")}
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
