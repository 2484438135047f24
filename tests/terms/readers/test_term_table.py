"""The CSV and TSV reader."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import TermImport, read_concepts
from lexgraft.terms.readers.import_options import ImportOptions


def read_table(path: Path, asked: ImportOptions | None = None) -> list[Concept]:
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
        ("a,b\n1,2\n", "header with a column of terms"),
        ("id,term\n1,x\n", "--column 'term=term en'"),
        ("en,en\nx,y\n", "both hold `term en`"),
        ("id,en,status\n1,x,preferrd\n", r"preferrd(.|\n)*did you mean `preferred`"),
        ("id,en\n1,x,y\n", "3 cells under 2 headers"),
        ('id,en\n1,"x" y\n', "broken row"),
        ('id,en\n1,"never closed\n', "broken row"),
    ],
)
def test_a_broken_table_is_refused_with_place_and_cure(tmp_path: Path, text: str, message: str):
    with pytest.raises(LexgraftError, match=message):
        read_table(write(tmp_path, text))


def test_a_title_above_the_header_is_passed_over(tmp_path: Path):
    (concept,) = read_table(write(tmp_path, "用語集,\n\nen,ja\nfever,発熱\n"))
    assert concept.names("ja") == ("発熱",)


@pytest.mark.parametrize(
    "header", ["英訳,和訳", "英語名,日本語名", "English (US),日本語表記", "Term_en,用語：日本語"]
)
def test_headers_without_spaces_are_understood(tmp_path: Path, header: str):
    (concept,) = read_table(write(tmp_path, f"{header}\nfever,発熱\n"))
    assert (concept.names("en"), concept.names("ja")) == (("fever",), ("発熱",))


def test_a_header_as_column_takes_it_is_that(tmp_path: Path):
    text = "term nl,note nl,term en\nklep,alleen bij water,valve\n"
    (concept,) = read_table(write(tmp_path, text))
    assert [(one.text, one.note) for one in concept.terms] == [
        ("klep", "alleen bij water"),
        ("valve", ""),
    ]


def test_columns_are_named_by_the_user(tmp_path: Path):
    asked = ImportOptions(
        columns={"A": "term en", "B": "term ja", "en": "ignore", "C": "status ja"}
    )
    text = "A,B,C,en\nfever,発熱,承認,x\nfever,熱病,禁止,x\n"
    (concept,) = read_table(write(tmp_path, text), asked)
    assert concept.terms == (
        Term("fever", "en"),
        Term("発熱", "ja"),
        Term("熱病", "ja", status="forbidden"),
    )


@pytest.mark.parametrize(
    ("meaning", "message"), [("trem ja", "did you mean `term`"), ("term jx", "unknown language")]
)
def test_a_meaning_that_is_not_known_is_refused(tmp_path: Path, meaning: str, message: str):
    with pytest.raises(LexgraftError, match=message):
        read_table(write(tmp_path, "A,ja\nx,y\n"), ImportOptions(columns={"A": meaning}))


def test_several_terms_of_a_cell_are_split_at_the_named_separator_only(tmp_path: Path):
    path = write(tmp_path, "id,en,ja\n1,fever;pyrexia,発熱；熱発\n")
    assert read_table(path)[0].names("en") == ("fever;pyrexia",)
    named = read_table(path, ImportOptions(separators=(";",)))[0]
    assert (named.names("en"), named.names("ja")) == (("fever", "pyrexia"), ("発熱；熱発",))
    taken = TermImport([path])
    list(taken)
    assert (
        "a cell that looks like several terms (--separator ';')" in taken.readings[0].tally.warnings
    )
    other = TermImport(
        [write(tmp_path, "id,en,同義語（英語）\n1,gear,cog|wheel\n")],
        ImportOptions(separators=(";",)),
    )
    assert next(iter(other)).names("en") == ("gear", "cog|wheel")
    assert (
        "a cell that looks like several terms (--separator '|')" in other.readings[0].tally.warnings
    )


def test_a_column_of_licences_is_kept(tmp_path: Path):
    path = write(tmp_path, "id,language,term,licence\n1,en,gear,\n1,ja,歯車,社外秘\n2,en,cog,\n")
    assert [one.licence for one in read_table(path)] == ["社外秘", ""]
    assert {one.licence for one in read_table(path, ImportOptions(licence="mine"))} == {"mine"}


def test_a_forbidden_translation_does_not_forbid_its_source_term(tmp_path: Path):
    text = "en,ja,状態\nuser,利用者,禁止\nuser,ユーザー,承認\n"
    found = read_table(write(tmp_path, text))
    assert all(one.names("en") == ("user",) for one in found)


def test_columns_of_forbidden_terms_readings_and_uses_are_read(tmp_path: Path):
    text = "en,ja,禁止語（日本語）,読み,使い分け（日本語）\nfever,発熱,熱病,はつねつ,医学\n"
    (concept,) = read_table(write(tmp_path, text))
    assert concept.terms == (
        Term("fever", "en"),
        Term("発熱", "ja", note="医学"),
        Term("熱病", "ja", status="forbidden", note="医学"),
        Term("はつねつ", "ja-Hrkt"),
    )


def test_two_approved_rows_of_one_word_without_ids_are_two_meanings(tmp_path: Path):
    found = read_table(write(tmp_path, "en,ja,status\nnail,爪,approved\nnail,釘,approved\n"))
    assert [one.names("ja") for one in found] == [("爪",), ("釘",)]


def test_faulty_rows_are_listed_and_the_others_read(tmp_path: Path):
    path = write(tmp_path, "id,en,forbidden\n1,fever,no\n1,chill,no,y\n2,cough,no\n3,ache,,x\n")
    taken = TermImport([path])
    assert [one.id for one in taken] == ["1", "2"]
    tally = taken.readings[0].tally
    assert [refusal.line for refusal in tally.refused] == [3, 5]
    assert (tally.read, tally.kept, tally.refusals) == (4, 2, 2)


def test_a_workbook_is_read_as_it_looks(tmp_path: Path):
    from datetime import date

    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for row in (
        ["id", "英語", "日本語", "日付"],
        [7, "NA", "該当なし", date(2025, 1, 2)],
        [8.5, 42, "四十二"],
    ):
        book.active.append(row)
    hidden = book.create_sheet("hidden")
    hidden.append(["en"])
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    book.create_sheet("notes").append(["only notes"])
    path = tmp_path / "terms.xlsx"
    book.save(path)
    taken = TermImport([path])
    found = {one.id: (one.names("en"), one.names("ja")) for one in taken}
    assert found == {"7": (("NA",), ("該当なし",)), "8.5": (("42",), ("四十二",))}
    assert any("sheet `notes`: not read" in one for one in taken.readings[0].tally.warnings)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path):
    import zipfile

    path = tmp_path / "terms.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(LexgraftError, match="no workbook"):
        read_table(path)
