"""The CSV and TSV reader."""

from pathlib import Path

import pytest

from lexgraft.errors import UserError
from lexgraft.readers import read_concepts
from lexgraft.readers.intake import Asked
from lexgraft.records import Concept, Term


def read_table(path: Path, asked: Asked | None = None) -> list[Concept]:
    return read_concepts([path], asked)


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "terms.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "header",
    [
        "id,en,ja,definition_en,品詞",
        "番号,英語,日本語,定義（英語）,品詞",
        "Concept ID,English (United States),Japanese,English definition,part of speech",
        "ID,en-US,用語（日本語）,英語の定義,POS",
    ],
)
def test_a_wide_table_is_understood_in_english_and_japanese(tmp_path: Path, header: str):
    row = 'C1,tachycardia,頻脈,"A fast, regular heart",noun'
    (concept,) = read_table(write(tmp_path, f"{header}\n{row}\n"))
    assert concept.id == "C1"
    assert concept.terms == (Term("tachycardia", "en", "noun"), Term("頻脈", "ja", "noun"))
    assert concept.definitions == {"en": "A fast, regular heart"}


def test_a_long_table_gathers_the_terms_of_a_concept(tmp_path: Path):
    text = (
        "id\tterm\tlanguage\tstatus\tdefinition\n"
        "C1\ttachycardia\ten\tapproved\tA fast heart.\n"
        "C1\tfast pulse\tEnglish\tadmitted\t\n"
        "C1\tpalpitation\ten\tforbidden\t\n"
        "C1\t頻脈\t日本語\t承認\t心拍が速いこと。\n"
    )
    (concept,) = read_table(write(tmp_path, text))
    assert concept.names("en") == ("tachycardia", "fast pulse")
    assert concept.terms[2].status == "forbidden"
    assert concept.names("ja") == ("頻脈",)
    assert concept.definitions == {"en": "A fast heart.", "ja": "心拍が速いこと。"}


def test_quotes_in_tab_separated_text_are_characters(tmp_path: Path):
    text = 'id\ten\n1\t"open quote\n2\tnormal\n3\tthe "x" sign\n'
    assert [one.names("en")[0] for one in read_table(write(tmp_path, text))] == [
        '"open quote',
        "normal",
        'the "x" sign',
    ]


def test_words_that_look_missing_are_terms(tmp_path: Path):
    found = read_table(write(tmp_path, "id,en\n1,NA\n2,null\n3,None\n"))
    assert [one.names("en") for one in found] == [("NA",), ("null",), ("None",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_japanese_encodings_are_told_apart(tmp_path: Path, encoding: str):
    (concept,) = read_table(write(tmp_path, "id,日本語\n1,①髙﨑㈱\n", encoding))
    assert concept.names("ja") == ("①髙﨑㈱",)


def test_synonyms_are_split_at_the_bar_only(tmp_path: Path):
    text = "id,en,synonyms en\n1,pertussis,whooping cough | chin-cough/kink\n"
    (concept,) = read_table(write(tmp_path, text))
    assert concept.names("en") == ("pertussis", "whooping cough", "chin-cough/kink")


def test_a_row_without_id_is_named_by_its_line(tmp_path: Path):
    found = read_table(write(tmp_path, "en;ja\nfever;発熱\n\n;\ncough;咳\n"))
    assert [one.id for one in found] == ["terms:2", "terms:5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column of terms"),
        ("id,term\n1,x\n", "names no language"),
        ("en,en\nx,y\n", "same header"),
        ("id,en,status\n1,x,preferrd\n", r"terms\.csv:2.*preferrd(.|\n)*did you mean `preferred`"),
        ("id,en\n1,x,y\n", "3 cells under 2 headers"),
        ('id,en\n1,"x" y\n', "broken row"),
        ('id,en\n1,"never closed\n', "broken row"),
    ],
)
def test_a_broken_table_is_refused_with_place_and_cure(tmp_path: Path, text: str, message: str):
    with pytest.raises(UserError, match=message):
        read_table(write(tmp_path, text))
