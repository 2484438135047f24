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
    parts, current, fuzzy = dict[str, str](), "", False
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line.startswith(("msgid_plural", "msgstr[")):
            fuzzy, current = True, "plural"
        elif line:
            keyword, text = _line(line, f"{where}:{number}")
            current = keyword or current
            parts[current] = parts.get(current, "") + text
        else:
            yield from _finished(parts, fuzzy=fuzzy)
            parts, current, fuzzy = {}, "", False
    yield from _finished(parts, fuzzy=fuzzy)


def _line(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise LexgraftError(f"no PO line: {line[:40]!r}", where=where)
    return match[1] or "", _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), match[2])


def _finished(parts: dict[str, str], *, fuzzy: bool) -> Iterator[Message]:
    if not fuzzy and parts.get("msgid") and parts.get("msgstr"):
        yield parts.get("msgctxt", ""), parts["msgid"], parts["msgstr"]
