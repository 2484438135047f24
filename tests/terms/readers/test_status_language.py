"""Whose a status is that names no language."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import ImportOptions, TermImport

OWN_FIRST = "Deutsch;Englisch;Status\nHahn;valve;verboten\nVentil;valve;freigegeben\n"
ALL_DIFFER = "日本語,英語,状態\n軸受,bearing,承認\n弁,valve,禁止\n"


def forbidden(folder: Path, text: str, **options: object) -> tuple[set[tuple[str, str]], str]:
    """Return the forbidden terms of a table, and what the account says of its columns."""
    path = folder / "terms.csv"
    path.write_text(text, encoding="utf-8")
    reading = TermImport([path], ImportOptions(**options))  # pyright: ignore[reportArgumentType]
    terms = [term for concept in reading for term in concept.terms]
    (account,) = reading.readings[0].tally.tables
    reasons = " ".join(column.reason for column in account.columns)
    return {(term.language, term.text) for term in terms if term.status == "forbidden"}, reasons


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (OWN_FIRST, "de", {"Hahn"}),
        ("English;Deutsch;Status\nvalve;Hahn;verboten\nvalve;Ventil;ok\n", "de", {"Hahn"}),
        ("ID;Deutsch;Englisch;Status\n5;Hahn;valve;NG\n5;Ventil;valve;ok\n", "de", {"Hahn"}),
        ("id,en,ja,状態\n1,valve,弁,承認\n1,,バルブ,禁止\n", "ja", {"バルブ"}),
        (
            "English;Türkçe;Yasak\nvalve;vana;hayır\nvalve;musluk;evet\n",
            "tr",
            {"musluk"},
        ),
        (
            "Deutsch;Englisch;Status;Synonyme (Englisch)\nLager;shaft;NG;axle\nWelle;shaft;ok;\n",
            "de",
            {"Lager"},
        ),
    ],
)
def test_it_is_of_the_language_in_which_rows_of_one_concept_differ(
    tmp_path: Path, text: str, language: str, expected: set[str]
):
    terms, account = forbidden(tmp_path, text)
    assert terms == {(language, term) for term in expected}
    assert f"of the terms in `{language}`" in account


@pytest.mark.parametrize(
    "text",
    [
        ALL_DIFFER,
        "English;Deutsch;Status\nvalve;Hahn;verboten\ngear;Rad;ok\n",
        "English;Türkçe;Yasak\nvalve;vana;hayır\ngear;çark;evet\n",
        "English;Deutsch;Status\n" + "valve;Ventil;ok\n" * 600 + "gear;Rad;verboten\n",
        OWN_FIRST + "Rad;gear;verboten\nRad;wheel;freigegeben\n",
    ],
)
def test_it_is_asked_for_where_nothing_tells(tmp_path: Path, text: str):
    with pytest.raises(LexgraftError, match="nothing tells which term it is of"):
        forbidden(tmp_path, text)


def test_it_is_as_the_user_says_or_of_the_last_language_asked_for(tmp_path: Path):
    assert forbidden(tmp_path, ALL_DIFFER, languages=("en", "ja"))[0] == {("ja", "弁")}
    assert forbidden(tmp_path, ALL_DIFFER, languages=("ja", "en"))[0] == {("en", "valve")}
    columns = {"状態": "status ja"}
    assert forbidden(tmp_path, ALL_DIFFER, columns=columns)[0] == {("ja", "弁")}


def test_nothing_is_asked_where_no_term_is_forbidden(tmp_path: Path):
    text = "English;Deutsch;Status\nvalve;Ventil;ok\ngear;Rad;Entwurf\n"
    assert forbidden(tmp_path, text)[0] == set()
