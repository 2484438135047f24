"""Tables for the spreadsheet and the terminal."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_tables import (
    score_rows,
    scores_csv,
    summary_rows,
    terms_csv,
    verdict_rows,
)
from lexgraft.records import TermOutcome

SameAsGolden = Callable[[str, bytes], None]


def _read(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_table_of_terms_is_as_it_was(report: Report, same_as_golden: SameAsGolden):
    same_as_golden("terms.csv", terms_csv(report.terms))


def test_the_table_of_words_written_has_a_row_per_score(report: Report):
    heads, *rows = _read(scores_csv(report.written))
    assert heads[:4] == ["name", "model", "group", "value"]
    assert len(rows) == len(report.written) > 0
    first = report.written[0]
    assert rows[0] == [
        *(first.name, first.model, first.group),
        *(f"{value:.6g}" for value in (first.value, first.low, first.high)),
        *(str(first.n), ""),
    ]


def test_excel_can_tell_the_encoding(report: Report):
    data = terms_csv(report.terms)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == len(report.terms) + 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠1"]
)
def test_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(report: Report, text: str):
    row = replace(report.terms[0], term=text, target=text, concept=text)
    for cell in _read(terms_csv([row]))[1][:3]:
        assert cell == f"'{text}"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_no_term_makes_a_formula_or_another_cell(text: str):
    row = TermOutcome(
        concept="c",
        term=text,
        target=text,
        direction="en->ja",
        fate="kept",
        known_base=False,
        known_language=True,
        known_domain=True,
        known_result=True,
        margin_language=-1.5,
        margin_result=0.0,
    )
    heads, cells = _read(terms_csv([row]))
    assert len(heads) == len(cells) == 11
    assert cells[1].removeprefix("'") == text.removeprefix("'")
    assert not cells[1].startswith(("=", "+", "-", "@"))


def test_numbers_stay_numbers(report: Report):
    cells = _read(terms_csv(report.terms))[1]
    assert cells[5:] == ["0", "0", "1", "1", "-1.31", "2.04"]


def test_the_requirements_of_all_gates_are_rows(report: Report):
    rows = verdict_rows(report, "en")
    assert {len(row) for row in rows} == {7}
    assert len(rows) == 1 + 1 + 4 + 2 + 2
    assert rows[2] == [
        "Merge",
        "undecided",
        "Gain in the target language: undecided",
        "Japanese → Japanese",
        "+4.3 pt [+0.5, +8.1]",
        "≥ +5.0 pt",
        "300",
    ]
    assert rows[-1][4:6] == ["−4.1 % [−4.7, −3.5]", "≥ −2.0 %"]


def test_a_gate_without_requirements_still_has_its_row(report: Report):
    bare = replace(report, verdicts=(replace(report.verdicts[0], criteria=()),))
    assert verdict_rows(bare, "ja")[1][:2] == ["伸びしろ（D だけが知る用語の割合）", "合格"]


def test_the_summary_joins_recognition_fates_and_transfer(report: Report):
    rows = summary_rows(report, "en")
    assert {len(row) for row in rows} == {9}
    assert [
        "English → Japanese",
        "merge:dare_ties",
        "31.7 % [26.7, 36.7]",
        "31",
        "91",
        "10",
        "168",
        "+7.8 pt [+2.8, +12.8]",
        "300",
    ] in rows
    assert [
        "Japanese → Japanese",
        "G",
        "28.7 % [23.7, 33.7]",
        "–",
        "–",
        "–",
        "–",
        "–",
        "300",
    ] in rows


def test_scores_of_any_kind_are_rows(report: Report):
    rows = score_rows(report.scores)
    assert rows[1] == ["Recognition", "base", "English → English", "18.0 %", "[13.0, 23.0]", "300"]
    text = ["Running text (bits per byte)", "G", "Japanese · manual"]
    assert [*text, "1.702", "[1.622, 1.782]", "24"] in rows
