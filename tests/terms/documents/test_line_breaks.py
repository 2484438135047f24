"""Texts broken at a width: what was a paragraph is one again, what was a list is not."""

from pathlib import Path
from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.cli import main
from lexgraft.terms.documents.line_breaks import unbroken
from lexgraft.terms.documents.read_document import paired, read_document
from lexgraft.terms.glossary.term_matcher import Matcher

ENGLISH = (
    "Before any work on the plant the state of the safety valve and of the pressure gauge is to be "
    "checked by two people, who write down what they have found."
)
JAPANESE = (
    "作業を始める前に必ず配管の圧力を抜き次の手順に従って"
    "安全バルブとガスケットの状態を確認し記録表に署名します。"
)
KOREAN = (
    "작업을 시작하기 전에 배관의 압력을 제거하고 다음 절차에 따라 "
    "세이프티 밸브와 개스킷의 상태를 확인하십시오."
)
THAI = ("ก่อนเริ่มงานให้ระบายความดันในท่อออกให้หมดแล้วตรวจสอบสภาพของวาล์ว", "กันภัยและปะเก็นตามขั้นตอน")


@given(st.integers(40, 78))
def test_lines_that_were_broken_at_any_width_are_one(width: int) -> None:
    lines = wrap(ENGLISH, width)
    assert list(unbroken([*lines, "", *lines])) == [lines, [""], lines]


def test_scripts_without_spaces_are_broken_anywhere() -> None:
    japanese = [JAPANESE[start : start + 20] for start in range(0, len(JAPANESE), 20)]
    for lines in (japanese, wrap(KOREAN, 30), list(THAI)):
        assert list(unbroken(lines)) == [lines]


@pytest.mark.parametrize(
    "text",
    [
        "Open the valve\nClose the pump\nRead the gauge",
        "安全弁を開く\nポンプを止める\n圧力計を読む",
        "valve\npump\ngasket",
        "This sentence is rather long and ends where its line does.\nThe next one follows it here.",
        "この文はここで終わり、次の文は次の行から始まりますので別々です。\nここから次の文です。",
        "A list that is introduced by a line as long as this\n- valve\n1. pump\n① gauge\n・seal",
    ],
)
def test_lines_that_stand_alone_stay_so(text: str) -> None:
    lines = text.split("\n")
    assert list(unbroken(lines)) == [[line] for line in lines]


def test_a_term_that_is_broken_over_a_line_end_is_found_with_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms, text = tmp_path / "terms.csv", tmp_path / "a.txt"
    terms.write_text(
        "id,term de,term en,forbidden en\n1,Sicherheitsventil,relief valve,safety valve\n"
    )
    broken = ENGLISH.replace("safety ", "safety\n").replace("people, who ", "people, who\n")
    text.write_text(f"Note\n\n{broken}\n")
    assert main(["glossary", "check", str(terms), str(text)]) == 1
    found = capsys.readouterr().out
    assert "segment: lines 3-5" in found
    assert r"text: safety\nvalve" in found or "text: safety valve" in found


@pytest.mark.parametrize(
    ("term", "text"), [("安全弁", "安全\n弁"), ("วาล์วนิรภัย", "วาล์ว\nนิรภัย"), ("ວາວນ້ຳ", "ວາວ\nນ້ຳ")]
)
def test_a_line_end_parts_no_term_of_a_script_without_spaces_and_a_space_does(
    term: str, text: str
) -> None:
    matcher = Matcher([(term, 1)])
    assert [match.values for match in matcher.find(text)] == [(1,)]
    assert not matcher.find(text.replace("\n", " "))


def test_two_texts_are_paired_by_paragraphs_lines_or_blocks(tmp_path: Path) -> None:
    def ids(source: str, target: str) -> list[str]:
        (tmp_path / "a.txt").write_text(source)
        (tmp_path / "b.txt").write_text(target)
        halves = (read_document(tmp_path / name, "de", "en") for name in ("a.txt", "b.txt"))
        return [segment.id for segment in paired(*halves).segments]

    wrapped = "\n".join(wrap(ENGLISH, 60))
    assert ids(f"Blatt\n\n{wrapped}\n", f"Title\n\n{ENGLISH}\n") == ["line 1", "line 3"]
    assert ids(f"{wrapped}\nEnde", "One.\nTwo.\nThree.\nFour.") == [
        f"line {n}" for n in (1, 2, 3, 4)
    ]
    assert ids("Eins.\nZwei.\n\nDrei.", "One.\n\nTwo.\nThree.\nFour.") == ["line 1", "lines 3-5"]
    assert ids("Eins.\nZwei.", "One.\n\nTwo.\nThree.") == ["all"]
