"""Rows that are no entries: letters between them, titles over all columns, footers below."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import ImportOptions, TermImport


def read(
    path: Path, text: str = "", **options: object
) -> tuple[list[tuple[str, ...]], dict[str, list[int]]]:
    """Return the texts of each concept's terms, and the lines left out by reason."""
    if text:
        path.write_text(text, encoding="utf-8")
    reading = TermImport([path], ImportOptions(**options))  # type: ignore[arg-type]
    texts = [tuple(term.text for term in one.terms) for one in reading]
    tally = reading.readings[0].tally
    assert tally.read == tally.kept + sum(one.count for one in tally.left_out.values())
    return texts, {reason: one.lines for reason, one in tally.left_out.items()}


LETTERS = "a letter between entries, no term (--cells heading=take)"
TITLE = "a title over all columns, no term (--cells heading=take)"
FOOTER = "a footer, no term (--cells footer=take)"


def test_letters_between_entries_are_no_terms(tmp_path: Path):
    text = "en;de;note\nA;;\naccumulator;Speicher;\nB;B;\nbearing;Lager;\nC;;\nclutch;Kupplung;\n"
    texts, left = read(tmp_path / "t.csv", text)
    assert texts == [("accumulator", "Speicher"), ("bearing", "Lager"), ("clutch", "Kupplung")]
    assert left == {LETTERS: [2, 4, 6]}
    texts, left = read(tmp_path / "t.csv", text, cells={"heading": "take"})
    assert (len(texts), texts[0], left) == (6, ("A",), {})


def test_symbols_that_are_the_same_in_all_columns_are_terms(tmp_path: Path):
    """K, C and N stand before Kalium, CRP and Natrium, and are entries all the same."""
    text = "de,ja\nK,K\nKalium,カリウム\nC,C\nCRP,C反応性蛋白\nN,N\nNatrium,ナトリウム\n"
    texts, left = read(tmp_path / "t.csv", text)
    assert (len(texts), left) == (6, {})


def test_letters_that_no_entry_follows_are_terms(tmp_path: Path):
    texts, left = read(
        tmp_path / "t.csv", "en,de\nA,A\nvolt,Volt\nC,\nohm,Ohm\nS,S\nsecond,Sekunde\n"
    )
    assert (len(texts), left) == (6, {})


@pytest.mark.parametrize("heading", ["ア行", "か行", "A-C", "A – C", "[B]", "ㄱ"])
def test_other_headings_of_an_index_are_no_terms(tmp_path: Path, heading: str):
    text = f"日本語,en\n弁,valve\n{heading},\n玉軸受,ball bearing\n"
    text = (
        text.replace("日本語", "ko").replace("弁", "밸브").replace("玉軸受", "기어")
        * (heading == "ㄱ")
        or text
    )
    texts, left = read(tmp_path / "t.csv", text)
    assert (len(texts), left) == (2, {LETTERS: [3]})


@pytest.mark.parametrize(
    "footer",
    [
        "© 2024 Muster GmbH;",
        "Copyright (c) Muster;",
        "Stand: 12.03.2024;",
        "Stand März 2024;",
        "Summe;5",
        "Total: 5;",
        "合計 3件;",
        "合計;3",
        "更新日：2024年3月1日;",
        "※ 改訂版;",
        "Mise à jour : mars 2024;",
        "Version 1.2;",
        "Totaal: 3;",
        "Seite 1;",
    ],
)
def test_footers_are_no_terms(tmp_path: Path, footer: str):
    text = f"en;de\nvalve;Ventil\ntotal;Summe\nversion;Version\n\n{footer}\n"
    texts, left = read(tmp_path / "t.csv", text)
    assert texts == [("valve", "Ventil"), ("total", "Summe"), ("version", "Version")]
    assert left == {FOOTER: [6]}
    assert len(read(tmp_path / "t.csv", text, cells={"footer": "take"})[0]) == 4


@pytest.mark.parametrize(
    "term", ["total;", "version 2 interface;", "copyright notice;", "total;5 V"]
)
def test_a_term_that_is_not_translated_is_no_footer(tmp_path: Path, term: str):
    texts, left = read(tmp_path / "t.csv", f"en;de\nvalve;Ventil\n{term}\n")
    assert (len(texts), left) == (2, {})


def test_a_title_merged_over_the_columns_of_a_workbook_is_no_term(tmp_path: Path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["nl", "pl", "id"], ["Hydraulica"], ["klep", "zawór", 1], ["API", None, 2]):
        sheet.append(row)
    sheet.merge_cells("A2:C2")
    sheet.merge_cells("A4:B4")
    book.save(tmp_path / "t.xlsx")
    texts, left = read(tmp_path / "t.xlsx")
    assert (texts, left) == ([("klep", "zawór"), ("API", "API")], {TITLE: [2]})
    texts, _ = read(tmp_path / "t.xlsx", cells={"heading": "take"})
    assert texts[0] == ("Hydraulica", "Hydraulica")


def test_letters_do_not_decide_in_which_script_a_column_is(tmp_path: Path):
    text = "英語,日本語\nア行,\naxle,軸\nカ行,\ngear,歯車\nサ行,\n"
    texts, left = read(tmp_path / "t.csv", text)
    assert (texts, left) == ([("axle", "軸"), ("gear", "歯車")], {LETTERS: [2, 4, 6]})


SECTION = "a heading in one cell between entries, no term (--cells heading=take)"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("de;en\nVentil;valve\nAbkürzungen;\nDN;nominal width\n", [3]),
        ("nl;pl\nklep;zawór\nAfkortingen;\nDN;średnica\n", [3]),
        ("fr;es\nvanne;válvula\nTermes généraux;\npompe;bomba\n", [3]),
        ("英語,日本語\n一般,\nvalve,弁\npump,ポンプ\n機械,\nbearing,軸受\n", [2, 5]),  # not English
    ],
)
def test_headings_of_one_cell_that_cannot_be_terms_are_none(
    tmp_path: Path, text: str, lines: list[int]
):
    texts, left = read(tmp_path / "t.csv", text)
    assert left == {SECTION: lines}
    assert all(len(terms) == 2 for terms in texts)
    assert "heading" not in read(tmp_path / "t.csv", text, cells={"heading": "take"})[1]


SECTIONS = (
    "de;en;id\nVentile;;\nKugelhahn;ball valve;1\nKlappe;flap;2\nLager;;\nGleitlager;bush;3\n"
)


def test_headings_of_one_cell_that_may_be_terms_are_asked_about(tmp_path: Path):
    with pytest.raises(LexgraftError, match="heading=single or --cells") as asked:
        read(tmp_path / "t.csv", SECTIONS)
    assert "2 rows have one cell alone and begin a part (Ventile · Lager)" in str(asked.value)
    texts, left = read(tmp_path / "t.csv", SECTIONS, cells={"heading": "single"})
    assert (len(texts), left) == (3, {SECTION: [2, 5]})
    texts, left = read(tmp_path / "t.csv", SECTIONS, cells={"heading": "take"})
    assert (len(texts), left) == (5, {})


@pytest.mark.parametrize(
    "text",
    [
        "de;en\nKugelhahn;ball valve\nKlappe;\nLager;bearing\nRad;\nAchse;axle\n",  # gaps
        "de;en\nKlappe;\nRad;\nAchse;axle\n",  # two beside each other
        "id;en;de\n1;valve;Ventil\n;;Armatur\n2;pump;Pumpe\n;;Förderer\n3;gear;Rad\n",  # synonyms
    ],
)
def test_terms_without_a_translation_are_no_headings(tmp_path: Path, text: str):
    assert read(tmp_path / "t.csv", text)[1] == {}
