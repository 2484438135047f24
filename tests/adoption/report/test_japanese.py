"""The Japanese of the page: the words that were asked for, and nothing left in English."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from lexgraft.adoption.decision import StageOutcomes, decide
from lexgraft.adoption.decision_table import TABLE
from lexgraft.adoption.report.next_step import NextStep
from lexgraft.adoption.report.page import render_page
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import WORDS, named
from lexgraft.adoption.report.stairs import next_words
from lexgraft.adoption.report.viewer_section import viewer_section
from lexgraft.adoption.verdict_text import decision_in_words
from lexgraft.evaluation.measures import ABILITY, TARGET_GAIN
from lexgraft.records import Criterion, Verdict

BAD_AND_BETTER = {
    "採用評価レポート": "導入評価レポート",
    "言語モデルをそのまま使ってください": "",
    "判定に概念数が不足しています": "評価に使った用語が少なく、まだ結論を出せません",
    "採用しない": "導入は見送り：一般能力を落とさずに用語を習得できた手法はありませんでした",
    "損失なしに": "",
    "用語ベース全体でのチューニング": "用語集全体を対象とした追加学習",
    "習得余地": "伸びしろ（D だけが知る用語の割合）",
    "該当項目 − 無作為項目": "該当用語を示した効果（無関係な用語との差）",
    "転移 − プラセボ": "専門モデルから移った用語（偶然分を除く）",
    "文章（バイトあたりビット数）": "一般文章の予測精度（低下率）",
    "当て推量": "でたらめに選んだ場合の正答率",
    "求める獲得": "目標水準",
    "汎化について語れる": "汎化性能を示すのは、学習に使っていない用語の結果だけです",
    "負は下回り": "マイナスは誤答が上回ったことを示します",
    "件で判定可能": "追加すれば判定できます",
    "何かを渡す前に": "第三者に提供する前にご確認ください",
    "問わなかった概念": "出題しなかった用語",
    "封印": "未開封の最終確認用",
}
"""A known bad wording → the one in its place; "": said in several ways since."""
NAMES = {
    "API", "CPU", "CSV", "GPU", "ID", "PMI", "D", "G", "base", "nat", "pt", "EUR", "JSON", "Zipf",
    "lexgraft", "terms.csv", "viewer.json", "report.json", "confirm", "choose", "sealed", "n",
    "json",
}  # fmt: skip
"""What is called so in Japanese too: roles, units, files, names of splits."""
_LATIN = re.compile(r"[A-Za-z][A-Za-z.\-]*")
_JAPANESE = "[\u3040-\u30ff\u4e00-\u9fff]"
_NARROW = re.compile(f"{_JAPANESE}[,.:;!?()]|[,.:;!?()]{_JAPANESE}")


def shown_words() -> dict[str, str]:
    """Return every Japanese text that the package holds, by where it stands."""
    texts = {f"texts {key}": text.ja for key, text in WORDS.texts.items()}
    texts |= {f"names {key}": text.ja for key, text in WORDS.names.items()}
    texts |= {f"decision {key}": row.sentence["ja"] for key, row in TABLE.items()}
    texts |= {f"change {key}": row.would_change["ja"] for key, row in TABLE.items()}
    return {key: re.sub(r"`[^`]*`|\{[^}]*\}", "", text) for key, text in texts.items()}


def source_texts() -> str:
    """Return the sources whose Japanese a report may show."""
    folder = Path(str(files("lexgraft.adoption")))
    rights = folder.parent / "terms" / "readers" / "rights.py"
    found = [*folder.rglob("*.py"), folder / "report" / "words.json", rights]
    return "".join(file.read_text(encoding="utf-8") for file in found)


@pytest.mark.parametrize("bad", BAD_AND_BETTER)
def test_a_bad_wording_is_gone_and_the_better_one_stands(bad: str):
    said = re.sub(r'"\s*\n\s*"', "", source_texts())  # a sentence over several lines
    assert bad not in said
    assert BAD_AND_BETTER[bad] in said


def _undecided(*names: str) -> Verdict:
    criteria = tuple(Criterion(name, "ja", 0.1, 0.0, 0.2, 0.05, "undecided", 9) for name in names)
    return Verdict("merge", "undecided", {}, criteria)


@pytest.mark.parametrize(
    ("open_ones", "few"), [((TARGET_GAIN, ABILITY), "用語"), ((ABILITY,), "文書")]
)
def test_what_is_undecided_says_what_was_too_little_and_whom_to_keep(
    open_ones: tuple[str, ...], few: str
):
    decision = decide(StageOutcomes(headroom="pass", merge="undecided", protected="pass"))
    said = decision_in_words(decision, "ja", [_undecided(*open_ones)]).sentence
    assert f"評価に使った{few}が少なく、まだ結論を出せません。" in said["ja"]
    assert "当面は現行の日本語モデル（G）を継続利用してください。" in said["ja"]
    assert "Keep the Japanese model (G)" in said["en"]
    german = decision_in_words(decision, "de", [_undecided(*open_ones)]).sentence["ja"]
    assert "現行のドイツ語モデル（G）" in german


def test_more_data_is_asked_for_as_a_person_would():
    step = NextStep("more", "merge", "pass", {"documents": 6})
    assert "文書をあと 6 件追加すれば判定できます" in next_words(step)["ja"]


@pytest.mark.parametrize("key", shown_words())
def test_japanese_texts_hold_no_english_and_no_narrow_punctuation(key: str):
    text = shown_words()[key]
    assert [word for word in _LATIN.findall(text) if word not in NAMES] == []
    assert _NARROW.findall(text) == []


class _Japanese(HTMLParser):
    """Collects what a page says in Japanese, without code and names out of files."""

    EMPTY = frozenset({"meta", "link", "br", "input", "wbr", "path", "circle", "line", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.around: list[tuple[str, bool, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            values = dict(attrs)
            ours = values.get("lang") == "ja" and values.get("class") == "t"
            self.around.append((tag, ours, tag in ("code", "bdi", "script", "style")))

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(ours for _, ours, _ in self.around) and not any(out for *_, out in self.around):
            self.texts.append(data)


def test_the_page_says_nothing_in_english_to_japanese_readers(report: Report):
    parser = _Japanese()
    parser.feed(render_page(report) + viewer_section())
    assert len(parser.texts) > 400
    of_run = {word for p in report.parents for word in _LATIN.findall(f"{p.name} {p.licence}")}
    of_run |= {word for point in report.points for word in _LATIN.findall(point.model)}
    left = {
        word: text
        for text in parser.texts
        for word in _LATIN.findall(text)
        if word not in NAMES | of_run
    }
    assert left == {}
    assert [text for text in parser.texts if _NARROW.search(text)] == []


def test_a_name_of_two_parts_is_one_in_brackets():
    assert (
        named("target gain, term generation", "ja") == "対象言語での向上（自由回答での用語の想起）"
    )
