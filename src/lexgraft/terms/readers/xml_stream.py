"""XML read as a stream of records: bounded memory, line numbers, no entity that can do harm."""

import codecs
import html
import re
import zlib
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, silent
from lexgraft.terms.readers.declared_encoding import declared_of_xml
from lexgraft.terms.readers.file_start import unpacked

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 14
_LONGEST_ENTITY = 4096  # characters; JMdict's are descriptions of tags
_KEPT = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}  # white space that a parser would change
_RETURN = {"\r": "&#13;"}
_REFERENCE = re.compile(r"[&%](?!#)")


class _Stream:
    """An XML event consumer that builds the outermost elements of the wanted names."""

    def __init__(
        self, names: frozenset[str], where: str, inherited: tuple[str, ...], encoding: str
    ) -> None:
        self.where, self.wanted = where, names
        self.inherited = ("xml:lang", *inherited)
        self.done: list[tuple[int, Element]] = []
        self.builder = TreeBuilder()
        self.line = 0
        self.record: Element | None = None
        self.around: list[dict[str, str]] = [{}]  # what elements say for those in them
        self.parser = parser = expat.ParserCreate("utf-8" if encoding else None)
        self.decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
        parser.buffer_text = True
        refuse_harmful_entities(parser, where)
        self._wait()

    def _wait(self) -> None:
        """Pass over everything until a wanted element starts."""
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.leave
        self.parser.CharacterDataHandler = None

    def parse(self, piece: bytes, *, is_last: bool = False) -> None:
        """Parse a piece of the file; what expat does not read is given to it as UTF-8."""
        if self.decoder:
            piece = self.decoder.decode(piece, is_last).encode()
        self.parser.Parse(piece, is_last)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a record: from here on the tree is built by the library.

        A record that names no language is in that of the elements around it.
        """
        around = self.around[-1]
        said = {key: attributes[key] for key in self.inherited if attributes.get(key)}
        if name.rpartition(":")[2] not in self.wanted:
            self.around.append({**around, **said} if said else around)
            return
        parser = self.parser
        self.line, self.builder = parser.CurrentLineNumber, TreeBuilder()
        self.record = self.builder.start(name, {**attributes, **around, **said})
        parser.StartElementHandler = self.builder.start
        parser.CharacterDataHandler = self.builder.data
        parser.EndElementHandler = self.end

    def leave(self, _name: str) -> None:
        """Finish an element that is around records, or beside them."""
        self.around.pop()

    def end(self, name: str) -> None:
        """Finish a record where its element ends, not where one of its name within it does."""
        if self.builder.end(name) is self.record:
            self.done.append((self.line, self.builder.close()))
            self._wait()


def refuse_harmful_entities(
    parser: expat.XMLParserType, where: str, declared: dict[str, str] | None = None
) -> None:
    """Make a parser refuse entities that reach outside, contain others, are huge or unknown.

    Args:
        parser: of expat.
        where: the file, for messages.
        declared: if given, gets the texts of the others by name.
    """

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
            if declared is not None:
                declared[name] = html.unescape(value)
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
    path: Path,
    *names: str,
    inherited: tuple[str, ...] = (),
    encoding: str = "",
    progress: Progress = silent,
) -> Iterator[tuple[int, Element]]:
    """Yield (line, element) for every outermost element of these names, prefixes aside.

    A DOCTYPE is allowed and never fetched; see `refuse_harmful_entities` for its entities.

    Args:
        path: the file.
        names: of the elements, without prefixes.
        inherited: attributes that an element has from those around it, where it has none itself;
            `xml:lang` always is.
        encoding: in which it is, whatever it says itself.
        progress: told how far a large file is read.

    Raises:
        LexgraftError: not well-formed, or an entity that is refused by its name.
    """
    try:
        with unpacked(path, progress) as file:
            piece = file.read(_PIECE)
            named = encoding or declared_of_xml(piece)
            stream = _Stream(frozenset(names), str(path), inherited, named)
            while piece:
                stream.parse(piece)
                yield from stream.done
                stream.done.clear()
                piece = file.read(_PIECE)
            stream.parse(b"", is_last=True)
            yield from stream.done
    except (expat.ExpatError, LookupError, ValueError, OSError, EOFError, zlib.error) as error:
        raise LexgraftError(f"broken XML: {error}", where=str(path)) from error


class PlainXml(RawIOBase):
    """XML for a library that reads the plainest only: UTF-8, all entities put in their place.

    Comments, instructions and the DOCTYPE are gone; CDATA is text. It is made as it is read.
    """

    def __init__(self, file: IO[bytes], where: str) -> None:
        """Read from a file that is open; `where` names it in messages."""
        self._file, self._waiting, self._is_done = file, bytearray(), False
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = parser.ordered_attributes = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        refuse_harmful_entities(parser, where)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes, none at the end.

        Raises:
            LexgraftError: an entity that is refused.
            ExpatError: not well-formed.
        """
        view = memoryview(buffer)
        while len(self._waiting) < len(view) and not self._is_done:
            piece = self._file.read(_PIECE)
            self._is_done = not piece
            self._parser.Parse(piece, self._is_done)
        data = bytes(self._waiting[: len(view)])
        del self._waiting[: len(view)]
        view[: len(data)] = data
        return len(data)

    def _start(self, name: str, attributes: list[str]) -> None:
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        written = "".join(f" {key}={quoteattr(value, _KEPT)}" for key, value in pairs)
        self._waiting += f"<{name}{written}>".encode()

    def _end(self, name: str) -> None:
        self._waiting += f"</{name}>".encode()

    def _text(self, text: str) -> None:
        self._waiting += escape(text, _RETURN).encode()


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
