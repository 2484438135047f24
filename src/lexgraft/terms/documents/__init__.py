"""Documents as segments: bilingual files give pairs, others what they say in one language."""

from msgspec import Struct


class TextSegment(Struct, frozen=True):
    """A piece of a document by its id: what the source says, and the target where there is one."""

    id: str
    source: str
    target: str = ""
    cells: tuple[str, ...] = ()  # of a table: the row as it was


class SegmentedDocument(Struct, frozen=True):
    """A document's segments in their order."""

    path: str
    format: str
    segments: tuple[TextSegment, ...]
    is_bilingual: bool = False
    untranslated: int = 0  # segments of a bilingual file without a target, and those not for it
    languages: tuple[str, str] = ("", "")  # as the file names them
    header: tuple[str, ...] = ()  # of a table
