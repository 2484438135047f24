"""The section that shows single answers: its controls, and the data that its script reads."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import get_args

import msgspec
from msgspec import Struct, structs

from lexgraft.adoption.report.markup import UNFIT, Html, element, spoken, word
from lexgraft.adoption.report.page_parts import section
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import (
    LANGUAGES,
    grouped,
    in_both,
    language_name,
    named,
    say,
)
from lexgraft.adoption.report.viewer_record import (
    USES,
    ViewedAnswer,
    ViewedQuestion,
    ViewerRecord,
)
from lexgraft.evaluation.term_grade import TermGrade
from lexgraft.records import Fate, SolvableBy

LARGEST_IN_PAGE = 2_000_000
"""Bytes of answers beyond which they stand in a folder of pages of their own."""
LARGEST_SLICE = 1_000_000
"""Bytes of answers that a page of the folder holds."""

_SELECTS = ("use", "pair", "model", "with", "fate", "needs", "field", "band", "script", "taught")
_COLUMNS = {
    "fate": "fate",
    "term": "answers_term",
    "target": "answers_target",
    "one": "answers_one",
    "other": "answers_other",
    "change": "answers_change",
}
"""What the list is sorted by → heading."""
_PLAIN = ("draw", "option", "right_option", "its_choice", "answers_scores", "glossary_block",
          "concept", "definition", "field", "band", "taught", "yes", "all", "copied",
          "choice_right", "choice_wrong")  # fmt: skip
_OUTCOMES = ("right", "wrong")


class _ViewerData(Struct, frozen=True):
    """What the script reads."""

    target: str
    domain: str
    result: str
    light: bool  # without questions and texts: these stand on the pages of `pages`
    pages: tuple[str, ...]  # concept → page; none: all stands here
    part: bool  # of the concepts: one of those pages
    words: dict[str, tuple[str, ...]]
    models: tuple[str, ...]
    forms: tuple[object, ...]
    concepts: tuple[object, ...]
    questions: tuple[object, ...]


HERE = "#answers"
FOLDER = "report"
ELSEWHERE = f"{FOLDER}/index.html#answers"
"""Where a page's numbers lead: within it, or to the pages of a folder beside it."""


def answers(report: Report) -> Html:
    """Return the section on the report's own page: the viewer, or the way to it."""
    if report.answers_at == HERE:
        return viewer_section()
    link = element("a", word("answers_elsewhere", n=f"{report.items:,}"), href=report.answers_at)
    return section("answers_title", element("p", link), _rights(), anchor="answers")


def viewer_section() -> Html:
    """Return the viewer's controls and empty list; its script fills them."""
    heads = (
        element(
            "span",
            element("button", word(heading), type="button", id=f"answers-sort-{key}"),
            role="columnheader",
            aria_sort="none",
        )
        for key, heading in _COLUMNS.items()
    )
    listed = element(
        "div",
        element("div", *heads, class_="row heads", role="row", aria_rowindex="1"),
        element("div", class_="body", id="answers-rows", role="rowgroup"),
        class_="rows",
        id="answers-list",
        role="grid",
        aria_label=spoken("answers_list"),
    )
    detail = element(
        "article",
        class_="detail",
        id="answers-detail",
        tabindex="-1",
        hidden="",
        aria_label=spoken("answers_detail"),
    )
    viewer = element("div", _controls(), _counted(), listed, detail, class_="viewer")
    without = element("p", word("answers_without"), class_="nothing without")
    note = word("answers_note")
    return section("answers_title", _rights(), viewer, without, note=note, anchor="answers")


def _rights() -> Html:
    """Return what a reader must know before passing the answers on."""
    return element("p", word("answers_rights"), class_="note")


def _controls() -> Html:
    labels = [
        element("label", word(f"answers_{key}"), element("select", id=f"answers-{key}", name_=key))
        for key in _SELECTS
    ]
    field = element("input", type="search", name_="q", autocomplete="off", spellcheck="false")
    labels.append(element("label", word("search"), field))
    return element("div", *labels, class_="choosing", role="search")


def _counted() -> Html:
    """Return the count, and what can be taken along: a table, a link."""
    return element(
        "p",
        element("output", id="answers-count"),
        element("button", word("answers_csv"), type="button", id="answers-csv"),
        element("button", word("answers_copy"), type="button", id="answers-copy"),
        element("output", id="answers-copied"),
        class_="counted",
    )


def whole_data(report: Report, viewer: ViewerRecord) -> Html:
    """Return everything as one block of data."""
    return _block(_data(report, viewer))


def sliced_data(report: Report, viewer: ViewerRecord) -> tuple[Html, dict[str, Html]]:
    """Return the data of a page that lists everything, and page → the data of its concepts.

    Every concept stands whole on one page, of at most about `LARGEST_SLICE` bytes.
    """
    questions: dict[int, list[ViewedQuestion]] = {}
    for question in viewer.questions:
        questions.setdefault(question.concept, []).append(question)
    sizes = [
        len(msgspec.json.encode((concept, questions.get(number, []))))
        for number, concept in enumerate(viewer.concepts)
    ]
    pages = tuple(f"answers-{end // LARGEST_SLICE:04d}.html" for end in accumulate(sizes))
    light = structs.replace(
        _data(report, viewer),
        light=True,
        pages=pages,
        concepts=tuple(
            structs.replace(
                concept,
                names={key: names[:1] for key, names in concept.names.items()},
                definitions={},
            )
            for concept in viewer.concepts
        ),
        questions=tuple(map(_light, viewer.questions)),
    )
    slices = {
        page: _block(
            structs.replace(_data(report, _slice(viewer, page, pages, questions)), part=True)
        )
        for page in dict.fromkeys(pages)
    }
    return _block(light), slices


def _slice(
    viewer: ViewerRecord,
    page: str,
    pages: Sequence[str],
    questions: dict[int, list[ViewedQuestion]],
) -> ViewerRecord:
    """Return the concepts of one page, numbered anew, with their questions."""
    before = [number for number, name in enumerate(pages) if name == page]
    numbers = {number: renumbered for renumbered, number in enumerate(before)}
    return structs.replace(
        viewer,
        concepts=tuple(viewer.concepts[number] for number in before),
        questions=tuple(
            structs.replace(question, concept=numbers[number])
            for number in before
            for question in questions.get(number, ())
        ),
    )


def _light(question: ViewedQuestion) -> tuple[object, ...]:
    """Return a question without texts: of each answer, whether it is right and by what margin."""
    answers = tuple(answer and _graded(question, answer) for answer in question.answers)
    return (
        question.concept,
        question.form,
        question.draw,
        question.solvable_by,
        question.script,
        "",
        (),
        0,
        answers,
    )


def _graded(question: ViewedQuestion, answer: ViewedAnswer) -> tuple[object, ...]:
    if not answer.scores:
        return (answer.choice,)
    gold = answer.scores[question.gold]
    best = max(score for at, score in enumerate(answer.scores) if at != question.gold)
    return (int(answer.choice == question.gold), (gold - best,))


def _data(report: Report, viewer: ViewerRecord) -> _ViewerData:
    return _ViewerData(
        report.target,
        report.domain,
        report.result,
        light=False,
        pages=(),
        part=False,
        words=dict(_words(report, viewer)),
        models=viewer.models,
        forms=viewer.forms,
        concepts=viewer.concepts,
        questions=viewer.questions,
    )


def _block(data: _ViewerData) -> Html:
    """Return data that a page may hold: no tag can begin in it, and no text turns around."""
    text = UNFIT.sub("\ufffd", msgspec.json.encode(data).decode()).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="answers-data">{text}</script>\n')


def _words(report: Report, viewer: ViewerRecord) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every word that the script shows, in the languages of the report."""
    uses, reasons = (
        (f"use {use}" for use in USES),
        (f"needs {reason}" for reason in get_args(SolvableBy)),
    )
    grades = (f"grade {grade}" for grade in get_args(TermGrade))
    for key in (*_PLAIN, *uses, *reasons, *grades, "fate right", "fate wrong"):
        yield key, _said(key)
    yield "use both", _said("use both")
    yield "taught 1", _said("answers_taught_only")
    yield "band unknown", _said("band_unknown")
    yield "script katakana", _said("script_katakana")
    named_keys = {
        "fate": get_args(Fate),
        "model": viewer.models,
        "kind": dict.fromkeys(form.kind for form in viewer.forms),
        "script": ("Latin", "kanji", "kana", "mixed"),
    }
    for kind, names in named_keys.items():
        yield from ((f"{kind} {name}", _named(name)) for name in names)
    for pair in dict.fromkeys(form.pair for form in viewer.forms):
        yield f"pair {pair}", tuple(in_both(grouped, pair).values())
    for code in _languages(viewer, (report.target, report.domain)):
        yield f"language {code}", tuple(in_both(partial(language_name, code)).values())


def _languages(viewer: ViewerRecord, spoken_codes: Iterable[str]) -> list[str]:
    names = (code for concept in viewer.concepts for code in concept.names)
    return list(dict.fromkeys([*spoken_codes, *names]))


def _said(key: str) -> tuple[str, ...]:
    return tuple(say(key, language) for language in LANGUAGES)


def _named(name: str) -> tuple[str, ...]:
    return tuple(named(name, language) for language in LANGUAGES)
