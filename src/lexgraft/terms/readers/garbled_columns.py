"""Columns whose texts were read in a wrong encoding once and saved so: `diþli` for `dişli`."""

import re
from collections.abc import Iterator, Sequence

from lexgraft.terms.readers.column_headers import TERMS
from lexgraft.terms.readers.column_language import PROSE, SAID
from lexgraft.terms.readers.encoding_plausibility import likeness_of_cyrillic
from lexgraft.terms.readers.table_account import Question, shortened
from lexgraft.terms.readers.table_layout import Layout
from lexgraft.terms.readers.text_language import alphabets
from lexgraft.terms.text.language_data import script_of_letter, scripts_of_language

_READ_AS = {  # what a text was read as → what it may have been
    "cp1252": (
        *("cp1254", "cp1250", "cp1251", "cp1253", "cp1257", "koi8_r", "cp1255", "cp1256", "cp874"),
        *("cp932", "gb18030", "big5hkscs", "cp949", "euc_jp"),
    ),
    "cp1251": ("koi8_r", "cp1252"),
    "koi8_r": ("cp1251",),
    "cp1250": ("cp1252", "cp1251"),
}
_LEAST, _SHARE = 2, 0.8  # cells that become a language's, and of those that are not
_CLEARER = 0.15  # of a Cyrillic text over another
_SIGNS = frozenset("°±×²³§–—’‘“”„…•€®™©«»·µ")
_LOST_LETTER, _LOST_TERM = re.compile(r"[^\W\d_]\?[^\W\d_]"), re.compile(r"\?\?+")
_HOMES = {"ja": "cp932", "ko": "cp949"}


def garbled_columns(layout: Layout) -> Iterator[Question]:
    """Yield columns that would be texts of their language in another encoding, and are none."""
    for column in layout.columns:
        cells = layout.cells(column.position)
        is_text = column.role in TERMS | PROSE and not column.is_flag
        if not is_text or layout.meanings[column.position].reason == SAID or not cells:
            continue
        meaning = f"{column.role} {column.language}".strip()
        answers = (f"{column.key}={meaning}",)
        if lost := _lost(cells) if column.role in TERMS else []:
            what = f"the column `{column.header}` ({', '.join(lost[:2])}): letters were lost"
            cure = "save it again from its source, as UTF-8"
            yield Question(f"{what}; {cure}", "column", f"{column.key}=ignore", answers)
        elif pair := _garbled(cells, column.language):
            cell, before = map(shortened, pair)
            what = f"the column `{column.header}`: `{cell}` looks like `{before}`"
            cure = "read in a wrong encoding once; save it again from its source, as UTF-8"
            yield Question(f"{what}, {cure}", "column", f"{column.key}=ignore", answers)


def _lost(cells: Sequence[str]) -> list[str]:
    """Return cells of which letters became question marks; single ones may stand for nothing."""
    terms = [cell for cell in cells if _LOST_TERM.fullmatch(cell)]
    letters = [cell for cell in cells if _LOST_LETTER.search(cell)]
    return [*letters, *(terms if 2 * len(terms) > len(cells) else ())]


def _garbled(cells: Sequence[str], tag: str) -> tuple[str, str] | None:
    """Return a cell and what it was, where most that are not ASCII were in another encoding."""
    marked = [cell for cell in cells if not cell.isascii()]
    odd = [cell for cell in marked if not _is_written(cell, tag)]
    is_cyrillic = "Cyrl" in scripts_of_language(tag)
    if not tag or ((len(odd) < _LEAST or 2 * len(odd) <= len(marked)) and not is_cyrillic):
        return None
    for seen_as, encodings in _READ_AS.items():
        for encoding in sorted(encodings, key=lambda name: name != _HOMES.get(tag[:2])):
            pairs = [
                (cell, before)
                for cell in odd or marked
                if (before := _before(cell, seen_as, encoding)) and _is_written(before, tag)
            ]
            if len(pairs) < max(_LEAST, _SHARE * len(odd or marked)):
                continue
            if odd or _is_clearer(pairs):
                return pairs[0]
    return None


def _is_clearer(pairs: Sequence[tuple[str, str]]) -> bool:
    cells, before = zip(*pairs, strict=True)
    return likeness_of_cyrillic(before) >= likeness_of_cyrillic(cells) + _CLEARER


def _before(text: str, seen_as: str, encoding: str) -> str:
    """Return what a text was before it was read in a wrong encoding; nothing if it cannot be."""
    try:
        before = text.encode(seen_as).decode(encoding)
    except UnicodeError:
        return ""
    return before if before != text else ""


def _is_written(text: str, tag: str) -> bool:
    """Tell a text beyond ASCII in letters of a language and usual signs alone."""
    alphabet = alphabets().get(tag.partition("-")[0])
    letters = {letter.lower()[0] for letter in text if not letter.isascii()} - _SIGNS
    if alphabet is not None:
        return all(letter in alphabet or letter.isascii() for letter in letters)
    scripts = scripts_of_language(tag)
    return all(script_of_letter(letter) in {*scripts, ""} for letter in letters)
