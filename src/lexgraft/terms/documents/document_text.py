"""The text of a document: in the encoding that it or the user names; else weighed."""

import codecs
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_text import read_plain_file
from lexgraft.terms.readers.text_encoding import SAY_WHICH, decode

_CURE = "save it as UTF-8, or name its encoding: --encoding cp932"


class DocumentText(Struct, frozen=True):
    """A document's text, and its encoding where that is worth a word."""

    text: str
    encoding: str = ""  # none: UTF-8


def nothing_declared(_data: bytes) -> str:
    """Return no encoding: texts and Markdown name none."""
    return ""


def document_text(
    path: Path, encoding: str = "", declared: Callable[[bytes], str] = nothing_declared
) -> DocumentText:
    """Return the text of a document.

    Args:
        path: the document.
        encoding: in which it is, where the user says so.
        declared: returns the encoding that the document's bytes name, or nothing.

    Raises:
        LexgraftError: it cannot be read, is no plain file or far too large; it is not in the
            encoding that is named; it is in none that is known, or it could be in several.
    """
    data = read_plain_file(path)
    try:
        declared_encoding = "" if encoding else _named(data, declared)
        decoded = decode(data, str(path), encoding or declared_encoding)
    except LexgraftError as error:
        cure = _CURE if error.cure == SAY_WHICH else error.cure
        raise LexgraftError(error.what, where=error.where or str(path), cure=cure) from error
    if decoded.rivals:
        several = ", ".join((decoded.encoding, *decoded.rivals))
        raise LexgraftError(
            f"no UTF-8, and its encoding is not clear: {several}",
            where=str(path),
            cure=f"save it as UTF-8, or say which it is: --encoding {decoded.encoding}",
        )
    is_usual = decoded.encoding in {"utf-8", "utf-8-sig"}
    reason = "it says so itself" if declared_encoding else decoded.reason
    return DocumentText(
        decoded.text.removeprefix("\ufeff"), "" if is_usual else f"{decoded.encoding}: {reason}"
    )


def _named(data: bytes, declared: Callable[[bytes], str]) -> str:
    """Return the known encoding that a document names, where it is neither marked nor UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        label = "" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else declared(data)
        try:
            return codecs.lookup(label).name if label else ""
        except LookupError:
            return ""
    return ""
