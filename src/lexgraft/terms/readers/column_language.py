"""The language of columns whose headers name none: by their script, or by their small words."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from msgspec.structs import replace

from lexgraft.terms.readers.status_labels import flag_of
from lexgraft.terms.readers.table_account import Question
from lexgraft.terms.readers.table_layout import (
    Column,
    Layout,
    language_by_script,
    with_meanings,
)
from lexgraft.terms.text.language_data import scripts_in, scripts_of_language

_LATIN = frozenset({"Latn"})
_PROSE = frozenset({"definition", "sentence"})
_LEAST_HITS, _LEAST_SHARE, _LEAD = 3, 0.12, 1.6  # small words that tell a language from others
_SHARE_OF_FEW = 0.2  # of the words of a short text, where no other language has one
_WORD = re.compile(r"[^\W\d_]+")


def languages_of(layout: Layout) -> list[str]:
    """Return the languages of the columns of terms, in order."""
    columns = (column for column in layout.columns if column.role == "term")
    return list(dict.fromkeys(column.language for column in columns if column.language))


def with_languages(layout: Layout) -> None:
    """Give columns, in place, the one language that they can be in where their headers name none.

    Synonyms and forbidden terms have that of the only column of terms, or of the only one that is
    written in the cells' script; definitions also one that their small words tell.
    """
    languages = languages_of(layout)
    for column in list(layout.columns):
        if column.language or column.role not in {"synonyms", "forbidden", *_PROSE}:
            continue
        cells = layout.cells(column.position)
        if column.role == "forbidden" and says_yes_or_no(layout, column):
            continue
        if column.role in _PROSE:
            if not _names_rows(layout):
                tag, how = _language_of_prose(cells, _left_for(column.role, layout))
                _with_language(layout, column, tag, how)
            continue
        fitting = [
            tag
            for tag in languages
            if all(scripts_in(cell) & scripts_of_language(tag) for cell in cells)
        ]
        if len(languages) == 1:
            _with_language(layout, column, languages[0], "the only language")
        elif len(fitting) == 1 and cells:
            _with_language(layout, column, fitting[0], "by its script")


def questions_of_prose(layout: Layout) -> Iterator[Question]:
    """Yield columns of definitions of which neither header, script nor words tell the language."""
    if _names_rows(layout):
        return
    for column in layout.columns:
        cells = layout.cells(column.position)
        if column.language or column.role not in _PROSE or not cells:
            continue
        languages = _left_for(column.role, layout)
        groups = {languages_fitting(cell, languages) for cell in cells}
        if not languages_of(layout) or all(len(group) == 1 for group in groups):
            continue  # each cell says it by its script
        fitting = [tag for tag in languages if any(tag in group for group in groups)]
        tags = fitting or [language_by_script(cells) or "en"]
        what = f"the column `{column.header}` ({', '.join(cells[:2])[:80]}) names no language"
        answers = [f"{column.key}={column.role} {tag}" for tag in tags]
        yield Question(what, "column", answers[0], (*answers[1:], f"{column.key}=ignore"))


def _names_rows(layout: Layout) -> bool:
    return any(column.role == "language" for column in layout.columns)


def _left_for(role: str, layout: Layout) -> list[str]:
    """Return the languages of the terms that have no column of a role yet."""
    taken = {column.language for column in layout.columns if column.role == role}
    return [tag for tag in languages_of(layout) if tag not in taken]


def _with_language(layout: Layout, column: Column, tag: str, how: str) -> None:
    if tag:
        meaning = layout.meanings[column.position]
        changed = replace(meaning, language=tag, reason=f"{meaning.reason}; `{tag}` {how}")
        with_meanings(layout, {column.position: changed})


def _language_of_prose(cells: Sequence[str], languages: Sequence[str]) -> tuple[str, str]:
    """Return the language all cells are in, and how one tells; nothing where one cannot."""
    groups = {languages_fitting(cell, languages) for cell in cells}
    if len(groups) != 1:
        return "", ""
    (group,) = groups
    if len(group) == 1:
        return group[0], "the only language" if len(languages) == 1 else "by its script"
    return language_by_words(cells, group) if group else "", "by its small words"


def languages_fitting(cell: str, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that a cell can be in by its script; Latin letters stand in any."""
    scripts = scripts_in(cell)
    named = language_by_script([cell])
    same = tuple(tag for tag in languages if tag.partition("-")[0] == named)
    if same:
        return same
    own = tuple(tag for tag in languages if scripts & (scripts_of_language(tag) - _LATIN))
    return own or tuple(
        tag for tag in languages if not scripts or scripts & scripts_of_language(tag)
    )


def language_by_words(cells: Sequence[str], languages: Sequence[str]) -> str:
    """Return which of some languages texts are in, by words like `the` or `der`; or nothing."""
    words = [word for cell in cells for word in _WORD.findall(cell.casefold())]
    small = _small_words()
    hits = sorted(
        (
            (sum(word in small.get(tag.partition("-")[0], ()) for word in words), tag)
            for tag in languages
        ),
        reverse=True,
    )
    (most, best), (next_most, _) = hits[0], hits[1]
    enough = most >= max(_LEAST_HITS, _LEAST_SHARE * len(words)) and most >= _LEAD * next_most
    return best if enough or (not next_most and most >= _SHARE_OF_FEW * len(words) > 0) else ""


def says_yes_or_no(layout: Layout, column: Column) -> bool:
    """Tell a column whose cells are flags."""
    cells = layout.cells(column.position)
    return bool(cells) and all(flag_of(cell) is not None for cell in cells)


@cache
def _small_words() -> dict[str, frozenset[str]]:
    text = files("lexgraft.terms.readers").joinpath("small_words.json").read_text(encoding="utf-8")
    return {language: frozenset(words) for language, words in json.loads(text).items()}
