"""What was written against its concept: the term, in a sentence, wrong, other language or empty."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from lexgraft.evaluation.term_in_sentence import (
    SENTENCE_END,
    begins_with,
    is_answer_in,
    line_of,
    places,
)
from lexgraft.terms.text.spelling_keys import EDGE_MARKS, notation_key

TermGrade = Literal["exact", "variant", "in a sentence", "wrong", "other language", "empty"]
WritingTask = Literal["named", "translated", "completed"]
"""Where a term is written: as an answer, in a translated sentence, where a sentence was cut."""
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
RIGHT: tuple[TermGrade, ...] = ("exact", "variant", "in a sentence")
"""The grades of an answer that names the concept."""


def grade_term(
    text: str,
    names: Iterable[str],
    elsewhere: Iterable[str] = (),
    task: WritingTask = "named",
) -> TermGrade:
    """Return how what was written relates to a concept's names in the language asked for.

    Only the first line that is not blank counts. An answer that names is the line, or as far as the
    answer goes in it (`answers_in`), or a sentence that gives the name as its answer
    (`is_answer_in`). A translation has the term as a word of its own anywhere; a sentence that was
    cut before its term goes on with it.

    Args:
        text: what was written.
        names: of the concept, in the language asked for.
        elsewhere: its names in other languages.
        task: what was asked for.

    >>> grade_term("コンピュータ", names=["コンピューター"])
    'variant'
    >>> grade_term("過多月経」と表される。この用語は", names=["過多月経"])
    'exact'
    >>> grade_term("heart attack", names=["心筋梗塞"], elsewhere=["heart attack"])
    'other language'
    >>> grade_term("報告書では心筋梗塞が扱われる", ["心筋梗塞"], task="translated")
    'in a sentence'
    """
    answers, names, elsewhere = answers_in(text), tuple(names), tuple(elsewhere)
    if not answers:
        return "empty"
    if task != "named":
        return _grade_sentence(text, names, elsewhere, task)
    if not {unicodedata.normalize("NFC", name) for name in names}.isdisjoint(answers):
        return "exact"
    keys = {notation_key(answer) for answer in answers}
    if not keys.isdisjoint(map(notation_key, names)):
        return "variant"
    if is_answer_in(text, names):
        return "in a sentence"
    return "wrong" if keys.isdisjoint(map(notation_key, elsewhere)) else "other language"


def _grade_sentence(
    text: str, names: Iterable[str], elsewhere: Iterable[str], task: WritingTask
) -> TermGrade:
    """Return the same of a translation, or of a sentence that goes on."""
    line = line_of(text)
    if begins_with(text, names) if task == "completed" else places(line, names):
        return "in a sentence"
    return "other language" if places(line, elsewhere) else "wrong"


def answers_in(text: str) -> tuple[str, ...]:
    """Return what may be the term in a free answer: the whole first line, and its beginning.

    A question often opens a quotation (「) that the answer closes before it goes on; or the answer
    is a sentence's beginning that ends, or that a bracket explains. So the line counts up to the
    first closing mark that nothing in it opens, up to the end of its first sentence, up to a
    bracket, and within the marks it begins with. No part further on is among them. Blank lines and
    marks at the edges are left out.

    >>> answers_in("Nephritis (of the kidney). It is")
    ('Nephritis (of the kidney). It is', 'Nephritis (of the kidney', 'Nephritis')
    """
    line = line_of(text)
    parts = (part.strip(EDGE_MARKS) for part in (line, *_beginnings(line)))
    return tuple(dict.fromkeys(part for part in parts if part))


def _beginnings(line: str) -> Iterator[str]:
    """Yield the line up to each place where its answer may have ended."""
    if end := SENTENCE_END.search(line):
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
