"""The language of columns whose headers name none: told by their cells, else asked about."""

from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from lexgraft.terms.readers.header_words import languages_of_word
from lexgraft.terms.readers.raw_table import cell_at
from lexgraft.terms.readers.status_labels import flag_of
from lexgraft.terms.readers.table_account import SOME_LANGUAGE, Question
from lexgraft.terms.readers.table_layout import (
    Column,
    Layout,
    language_of_cells,
    with_meanings,
)
from lexgraft.terms.readers.text_language import (
    LanguageEvidence,
    has_odd_letters,
    language_told,
    languages_fitting,
    most_likely,
    reads_like,
    seems_foreign,
)
from lexgraft.terms.text.language_tags import known_language

SAID = "as you say"
PROSE = frozenset({"definition", "sentence"})
"""Roles of columns whose cells are sentences in one language."""
_FEW_WORDS = 3  # of a cell that is rather a term


def languages_of(layout: Layout) -> list[str]:
    """Return the languages of the columns of terms, in order."""
    columns = (column for column in layout.columns if column.role == "term")
    return list(dict.fromkeys(column.language for column in columns if column.language))


def with_languages(layout: Layout) -> None:
    """Give columns, in place, the language that their cells tell where their headers name none.

    Definitions have that of their script, letters or small words, or the one their header is
    written in where the cells do not speak against it. Synonyms and forbidden terms have that of
    the only column of terms, or of the only one that is written in the cells' script, unless their
    header is of another language.
    """
    for column in list(layout.columns):
        cells = layout.cells(column.position)
        if column.language or column.role not in {"synonyms", "forbidden", *PROSE} or not cells:
            continue
        if column.role in PROSE:
            evidence = LanguageEvidence() if _names_rows(layout) else _told_of_prose(column, layout)
        elif column.role == "forbidden" and says_yes_or_no(layout, column):
            continue
        else:
            evidence = _told_of_terms(column, layout)
        if evidence.tag:
            meaning = layout.meanings[column.position]
            reason = f"{meaning.reason}; `{evidence.tag}` {evidence.how}"
            changed = replace(meaning, language=evidence.tag, reason=reason)
            with_meanings(layout, {column.position: changed})


def guessed_language(cells: Sequence[str], taken: Collection[str], requested: Sequence[str]) -> str:
    """Return the language to propose for terms: by their script, letters or small words.

    Else the only one of those that are requested and not taken; else English where nothing speaks
    against it; else a word that stands for what only the user knows.
    """
    if tag := language_of_cells(cells):
        return tag
    open_tags = [
        tag for tag in requested if tag not in taken and languages_fitting(cells[0], [tag])
    ]
    if len(open_tags) == 1:
        return open_tags[0]
    return SOME_LANGUAGE if "en" in taken or has_odd_letters(cells, "en") else "en"


def _told_of_prose(column: Column, layout: Layout) -> LanguageEvidence:
    """Return the language of a column of definitions, as far as it tells one."""
    cells, languages = layout.cells(column.position), _left_for(column.role, layout)
    evidence = language_told(cells, languages)
    named = languages_of_word(column.header)
    fitting = [tag for tag in languages if named == frozenset({tag.partition("-")[0]})]
    if evidence.tag or evidence.other or len(fitting) != 1 or has_odd_letters(cells, fitting[0]):
        return evidence
    (tag,) = fitting
    fits = all(tag in languages_fitting(cell, languages) for cell in cells)
    mixed = sum(bool(reads_like(cell, tag)) for cell in cells)
    return LanguageEvidence(tag, "as its header is") if fits and not mixed else evidence


def _told_of_terms(column: Column, layout: Layout) -> LanguageEvidence:
    """Return the language of a column of synonyms or forbidden terms, as far as it is clear."""
    cells, languages = layout.cells(column.position), languages_of(layout)
    groups = [languages_fitting(cell, languages) for cell in cells]
    fitting = [tag for tag in languages if all(tag in group for group in groups)]
    named = languages_of_word(column.header)
    if seeming := seeming_language(layout, column):
        return LanguageEvidence(other=seeming)
    if len(languages) == 1 and named == frozenset({languages[0]}) and all(map(str.isascii, cells)):
        return LanguageEvidence(languages[0], "as its header is")  # 略語: PLC
    if len(fitting) != 1 or has_odd_letters(cells, fitting[0]):
        return LanguageEvidence()
    can_be_its_own = any(named & {*languages_fitting(c, (*named, *languages))} for c in cells)
    if can_be_its_own and not named & {fitting[0].partition("-")[0], "en"}:
        return LanguageEvidence()  # `Abkürzung` beside English terms alone: of which language?
    return LanguageEvidence(
        fitting[0], "the only language" if len(languages) == 1 else "by its script"
    )


def seeming_language(layout: Layout, column: Column) -> str:
    """Return another language than that of the terms which synonyms seem to be in, or nothing.

    Small words tell it; and capitals where the terms beside them have none, as German has them.
    """
    cells, languages = layout.cells(column.position), languages_of(layout)
    if seeming := seems_foreign(cells, languages):
        return seeming
    terms = [
        cell
        for other in layout.columns
        if other.role == "term" and other.language in languages
        for cell in layout.cells(other.position)
        if languages_fitting(cell, ["en"])
    ]
    nouns = [cell for cell in cells if cell[0].isupper() and not cell.split()[0].isupper()]
    is_otherwise = 2 * len(nouns) > len(cells) and not any(cell[0].isupper() for cell in terms)
    is_german = terms and is_otherwise and not has_odd_letters(cells, "de")
    return (
        "de" if is_german and "de" not in languages and languages_fitting(cells[0], ["de"]) else ""
    )


def questions_of_prose(layout: Layout) -> Iterator[Question]:
    """Yield columns of definitions whose language is not told, or contradicts their names."""
    for column in layout.columns:
        cells = layout.cells(column.position)
        if column.role not in PROSE or not cells or _is_said(layout, column):
            continue
        if column.language:
            yield from _contradicted(layout, column, column.language, cells)
        elif _names_rows(layout):
            for tag, texts in _by_row_language(layout, column).items():
                yield from _contradicted(layout, column, tag, texts)
        elif languages_of(layout) and not _is_told_by_cell(column, layout):
            yield _question(layout, column, cells)


def _is_said(layout: Layout, column: Column) -> bool:
    return layout.meanings[column.position].reason == SAID and bool(column.language)


def _contradicted(
    layout: Layout, column: Column, tag: str, cells: Sequence[str]
) -> Iterator[Question]:
    """Yield a column of texts whose words or script are of another language than its own."""
    seeming = language_told(cells, [tag]).other
    if not seeming or seeming.startswith(tag.partition("-")[0]):
        return
    what = (
        f"the column `{column.header}` ({', '.join(cells[:2])[:80]}) should be in `{tag}` and reads"
        f" like `{seeming}`"
    )
    answers = [f"{column.key}={column.role} {seeming}", f"{column.key}=ignore"]
    if column.language:
        answers.insert(1, f"{column.key}={column.role} {tag}")
    yield Question(what, "column", answers[0], tuple(answers[1:]))


def _by_row_language(layout: Layout, column: Column) -> dict[str, list[str]]:
    """Return the cells of a column by the language that their rows name."""
    naming = next(column.position for column in layout.columns if column.role == "language")
    texts: dict[str, list[str]] = {}
    for _, cells in layout.entries:
        text, tag = cell_at(cells, column.position), known_language(cell_at(cells, naming))
        if text and tag:
            texts.setdefault(tag, []).append(text)
    return texts


def _is_told_by_cell(column: Column, layout: Layout) -> bool:
    """Tell a column whose cells are in several languages, each of which its script tells."""
    cells, languages = layout.cells(column.position), _left_for(column.role, layout)
    groups: dict[tuple[str, ...], list[str]] = {}
    for cell in cells:
        groups.setdefault(languages_fitting(cell, languages), []).append(cell)
    return len(groups) > 1 and all(
        len(group) == 1 and language_told(texts, group).tag for group, texts in groups.items()
    )


def _question(layout: Layout, column: Column, cells: Sequence[str]) -> Question:
    """Return what to ask about a column of definitions: first what it seems to be."""
    languages, named = _left_for(column.role, layout), languages_of_word(column.header)
    fitting = [
        tag for tag in languages if any(tag in languages_fitting(c, languages) for c in cells)
    ]
    likely = [
        most_likely(cells),
        *(named if len(named) == 1 and named != frozenset({"en"}) else ()),
    ]
    plain = {tag.partition("-")[0] for tag in fitting}
    tags = [
        *(tag for tag in fitting if tag.partition("-")[0] in likely),
        *(tag for tag in likely if tag and tag not in plain),
        *fitting,
    ]
    answers = [f"{column.key}={column.role} {tag}" for tag in dict.fromkeys(tags or ["en"])]
    if all(len(cell.split()) <= _FEW_WORDS for cell in cells):
        answers += [f"{column.key}=term {tag}" for tag in likely if tag and tag not in plain]
    what = f"the column `{column.header}` ({', '.join(cells[:2])[:80]}) names no language"
    return Question(what, "column", answers[0], (*answers[1:], f"{column.key}=ignore"))


def _names_rows(layout: Layout) -> bool:
    return any(column.role == "language" for column in layout.columns)


def _left_for(role: str, layout: Layout) -> list[str]:
    """Return the languages of the terms that have no column of a role yet."""
    taken = {column.language for column in layout.columns if column.role == role}
    return [tag for tag in languages_of(layout) if tag not in taken]


def says_yes_or_no(layout: Layout, column: Column) -> bool:
    """Tell a column whose cells are flags."""
    cells = layout.cells(column.position)
    return bool(cells) and all(flag_of(cell) is not None for cell in cells)
