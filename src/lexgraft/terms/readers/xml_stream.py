"""XML read as a stream of records: bounded memory, line numbers, no entity that can do harm."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, silent
from lexgraft.terms.readers.file_start import unpacked

_PIECE = 1 << 14
_LONGEST_ENTITY = 4096  # characters; JMdict's are descriptions of tags
_REFERENCE = re.compile(r"[&%](?!#)")


class _Stream:
    """An XML event consumer that builds the outermost elements of the wanted names."""

    def __init__(self, names: frozenset[str], where: str) -> None:
        self.where, self.wanted = where, names
        self.done: list[tuple[int, Element]] = []
        self.builder = TreeBuilder()
        self.name, self.line = "", 0
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        refuse_harmful_entities(parser, where)
        self._wait()

    def _wait(self) -> None:
        """Pass over everything until a wanted element starts."""
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.parser.CharacterDataHandler = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a record: from here on the tree is built by the library."""
        if name.rpartition(":")[2] not in self.wanted:
            return
        parser = self.parser
        self.name, self.line, self.builder = name, parser.CurrentLineNumber, TreeBuilder()
        self.builder.start(name, attributes)
        parser.StartElementHandler = self.builder.start
        parser.CharacterDataHandler = self.builder.data
        parser.EndElementHandler = self.end

    def end(self, name: str) -> None:
        """Finish a record where its element ends."""
        self.builder.end(name)
        if name == self.name:
            self.done.append((self.line, self.builder.close()))
            self._wait()


def refuse_harmful_entities(parser: expat.XMLParserType, where: str) -> None:
    """Make a parser refuse entities that reach outside, contain others, are huge or unknown."""

    def entity(
        name: str,
        _parameter: int,
        value: str | None,
        _base: str | None,
        system: str | None,
        public: str | None,
        _notation: str | None,
    ) -> None:
        location = f"{where}:{parser.CurrentLineNumber}"
        if value is None:
            kind = f"the external entity `{name}` ({system or public})"
        elif _REFERENCE.search(value):
            kind = f"the entity `{name}`, which contains other entities,"
        elif len(value) > _LONGEST_ENTITY:
            kind = f"the entity `{name}`, which has {len(value)} characters,"
        else:
            return
        cure = "write its text out: such entities can read other files or fill the memory"
        raise LexgraftError(f"{kind} is refused", where=location, cure=cure)

    def skipped(name: str, _parameter: int) -> None:
        location = f"{where}:{parser.CurrentLineNumber}"
        cure = "declare it in the file, or write its text out: no DTD is ever fetched"
        raise LexgraftError(f"the entity `{name}` is not declared", where=location, cure=cure)

    parser.EntityDeclHandler = entity
    parser.SkippedEntityHandler = skipped


def outermost_elements(
    path: Path, *names: str, progress: Progress = silent
) -> Iterator[tuple[int, Element]]:
    """Yield (line, element) for every outermost element of these names, prefixes aside.

    A DOCTYPE is allowed and never fetched; see `refuse_harmful_entities` for its entities.

    Raises:
        LexgraftError: not well-formed, or an entity that is refused by its name.
    """
    stream = _Stream(frozenset(names), str(path))
    try:
        with unpacked(path, progress) as file:
            while piece := file.read(_PIECE):
                stream.parser.Parse(piece, False)  # noqa: FBT003 (expat's own signature)
                yield from stream.done
                stream.done.clear()
            stream.parser.Parse(b"", True)  # noqa: FBT003
            yield from stream.done
    except (expat.ExpatError, LookupError, ValueError, OSError, EOFError, zlib.error) as error:
        raise LexgraftError(f"broken XML: {error}", where=str(path)) from error


def check_entities(path: Path) -> None:
    """Raise if the DOCTYPE of an XML file declares an entity that is refused.

    For files that another library reads: entities can be declared nowhere else.
    """
    for _ in outermost_elements(path, ""):
        break


def local_name(element: Element) -> str:
    """Return an element's name without its prefix."""
    return element.tag.rpartition(":")[2]


def text_of(element: Element | None, *, without: frozenset[str] = frozenset()) -> str:
    """Return an element's whole text on one line, without that inside some elements."""
    return "" if element is None else " ".join("".join(_pieces(element, without)).split())


def _pieces(element: Element, without: frozenset[str]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if local_name(child) not in without:
            yield from _pieces(child, without)
        yield child.tail or ""


def language_of(element: Element, default: str = "") -> str:
    """Return the language an element names itself, else the default."""
    return element.get("xml:lang") or element.get("lang") or default
