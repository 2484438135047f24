"""Gettext catalogues (PO): context, source text and translation of each finished message."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lexgraft.errors import LexgraftError

Message = tuple[str, str, str]
"""(context, source text, translation)."""

_LINE = re.compile(r'(?:(msgctxt|msgid|msgstr)\s+)?"((?:[^"\\]|\\.)*)"\s*')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def read_po(path: Path) -> list[Message]:
    """Return the translated messages of a PO file; fuzzy, obsolete and plural ones are left out.

    Raises:
        LexgraftError: a line that is no PO line, named by number.
    """
    with path.open(encoding="utf-8-sig") as file:
        return list(_messages(file, str(path)))


def _messages(lines: Iterable[str], where: str) -> Iterator[Message]:
    """Yield finished messages; a blank line or a new message ends one."""
    fields, current, fuzzy = dict[str, str](), "", False
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line.startswith(("msgid_plural", "msgstr[")):
            fuzzy, current = True, "plural"
        elif line:
            keyword, text = _line(line, f"{where}:{number}")
            current = keyword or current
            fields[current] = fields.get(current, "") + text
        else:
            yield from _finished(fields, fuzzy=fuzzy)
            fields, current, fuzzy = {}, "", False
    yield from _finished(fields, fuzzy=fuzzy)


def _line(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise LexgraftError(f"no PO line: {line[:40]!r}", where=where)
    return match[1] or "", _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), match[2])


def _finished(fields: dict[str, str], *, fuzzy: bool) -> Iterator[Message]:
    if not fuzzy and fields.get("msgid") and fields.get("msgstr"):
        yield fields.get("msgctxt", ""), fields["msgid"], fields["msgstr"]
