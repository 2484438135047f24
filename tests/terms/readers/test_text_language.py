"""Which language a column is in: told by its own cells, else asked about."""

from pathlib import Path

import pytest

from lexgraft.terms.readers import ImportOptions, TermImport
from lexgraft.terms.readers.column_headers import meanings_of
from lexgraft.terms.readers.table_account import UnclearTableError
from lexgraft.terms.readers.text_language import language_told, languages_fitting


def meaning(tmp_path: Path, text: str, header: str) -> str:
    """Return what a column is read as; where it is asked about, the answers in order."""
    path = tmp_path / "terms.csv"
    path.write_text(text, encoding="utf-8")
    reading = TermImport([path], ImportOptions())
    try:
        list(reading)
    except UnclearTableError as error:
        answers = [(one.answer, *one.others) for one in error.questions]
        mine = [row for row in answers if row[0].startswith(f"{header}=")]
        return " or ".join(answer.partition("=")[2] for row in mine for answer in row)
    (table,) = reading.readings[0].tally.tables
    return next(column.meaning for column in table.columns if column.header == header)


ASKED = [
    # German beside English alone, with small words and without
    ("English;Definition\nlorry;Ein Wagen für den Transport von Gütern\n", "definition de or de"),
    ("English;Definition\nlorry;Lastwagen\ngear;Zahnrad\n", "definition en"),
    ("English;Bedeutung\nlorry;Lastwagen\n", "definition de or definition en or term de"),
    ("English;Abkürzung\nFM radio;UKW\nlorry;LKW\n", "synonyms de or synonyms en"),
    ("English;Synonymes\nvalve;vanne\n", "synonyms fr or synonyms en"),
    ("English;Verbotene Benennung\nvalve;Hahn\n", "forbidden de or forbidden en"),
    # near relatives, and a third language under two
    ("nb;da;Definition\nventil;ventil;en del med en ventil\n", "definition nb or definition da"),
    ("en;fr;Definition\nvalve;vanne;una parte de la bomba con el eje\n", "definition es"),
    (
        "nl;de;definitie\nklep;Ventil;Ein Teil der Pumpe\nas;Welle;Een deel van de pomp\n",
        "definition nl",
    ),
    ("zh;ja;definition\n阀;弁;流量制御\n", "definition zh or definition ja"),
    (
        "sr-Latn;hr;definition\nventil;ventil;dio koji reguli\n",
        "definition hr or definition sr-Latn",
    ),
    ("en;de;Definition 1;Definition 2\nvalve;Ventil;stop of flow;Regelung\n", ""),
    # what the header says, and the cells do not
    ("en;de;definition_en\nvalve;Ventil;Ein Teil der den Fluss regelt\n", "definition de"),
    ("ru;en;definition_ru\nклапан;valve;регулює потік і тиск та не є\n", "definition uk"),
]


@pytest.mark.parametrize(("text", "answer"), ASKED)
def test_a_language_that_only_neighbours_suggest_is_asked_about(
    tmp_path: Path, text: str, answer: str
):
    header = text.partition("\n")[0].split(";")[-1]
    said = meaning(tmp_path, text, header)
    assert " or " in said
    assert said.startswith(answer.partition(" or de")[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("English;Definition\nlorry;a vehicle for the transport of goods\n", "definition en"),
        ("Terme français;Définition\nvanne;organe\n", "definition fr"),
        ("日本語;略語\nシーケンサ;PLC\n", "synonyms ja"),
        ("ru;uk;definition\nклапан;клапан;регулює потік і тиск та не є\n", "definition uk"),
        ("ar;fa;definition\nصمام;شیر;جزئی است که جریان را کنترل می‌کند\n", "definition fa"),
        ("es;pt;definition\nválvula;válvula;uma peça que não gira\n", "definition pt"),
        ("zh;ja;definition\n阀;弁;传动部件\n", "definition zh"),
        ("Swedish;Synonyms\nventil;kran\n", "synonyms sv"),
        ("en;ja;禁止語\nvalve;弁;バルブ\n", "forbidden ja"),
    ],
)
def test_a_language_that_cells_or_header_tell_is_taken(tmp_path: Path, text: str, expected: str):
    assert meaning(tmp_path, text, text.partition("\n")[0].split(";")[-1]) == expected


def test_definitions_of_rows_in_another_language_than_the_row_names_are_asked_about(tmp_path: Path):
    rows = "1;en;valve;a part that stops the flow\n1;de;Ventil;a part that stops the flow\n"
    said = meaning(tmp_path, f"id;language;term;definition\n{rows}", "definition")
    assert said == "definition en or ignore"


def test_terms_in_letters_of_another_language_are_asked_about_and_single_ones_counted(
    tmp_path: Path,
):
    rows = "valve;Ventil\nGehäuse;housing\nLöten;soldering\nSchlüssel;key\n"
    assert meaning(tmp_path, f"English;Deutsch\n{rows}", "English").startswith("term LANGUAGE or")
    path = tmp_path / "t.csv"
    path.write_text("English;日本語\nvalve;弁\n歯車;gear\nnut;ナット\n", encoding="utf-8")
    reading = TermImport([path])
    list(reading)
    warnings = reading.readings[0].tally.warnings
    assert warnings["a term in a script that `en` is not written in"].lines == [3]


@pytest.mark.parametrize(
    ("headers", "sure"),
    [
        (["en", "de", "lit"], [True, True, False]),
        (["en", "de", "cat"], [True, True, False]),
        (["en", "de", "st"], [True, True, False]),
        (["EN", "EST", "PER"], [True, False, False]),
        (["eng", "deu", "lit", "hrv"], [True] * 4),
        (["eng", "ack"], [True, False]),
        (["sr", "hr"], [True, True]),
        (["en", "ne", "hy", "ca"], [True] * 4),
    ],
)
def test_a_rare_code_is_a_language_only_beside_its_like(headers: list[str], sure: list[bool]):
    assert [not column.doubt for column in meanings_of(headers)] == sure


def test_a_text_of_another_language_than_those_offered_is_told():
    told = language_told(["ein Rad mit Zähnen", "die Welle der Pumpe"], ["en"])
    assert (told.tag, told.other) == ("", "de")
    assert languages_fitting("流れを止める", ["zh", "ko"]) == ()


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("Begriff,Definition\nVentil,Bauteil\nPumpe,Gerät\n", "'Begriff=term de'"),
        ("Terme,English\nvanne,valve\npompe,pump\n", "'Terme=term fr'"),
        ("Source,Target\nvalve,vanne\npump,pompe\n", "'Source=term LANGUAGE'"),
        ("Término,Sinónimos\nválvula,llave\nbomba,grifo\n", "'Sinónimos=synonyms es'"),
    ],
)
def test_the_first_proposal_is_the_language_that_the_header_is_written_in(
    tmp_path: Path, text: str, ready: str
):
    (tmp_path / "terms.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnclearTableError) as caught:
        list(TermImport([tmp_path / "terms.csv"], ImportOptions()))
    assert f"--column {ready}" in str(caught.value).partition("→")[2]


def test_a_pair_of_source_and_target_may_name_its_languages(tmp_path: Path):
    for header in ("Source (en),Target (fr)", "Source English,Target French"):
        path = tmp_path / "terms.csv"
        path.write_text(f"{header}\nvalve,vanne\npump,pompe\n", encoding="utf-8")
        first, _ = TermImport([path], ImportOptions())
        assert (first.names("en"), first.names("fr")) == (("valve",), ("vanne",))
