"""How a file starts, by which its format is recognised; packed and large files opened to read."""

import codecs
import gzip
import zlib
from io import BufferedReader, FileIO
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, silent
from lexgraft.terms.readers.declared_encoding import declared_of_xml

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_START = 1 << 16  # bytes looked at
_NOTHING = b"\xef\xbb\xbf\r\n\t \xff\xfe\x00"  # marks and white space
_LARGE = 1 << 24  # bytes of a file from which the progress is told
_BUFFER = 1 << 18
_MEGABYTE = 20  # bits


class XmlRoot(Struct, frozen=True):
    """The outermost element of an XML file, without its prefix, and the DOCTYPE's name."""

    name: str = ""
    attributes: dict[str, str] = {}
    doctype: str = ""
    fault: str = ""  # why there is none


class FileStart(Struct, frozen=True):
    """How a file starts, unpacked: what a reader recognises it by."""

    path: Path
    data: bytes
    text: str
    root: XmlRoot
    encoding: str = "utf-8-sig"  # in which `text` was read
    names: tuple[str, ...] = ()  # of a folder: its files, at any depth, in order

    @property
    def line(self) -> str:
        """Return the first line that says something."""
        return next((line for line in lines_of(self.text) if line.strip()), "")


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text file; U+2028, form feeds and the like end none.

    Example:
        >>> lines_of("a\u2028b\r\nc\n")
        ['a\u2028b', 'c']
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def start_of(path: Path) -> FileStart:
    """Return how a file or folder starts.

    Raises:
        LexgraftError: it is missing, empty or a damaged gzip file.
    """
    if path.is_dir():
        names = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
        return FileStart(path, b"", "", XmlRoot(), names=tuple(names))
    if not path.is_file():
        raise LexgraftError("no such term base", where=str(path), cure="check the path")
    with unpacked(path) as file:
        try:
            data = file.read(_START)
        except (OSError, EOFError, zlib.error) as error:
            raise LexgraftError(f"damaged gzip file: {error}", where=str(path)) from error
    if not data.strip(_NOTHING):
        raise LexgraftError("the term base is empty", where=str(path), cure="give one with terms")
    text, encoding = _text(data)
    root = _root(data) if text.lstrip().startswith("<") else XmlRoot()
    return FileStart(path, data, text, root, encoding)


def is_empty(path: Path) -> bool:
    """Tell a file that starts with nothing but a mark and white space."""
    with path.open("rb") as file:
        return not file.read(_START).strip(_NOTHING)


def _text(data: bytes) -> tuple[str, str]:
    """Return a file's start as text, without a character that is cut off at its end; and how."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "utf-16"
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data), "utf-8-sig"
    except UnicodeDecodeError:
        return data.decode("cp932", errors="replace"), "cp932"


class _WatchedFile(FileIO):
    """A file that reports progress as it is read."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path)
        self._size, self._what = fstat(self.fileno()).st_size, f"reading {path.name} (MB)"
        self._progress = progress

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes; the progress is told in megabytes."""
        read = super().readinto(buffer)
        self._progress(self._what, self.tell() >> _MEGABYTE, self._size >> _MEGABYTE)
        return read


def unpacked(path: Path, progress: Progress = silent) -> BufferedReader:
    """Return a file opened for reading bytes, through gzip when it is packed.

    Of a large file that is not packed the progress is told.
    """
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return BufferedReader(gzip.open(path))
    if path.stat().st_size > _LARGE:
        return BufferedReader(_WatchedFile(path, progress), _BUFFER)
    return path.open("rb")


class _FoundRootError(Exception):
    """The outermost element was seen: no need to read on."""


def _root(data: bytes) -> XmlRoot:
    """Return the outermost element's name and attributes, as far as the start is XML."""
    named = declared_of_xml(data)
    parser = expat.ParserCreate("utf-8" if named else None)
    data = data.decode(named, "replace").encode() if named else data
    roots: list[XmlRoot] = []
    doctypes = [""]

    def element(name: str, attributes: dict[str, str]) -> None:
        roots.append(XmlRoot(name.rpartition(":")[2], attributes, doctypes[-1]))
        raise _FoundRootError

    def doctype(name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        doctypes.append(name)

    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    fault = ""
    try:
        parser.Parse(data.lstrip(), False)  # noqa: FBT003 (expat's own signature)
    except _FoundRootError:
        return roots[0]
    except (expat.ExpatError, LookupError, ValueError) as error:
        fault = str(error)
    return XmlRoot(doctype=doctypes[-1], fault=fault)
