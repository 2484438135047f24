"""Odd cells: errors, placeholders, markup, several lines, brackets; what is done with each."""

import html
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest

CHOICES: dict[str, tuple[str, ...]] = {
    "error": ("leave-out", "take"),
    "placeholder": ("leave-out", "take"),
    "ditto": ("leave-out", "above", "take"),
    "markup": ("clean", "take"),
    "lines": ("ask", "terms", "one"),
    "brackets": ("rule", "take"),
    "hidden": ("take", "leave-out"),
    "struck": ("leave-out", "take"),
    "heading": ("leave-out", "take", "single"),
    "footer": ("leave-out", "take"),
}
"""A kind of odd cell, or row → what can be done with it; the first is done without being asked."""

_LONGEST = 20  # characters of a cell that may hold no text of its own
_KINDS = {
    "error": "a spreadsheet's error in place of a text",
    "ditto": "`same as above` in place of a text",
    "placeholder": "a placeholder, no text",
}
_TAG = re.compile(
    r"</?(?:b|i|u|em|strong|sub|sup|br|span|font|p|div|a|small|s|del|ins|code|tt|html|body|li|ul|ol)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-–*•・●○]\s+|[•・●]|\(?\d{1,2}[.)]\s+)")
_BRACKETS = re.compile(r"(.+?)\s*[(（［\[]([^()（）［］\[\]]+)[)）］\]]")
_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff\uff66-\uff9f・ー\\s]+")
_KANJI = re.compile("[\u3400-\u9fff々]")
_ABBREVIATION = re.compile(r"[A-Z][A-Z0-9][A-Za-z0-9/&-]{0,7}|[A-Z](?:\.[A-Z])+\.?")


class CellText(Struct, frozen=True):
    """A cell as it is read: its text, and what was remarks in it."""

    text: str
    remarks: tuple[str, ...] = ()  # lines for the report


class Bracketed(Struct, frozen=True):
    """A term and what its brackets hold: a reading, or an abbreviation that is a synonym."""

    text: str
    reading: str = ""
    synonym: str = ""


def checked_choices(cells: Mapping[str, str]) -> dict[str, str]:
    """Return what is done with each kind of odd cell.

    Raises:
        LexgraftError: a kind or a choice that is not known.
    """
    for kind, choice in cells.items():
        if kind not in CHOICES:
            raise LexgraftError(
                f"unknown kind of cell `{kind}`", where="cells", cure=nearest(kind, CHOICES)
            )
        if choice not in CHOICES[kind]:
            cure = f"choose {' or '.join(CHOICES[kind])}"
            raise LexgraftError(f"`{choice}` is no choice for `{kind}`", where="cells", cure=cure)
    return {kind: cells.get(kind, choices[0]) for kind, choices in CHOICES.items()}


def read_cell(cell: str, above: str, choices: Mapping[str, str], *, prose: bool) -> CellText:
    """Return a cell's text without markup; nothing where it holds no text of its own.

    Args:
        cell: the cell.
        above: the cell above it, as it was read.
        choices: what is done with each kind of odd cell.
        prose: the cell is a definition or the like, no term.
    """
    remarks: list[str] = []
    if choices["markup"] == "clean" and ("<" in cell or "&" in cell):
        plain = _TAG.sub(
            _line_break,
            html.unescape(_TAG.sub(_line_break, cell)) if _ENTITY.search(cell) else cell,
        )
        if plain != cell:
            remarks.append(
                "markup or entities in a cell, taken as text (--cells markup=take keeps them)"
            )
            cell = plain.strip()
    if len(cell) > _LONGEST:
        return CellText(cell, tuple(remarks))
    folded = " ".join(normalize("NFKC", cell).casefold().split())
    for kind, what in _KINDS.items():
        if not {folded, cell} & _words()[kind] or (prose and kind == "placeholder"):
            continue
        if choices[kind] == "above":
            return CellText(above, (f"{what}: the cell above is taken",))
        if choices[kind] == "leave-out":
            others = " or ".join(f"{kind}={choice}" for choice in CHOICES[kind][1:])
            return CellText("", (f"{what}: left out (--cells {others})",))
        remarks.append(f"{what}: taken as it is")
    return CellText(cell, tuple(remarks))


def split_lines(cell: str, choices: Mapping[str, str]) -> list[str]:
    """Return the terms of a cell with several lines (Alt+Enter): one each, or one in all."""
    lines = [_BULLET.sub("", line.strip()) for line in cell.splitlines() if line.strip()]
    return lines if choices["lines"] == "terms" else [" ".join(lines)]


def bracketed(text: str, language: str) -> Bracketed:
    """Return a term without the reading or abbreviation in brackets behind it.

    A reading is kana behind kanji; an abbreviation is capitals behind a term that is written
    otherwise, and in Latin letters begins with the same. Any other brackets are part of the term.

    Example:
        >>> bracketed("弁（べん）", "ja").reading, bracketed("中央処理装置（CPU）", "ja").synonym
        ('べん', 'CPU')
        >>> bracketed("valve (hydraulics)", "en").text
        'valve (hydraulics)'
    """
    match = _BRACKETS.fullmatch(text)
    if match is None:
        return Bracketed(text)
    outer, inner = match[1].strip(), match[2].strip()
    if language == "ja" and _KANA.fullmatch(inner) and _KANJI.search(outer):
        return Bracketed(outer, reading=inner)
    initial = outer[:1].casefold() == inner[:1].casefold() or not outer[:1].isascii()
    if _ABBREVIATION.fullmatch(inner) and initial and not outer.isupper():
        return Bracketed(outer, synonym=inner)
    return Bracketed(text)


def _line_break(tag: re.Match[str]) -> str:
    return "\n" if tag[0][:3].casefold() == "<br" else ""


@cache
def _words() -> dict[str, frozenset[str]]:
    """Return what stands in cells that hold no text of their own, by kind."""
    text = files("lexgraft.terms.readers").joinpath("cells.json").read_text(encoding="utf-8")
    return {kind: frozenset(words) for kind, words in json.loads(text).items()}
