"""Gettext catalogues (PO): context, source text and translation of each finished message."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.file_start import lines_of

Message = tuple[str, str, str]
"""(context, source text, translation)."""

_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?"((?:[^"\\]|\\.)*)"\s*')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_CHARSET = re.compile(rb"charset=([\w.:-]{1,40})", re.ASCII)
_LANGUAGE = re.compile(r"^Language:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)


class PoMessage(Struct, frozen=True):
    """A message of a catalogue, or one of its plural forms; without a translation unfinished."""

    line: int
    context: str
    source: str
    translation: str
    is_plural: bool = False


def read_po(path: Path) -> list[Message]:
    """Return the translated messages of a PO file; fuzzy, obsolete and plural ones are left out.

    Raises:
        LexgraftError: a line that is no PO line, named by number.
    """
    return [
        (message.context, message.source, message.translation)
        for message in read_messages(path)
        if message.source and message.translation and not message.is_plural
    ]


def read_messages(path: Path) -> list[PoMessage]:
    """Return the messages of a PO file with its header; obsolete ones are left out.

    A fuzzy message counts as not translated.

    Raises:
        LexgraftError: a line that is no PO line, named by number; no text in the encoding that
            the file names.
    """
    return messages_in(_text(path), str(path))


def messages_in(text: str, where: str) -> list[PoMessage]:
    """Return the messages of a catalogue's text with its header; see `read_messages`.

    Raises:
        LexgraftError: a line that is no PO line, named by number.
    """
    return list(_messages(lines_of(text), where))


def language_of_messages(messages: Iterable[PoMessage]) -> str:
    """Return the language that a catalogue's header says its translations are in, or nothing."""
    header = next((message.translation for message in messages if not message.source), "")
    language = _LANGUAGE.search(header)
    return language[1] if language else ""


def declared_of_catalogue(data: bytes) -> str:
    """Return the encoding that a catalogue's header names, or nothing."""
    charset = _CHARSET.search(data)
    return charset[1].decode() if charset else ""


def _text(path: Path) -> str:
    """Return a catalogue's text: UTF-8 where it is valid, else as its header says."""
    data = path.read_bytes()
    named = declared_of_catalogue(data) or "utf-8"
    for encoding in ("utf-8-sig", named):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise LexgraftError(
        f"neither UTF-8 nor `{named}`, which its header names",
        where=str(path),
        cure="save it as UTF-8",
    )


def _messages(lines: Iterable[str], where: str) -> Iterator[PoMessage]:
    """Yield messages; a blank line, a new message or its comments end one."""
    fields, current, fuzzy, first = dict[str, str](), "", False, 1
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        keyword, text = (
            ("", "") if line.startswith("#") or not line else _line(line, f"{where}:{number}")
        )
        begins = not line or line.startswith("#") or keyword in {"msgctxt", "msgid"}
        if begins and any(field.startswith("msgstr") for field in fields):
            yield from _forms(fields, first, fuzzy=fuzzy)
            fields, current, fuzzy = {}, "", False
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line:
            first = first if fields else number
            current = keyword or current
            fields[current] = fields.get(current, "") + text
    yield from _forms(fields, first, fuzzy=fuzzy)


def _line(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise LexgraftError(f"no PO line: {line[:40]!r}", where=where)
    return match[1] or "", _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), match[2])


def _forms(fields: dict[str, str], line: int, *, fuzzy: bool) -> Iterator[PoMessage]:
    """Yield a message, or each form of one with a plural: the first of several is the singular."""
    context, source = fields.get("msgctxt", ""), fields.get("msgid", "")
    translations = [text for field, text in fields.items() if field.startswith("msgstr")]
    plural = fields.get("msgid_plural", "")
    for number, translation in enumerate(translations):
        is_first = number == 0 and len(translations) > 1
        yield PoMessage(
            line,
            context,
            plural if plural and not is_first else source,
            "" if fuzzy and source else translation,
            bool(plural),
        )
