"""Documents as segments: bilingual files give pairs, others what they say in one language."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace


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
    left_out: tuple[str, ...] = ()  # what of it was not read, in words
    encoding: str = ""  # in which it was read, and why; none: UTF-8, or what XML says


def with_own_ids(segments: Iterable[TextSegment]) -> tuple[TextSegment, ...]:
    """Return segments of which none has another's id: where a file repeats one they are counted.

    Example:
        >>> [segment.id for segment in with_own_ids([TextSegment("a", "b"), TextSegment("a", "c")])]
        ['a', 'a (2)']
    """
    times: Counter[str] = Counter()
    given: set[str] = set()
    apart: list[TextSegment] = []
    for segment in segments:
        key = segment.id
        while key in given:
            times[segment.id] += 1
            key = f"{segment.id} ({times[segment.id] + 1})"
        given.add(key)
        apart.append(segment if key == segment.id else replace(segment, id=key))
    return tuple(apart)
