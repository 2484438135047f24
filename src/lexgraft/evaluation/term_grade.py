"""A generated term against its concept: exact, variant, wrong, other language or empty."""

import unicodedata
from collections.abc import Iterable
from typing import Literal

from lexgraft.terms.text.spelling_keys import EDGE_MARKS, notation_key

TermGrade = Literal["exact", "variant", "wrong", "other language", "empty"]
RIGHT: tuple[TermGrade, ...] = ("exact", "variant")
"""The grades of an answer that names the concept."""


def grade_term(text: str, names: Iterable[str], elsewhere: Iterable[str] = ()) -> TermGrade:
    """Return how a generated answer relates to a concept's names in the language asked for.

    `elsewhere` are its names in other languages. Only the first line that is not blank counts.

    >>> grade_term("コンピュータ", names=["コンピューター"])
    'variant'
    >>> grade_term("heart attack", names=["心筋梗塞"], elsewhere=["heart attack"])
    'other language'
    """
    line = _first_line(text)
    if not line:
        return "empty"
    names = tuple(names)
    if line in {unicodedata.normalize("NFC", name) for name in names}:
        return "exact"
    key = notation_key(line)
    if key in {notation_key(name) for name in names}:
        return "variant"
    return "other language" if key in {notation_key(name) for name in elsewhere} else "wrong"


def _first_line(text: str) -> str:
    lines = (unicodedata.normalize("NFC", line).strip(EDGE_MARKS) for line in text.split("\n"))
    return next((line for line in lines if line), "")
