"""What is asked of a reader, how its file starts, and the tally of what became of every row."""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from io import BufferedReader, FileIO
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Progress, silent
from lexgraft.terms.text.language_tags import language_tag

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Placed = tuple[int, Concept]
"""A concept with the line of its file where it starts."""

_START = 1 << 16  # bytes looked at
_LISTED = 1000  # refused rows that are listed one by one; all are counted
_FIRST = 10  # line numbers kept of rows that are left out by a rule
_LARGE = 1 << 24  # bytes of a file from which the progress is told
_BUFFER = 1 << 18
_MEGABYTE = 20  # bits


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


class RefusedRow(Struct, frozen=True):
    """A row that could not be used: where, why, and how it starts."""

    line: int
    reason: str
    text: str = ""


class RuleCount(Struct):
    """How many rows a rule concerns, and the lines of the first of them."""

    count: int = 0
    lines: list[int] = []


class ImportLog(Struct):
    """What became of every row of a file: read = kept + skipped + refused.

    A row, and a text in it (a term or definition of a row that is kept), is skipped where a rule of
    the format or an option of the user leaves it out, refused where it is faulty, and warned of
    where it is taken but odd. If `strict`, what would be refused is an error.

                 left out by a rule    faulty             kept, but odd
        row      skip_row              refuse_row         warn
        text     skip_text             refuse_text        warn

    A reader counts `read` and `kept` itself.
    """

    where: str = ""
    strict: bool = False  # the first refusal is an error
    read: int = 0
    kept: int = 0
    left_out: dict[str, RuleCount] = {}  # rows, by a rule of the format, e.g. `inactive`
    refused: list[RefusedRow] = []
    refusals: int = 0  # also of those that are no longer listed
    warnings: dict[str, RuleCount] = {}
    texts: dict[str, RuleCount] = {}  # texts of kept rows that were skipped or refused

    def skip_row(self, line: int, reason: str, count: int = 1) -> None:
        """Count a row, or several, that a rule of the format leaves out."""
        _count(self.left_out, line, reason, count)

    def refuse_row(self, line: int, reason: str, text: str = "", cure: str = "") -> None:
        """Count and list a row that cannot be used.

        Raises:
            LexgraftError: the log is strict.
        """
        self._raise(line, reason, text, cure)
        self.refusals += 1
        if len(self.refused) < _LISTED:
            self.refused.append(RefusedRow(line, reason, text[:80]))

    def skip_text(self, line: int, reason: str) -> None:
        """Count a text of a kept row that a rule or an option leaves out."""
        _count(self.texts, line, reason)

    def refuse_text(self, line: int, reason: str, text: str) -> None:
        """Count a faulty text of a row that is kept without it.

        Raises:
            LexgraftError: the log is strict.
        """
        self._raise(line, reason, text)
        _count(self.texts, line, reason)

    def warn(self, line: int, warning: str) -> None:
        """Count a row that was kept though something about it is odd."""
        _count(self.warnings, line, warning)

    def _raise(self, line: int, reason: str, text: str, cure: str = "") -> None:
        if self.strict:
            message = f"{reason}: {text[:40]!r}" if text else reason
            cure = cure or "mend it, or leave such rows out with `lexgraft terms import`"
            raise LexgraftError(message, where=f"{self.where}:{line}", cure=cure)


def _count(counts: dict[str, RuleCount], line: int, reason: str, count: int = 1) -> None:
    rule = counts.setdefault(reason, RuleCount())
    rule.count += count
    if len(rule.lines) < _FIRST:
        rule.lines.append(line)


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
    names: tuple[str, ...] = ()  # of a folder: its files, at any depth, in order

    @property
    def line(self) -> str:
        """Return the first line that says something."""
        return next((line for line in self.text.splitlines() if line.strip()), "")


Recognise = Callable[[FileStart], str]
"""Returns why a file is of a format, or nothing."""
Read = Callable[[Path, ImportOptions, ImportLog], Iterator[Placed]]


class Format(Struct, frozen=True):
    """A format of term bases."""

    name: str
    recognise: Recognise
    read: Read
    adds: bool = False  # its concepts add terms to those of other files with the same ids
    unique: bool = False  # it never yields one id twice
    fallback: bool = False  # claims whatever no other format does


FORMATS: list[Format] = []


def reader(
    name: str,
    recognise: Recognise,
    *,
    adds: bool = False,
    unique: bool = False,
    fallback: bool = False,
) -> Callable[[Read], Read]:
    """Return a decorator that makes a function the reader of a format.

    Args:
        name: the format's name, shown in reports.
        recognise: returns why a file is of this format by how it starts, or nothing.
        adds: its concepts add terms to those of other files with the same ids.
        unique: it never yields one id twice.
        fallback: it claims whatever no other format does.

    Raises:
        LexgraftError: there is another reader of this name.
    """

    def register(read: Read) -> Read:
        earlier = next((form for form in FORMATS if form.name == name), None)
        if earlier is not None:
            if earlier.read.__module__ != read.__module__:
                raise LexgraftError(
                    f"there is a reader `{name}` already", cure="give the format another name"
                )
            FORMATS.remove(earlier)
        FORMATS.append(Format(name, recognise, read, adds, unique, fallback))
        return read

    return register


def start_of(path: Path) -> FileStart:
    """Return how a file or folder starts.

    Raises:
        LexgraftError: it is missing, empty or a damaged gzip file.
    """
    if path.is_dir():
        names = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
        return FileStart(path, b"", "", XmlRoot(), tuple(names))
    if not path.is_file():
        raise LexgraftError("no such term base", where=str(path), cure="check the path")
    with unpacked(path) as file:
        try:
            data = file.read(_START)
        except (OSError, EOFError, zlib.error) as error:
            raise LexgraftError(f"damaged gzip file: {error}", where=str(path)) from error
    if not data.strip(b"\xef\xbb\xbf\r\n\t \xff\xfe\x00"):
        raise LexgraftError("the term base is empty", where=str(path), cure="give one with terms")
    text = _text(data)
    return FileStart(path, data, text, _root(data) if text.lstrip().startswith("<") else XmlRoot())


def _text(data: bytes) -> str:
    """Return a file's start as text; a character that is cut off at its end is nothing."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp932", errors="replace")


class _WatchedFile(FileIO):
    """A file that tells how far it has been read."""

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
    parser = expat.ParserCreate()
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


def originated(concept: Concept, options: ImportOptions) -> Concept:
    """Return a concept with the source, version and licence that the user gave."""
    if not (options.source or options.version or options.licence):
        return concept
    return msgspec.structs.replace(
        concept,
        source=options.source or concept.source,
        source_version=options.version or concept.source_version,
        licence=options.licence or concept.licence,
    )
