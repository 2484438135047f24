"""A generated term against its concept: exact, variant, wrong, other language or empty."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from lexgraft.terms.text.spelling_keys import EDGE_MARKS, notation_key

TermGrade = Literal["exact", "variant", "wrong", "other language", "empty"]
_CLOSED_BY = dict(
    zip(
        '「『（(\uff3b[【《〈“‘«»‹›„"',
        (
            "」",
            "』",
            "）",
            ")",
            "\uff3d",
            "]",
            "】",
            "》",
            "〉",
            "”",
            "’",
            "»",
            "«",
            "›",
            "‹",
            "“”",
            '"',
        ),
        strict=True,
    )
)
"""What opens a quotation or a bracket, with what may close it."""
_BRACKETS = frozenset("（(\uff3b[")
_CLOSING = frozenset("".join(_CLOSED_BY.values())) - {"’"}  # which is an apostrophe, perhaps
_FULL_WIDTH = 0x3000  # from here on marks stand without spaces
_SENTENCE_END = re.compile(r"[。．！？]|[.!?](?=\s)")
RIGHT: tuple[TermGrade, ...] = ("exact", "variant")
"""The grades of an answer that names the concept."""


def grade_term(text: str, names: Iterable[str], elsewhere: Iterable[str] = ()) -> TermGrade:
    """Return how a generated answer relates to a concept's names in the language asked for.

    `elsewhere` are its names in other languages. Only the first line that is not blank counts, as a
    whole or as far as the answer goes in it (`answers_in`).

    >>> grade_term("コンピュータ", names=["コンピューター"])
    'variant'
    >>> grade_term("過多月経」と表される。この用語は", names=["過多月経"])
    'exact'
    >>> grade_term("heart attack", names=["心筋梗塞"], elsewhere=["heart attack"])
    'other language'
    """
    answers = answers_in(text)
    if not answers:
        return "empty"
    names = tuple(names)
    if not {unicodedata.normalize("NFC", name) for name in names}.isdisjoint(answers):
        return "exact"
    keys = {notation_key(answer) for answer in answers}
    if not keys.isdisjoint(map(notation_key, names)):
        return "variant"
    return "wrong" if keys.isdisjoint(map(notation_key, elsewhere)) else "other language"


def answers_in(text: str) -> tuple[str, ...]:
    """Return what may be the term in a free answer: the whole first line, and its beginning.

    A question often opens a quotation (「) that the answer closes before it goes on; or the answer
    is a sentence's beginning that ends, or that a bracket explains. So the line counts up to the
    first closing mark that nothing in it opens, up to the end of its first sentence, up to a
    bracket, and within the marks it begins with. No part further on counts: that a term occurs
    somewhere does not make it the answer. Blank lines and marks at the edges are left out.

    >>> answers_in("Nephritis (of the kidney). It is")
    ('Nephritis (of the kidney). It is', 'Nephritis (of the kidney', 'Nephritis')
    """
    lines = (unicodedata.normalize("NFC", line) for line in text.split("\n"))
    line = next((line for line in lines if line.strip(EDGE_MARKS)), "")
    parts = (part.strip(EDGE_MARKS) for part in (line, *_beginnings(line)))
    return tuple(dict.fromkeys(part for part in parts if part))


def _beginnings(line: str) -> Iterator[str]:
    """Yield the line up to each place where its answer may have ended."""
    if end := _SENTENCE_END.search(line):
        yield line[: end.start()]
    opened: list[tuple[str, int]] = []
    for at, sign in enumerate(line):
        before = line[:at].strip(EDGE_MARKS)
        spaced = not at or line[at - 1].isspace() or ord(sign) > _FULL_WIDTH
        within = next((pair for pair in reversed(opened) if sign in _CLOSED_BY[pair[0]]), None)
        if within is not None:
            opened.remove(within)
            begun = not line[: within[1]].strip(EDGE_MARKS)
            if begun and not opened and within[0] not in _BRACKETS:
                yield line[within[1] + 1 : at]
        elif sign in _CLOSED_BY and (spaced or sign in _BRACKETS):
            if before and spaced and not opened:
                yield line[:at]
            opened.append((sign, at))
        elif sign in _CLOSING and before:
            yield line[:at]
            return
