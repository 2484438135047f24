"""Terms are found as people write them: one invented text per kind of difference."""

import pytest

from lexgraft.terms.glossary.term_matcher import Matcher

FOUND = (
    ("Wi-Fi", "the Wi‑Fi is on", "Wi‑Fi"),
    ("t-cell", "a T–cell", "T–cell"),
    ("t-cell", "two t cells", "t cells"),
    ("don't", "I don’t", "don’t"),
    ("コンピュータ", "コンピューターを", "コンピューター"),
    ("コンピューター", "コンピュータを", "コンピュータ"),
    ("コンピュータシステム", "コンピューターシステム", "コンピューターシステム"),
    ("ユーザ", "エンドユーザーの", "ユーザー"),
    ("サーバ", "サーヴァーの", "サーヴァー"),
    ("取付け", "取り付けを", "取り付け"),
    ("取り付け", "取付けと取付", "取付け"),
    ("締付けトルク", "締付トルクは", "締付トルク"),
    ("引張強さ", "引っ張り強さは", "引っ張り強さ"),
    ("軸受", "軸受けは", "軸受け"),
    ("バリ取り", "のばり取りを", "ばり取り"),
    ("保護メガネ", "保護めがねなど", "保護めがね"),
    ("ねじ", "このネジを", "ネジ"),
    ("ネジ", "このねじを", "ねじ"),
    ("データ・ベース", "データベース管理", "データベース"),
    ("データベース", "このデータ・ベースは", "データ・ベース"),
    ("USB ケーブル", "USBケーブルを", "USBケーブル"),
    ("USBケーブル", "USB　ケーブルを", "USB　ケーブル"),
    ("形状記憶合金", "形状記憶\n合金", "形状記憶\n合金"),
    ("旧鉄道", "舊鐵道の", "舊鐵道"),
    ("大動脈弁", "大動脈辨", "大動脈辨"),
    ("データ", "ﾃﾞｰﾀを", "ﾃﾞｰﾀ"),
    ("istanbul", "İstanbul, 2025", "İstanbul"),
    ("데이터 베이스", "데이터베이스를", "데이터베이스"),
    ("محمل", "هذا المحمل جديد", "المحمل"),
    ("心筋梗塞（しんきんこうそく）", "心筋梗塞は", "心筋梗塞"),
    ("中央処理装置（CPU）", "このCPUは", "CPU"),
    ("central processing unit (CPU)", "a central processing unit", "central processing unit"),
    ("central processing unit (CPU)", "two CPUs", "CPUs"),
    ("file(s)", "all files", "files"),
    ("IT", "the IT works", "IT"),
    ("API", "two APIs", "APIs"),
)
NOT_FOUND = (
    ("IT", "it works"),
    ("US", "Who told us?"),
    ("central processing unit (CPU)", "cpu"),
    ("ビル", "ビールを"),
    ("カバ", "カバーを"),
    ("カラス", "だからすぐ"),
    ("マス", "示します"),
    ("ゴミ", "リンゴ・ミカン"),
    ("都内", "東京都 内閣"),
    ("軸受", "軸の受けは"),
    ("打ち合わせ", "打ち合い"),
    ("心臓（しんぞう）", "しんぞ"),
    ("valve", "{valve} {{ valve }} ${valve} $valve %(valve)s %valve%"),
    ("valve", "https://example.org/valve www.valve.example info@valve.example"),
    ("valve", '<valve id="1"> <a title="valve"/> <!-- valve --> <code>valve</code>'),
    ("valve", "`valve` valve_seat valve() C:\\valve\\a.txt"),
    ("valve", "```\nvalve\n```"),
    ("amp", "a &amp; b"),
    ("d", "%d %1$d %-5.2f"),
    ("count", "{count, plural, other {#}}"),
)
VOWELS = (
    ("βάνα", "ΚΛΕΙΣΤΕ ΤΗ ΒΑΝΑ.", "ΒΑΝΑ"),
    ("βάνα ατμού", "Η ΒΑΝΑ ΑΤΜΟΥ", "ΒΑΝΑ ΑΤΜΟΥ"),
    ("بلف", "افتح البِلْف الآن", "البِلْف"),
    ("بلف", "افتح بِلْفُ", "بِلْفُ"),
    ("بِلْف", "افتح بلف", "بلف"),
    ("بلف", "والبلف", "والبلف"),
    ("بلف", "فالبلف", "فالبلف"),
    ("بلف", "بــلف", "بــلف"),
)


@pytest.mark.parametrize(("term", "text", "there"), FOUND)
def test_a_term_is_found_in_another_spelling(term: str, text: str, there: str) -> None:
    first, *_ = Matcher([(term, term)]).find(text)
    assert text[first.start : first.end] == there


@pytest.mark.parametrize(("term", "text", "there"), VOWELS)
def test_a_term_is_found_without_accents_of_capitals_and_with_vowel_signs(
    term: str, text: str, there: str
) -> None:
    first, *_ = Matcher([(term, term)]).find(text)
    assert text[first.start : first.end] == there


def test_an_accent_that_tells_words_apart_is_kept_in_small_letters() -> None:
    assert Matcher([("νόμος", 1)]).find("ο νομός") == []


@pytest.mark.parametrize(("term", "text"), NOT_FOUND)
def test_what_only_looks_like_a_term_is_none(term: str, text: str) -> None:
    assert Matcher([(term, term)]).find(text) == []


def test_what_is_written_goes_before_what_is_meant() -> None:
    matcher = Matcher(
        [(term, term) for term in ("ユーザー", "ユーザ", "US", "us", "弁", "弁（逆止）")]
    )
    for text in ("ユーザー", "ユーザ", "US", "us", "弁"):
        assert matcher.find(text)[0].values == (text,)
