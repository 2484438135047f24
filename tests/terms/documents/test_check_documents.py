"""Documents checked against a glossary: each format from an invented file to its findings."""

import json
import zipfile
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.terms.documents.read_document import read_document

TERMS = (
    "id,language,term,status\nV,en,valve,preferred\nV,ja,弁,preferred\nV,ja,バルブ,admitted\n"
    "V,ja,ベン,forbidden\nP,en,pump,preferred\nP,ja,ポンプ,preferred\n"
)
PAIRS = (
    ("u1", "Open the valve.", "弁を開く。"),
    ("u2", "Close the valve.", "バルブを閉じる。"),
    ("u3", "The pump runs.", "送液機が動く。"),
    ("u4", "A {valve} here.", "ここに {valve}。"),
)
XLIFF_1 = (
    '<xliff version="1.2"><file source-language="en-US" target-language="ja"><body>{units}'
    '<trans-unit id="x" translate="no"><source>valve</source><target>x</target></trans-unit>'
    '<trans-unit id="y"><source>valve</source><target/></trans-unit></body></file></xliff>'
)
XLIFF_2 = '<xliff version="2.0" srcLang="en" trgLang="ja"><file id="f">{units}</file></xliff>'


def written(folder: Path, kind: str) -> Path:
    """Return a file of one format with the pairs."""
    file = folder / f"document.{kind}"
    units = {
        "xlf": '<trans-unit id="{0}"><source>{1}</source><target>{2}</target></trans-unit>',
        "xliff": '<unit id="{0}"><segment><source>{1}</source>'
        "<target>{2}</target></segment></unit>",
        "tmx": '<tu tuid="{0}"><tuv xml:lang="EN-US"><seg>{1}</seg></tuv>'
        '<tuv xml:lang="ja-JP"><seg>{2}</seg></tuv></tu>',
        "po": 'msgctxt "{0}"\nmsgid "{1}"\nmsgstr "{2}"\n\n',
        "csv": "{0},{1},{2}\n",
    }
    around = {
        "xlf": XLIFF_1,
        "xliff": XLIFF_2,
        "tmx": '<tmx version="1.4"><header/><body>{units}</body></tmx>',
        "po": "{units}",
        "csv": "id,en,ja\n{units}",
    }
    text = "".join(units[kind].format(*pair) for pair in PAIRS)
    file.write_text(around[kind].replace("{units}", text), encoding="utf-8")
    return file


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    file = tmp_path / "terms.csv"
    file.write_text(TERMS, encoding="utf-8")
    return file


def check(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    main(["glossary", "check", *map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)["documents"][0]


@pytest.mark.parametrize("kind", ["xlf", "xliff", "tmx", "po", "csv"])
def test_bilingual_files_give_pairs(
    kind: str, terms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = check(capsys, terms, written(tmp_path, kind))
    assert (document["segments"], document["required"], document["used"]) == (4, 3, 2)
    assert document["untranslated"] == (1 if kind == "xlf" else 0)
    found = [(row["problem"], row.get("segment", "")) for row in document["findings"]]
    assert found == [("allowed", "u2"), ("missed", "u3"), ("inconsistent", "")]


def docx(file: Path, *paragraphs: str) -> Path:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {space}><w:body>{body}</w:body></w:document>"
        )
    return file


def test_other_documents_are_looked_through_for_forbidden_forms(
    terms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (
        "<!doctype html><p id=a>ベンを開く<p><code>ベン</code><script>ベン</script><img alt='ベン'>"
    )
    note = "# ベンを開く\n\n```\nベン\n```\n[文](ベン.md)\n"
    files = {"a.html": page, "a.md": note, "a.txt": "弁\nベンを開く\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    word = docx(tmp_path / "a.docx", "弁", "ベンを開く")
    places = {"a.html": ["#a", "line 1 @alt"], "a.md": ["line 1"], "a.txt": ["line 2"]}
    for file in (*(tmp_path / name for name in files), word):
        document = check(capsys, terms, file)
        rows = [row for row in document["findings"] if row["problem"] == "forbidden"]
        assert sorted(row["segment"] for row in rows) == places.get(file.name, ["paragraph 2"])
        assert rows[0]["text"] == "ベン"


def test_two_files_are_a_pair(
    terms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = docx(tmp_path / "en.docx", "A valve.", "A pump."), tmp_path / "ja.md"
    target.write_text("弁。\n\n送液機。\n", encoding="utf-8")
    document = check(capsys, terms, target, "--question", source)
    assert [(row["problem"], row["segment"]) for row in document["findings"]] == [
        ("missed", "line 3")
    ]
    target.write_text("弁。ポンプ。\n", encoding="utf-8")
    assert check(capsys, terms, target, "--question", source)["used"] == 2


def test_a_workbook_has_the_findings_beside_the_rows(terms: Path, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ("番号", "原文", "訳文", "備考"),
        (1, "The valve", "バブル", "=1+1"),
        (2, "A valve", "弁", ""),
    ):
        book.active.append(row)
    book.active["D2"].data_type = "s"
    book.save(tmp_path / "in.xlsx")
    out = tmp_path / "out.xlsx"
    arguments = ["glossary", "check", str(terms), str(tmp_path / "in.xlsx"), "--xlsx", str(out)]
    assert main(arguments) == 1
    rows = [list(row) for row in openpyxl.load_workbook(out).active.iter_rows(values_only=True)]
    assert rows[0] == [
        "番号",
        "原文",
        "訳文",
        "備考",
        "used",
        "missed",
        "forbidden",
        "allowed synonym",
    ]
    assert rows[1][:6] == ["1", "The valve", "バブル", "=1+1", None, "valve → 弁"]
    assert openpyxl.load_workbook(out).active["D2"].data_type == "s"
    assert rows[2][4:] == ["弁", None, None, None]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_the_page_escapes_what_documents_say(terms: Path, tmp_path: Path) -> None:
    text, page = tmp_path / "a.txt", tmp_path / "page.html"
    text.write_text(
        "<script>alert(1)</script><img src=x onerror=alert(1)> ベン\n", encoding="utf-8"
    )
    assert main(["glossary", "check", str(terms), str(text), "--html", str(page)]) == 1
    written = page.read_text(encoding="utf-8")
    reader = Tags()
    reader.feed(written)
    assert not {"script", "img"} & set(reader.tags)
    assert "<mark>ベン</mark>" in written
    assert "用語チェック" in written
    assert 'scope="col"' in written
    assert "<caption>" in written


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    file = tmp_path / "a.xliff"
    file.write_text(f'{bomb}<xliff version="2.0"><unit id="1"/></xliff>', encoding="utf-8")
    with pytest.raises(LexgraftError, match="entity `b`"):
        read_document(file, "en", "ja")
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(LexgraftError):
        read_document(tmp_path / "a.docx", "en", "ja")
    (tmp_path / "a.csv").write_text("one,two\nvalve,x\n", encoding="utf-8")
    with pytest.raises(LexgraftError, match="no column of sources"):
        read_document(tmp_path / "a.csv", "en", "ja")


@pytest.mark.parametrize("piece", ["<!--", '<a href="', "<b", "</", "<script>", "<!", "<a b='"])
def test_a_page_of_tags_without_end_takes_no_time(tmp_path: Path, piece: str) -> None:
    page = tmp_path / "a.html"
    page.write_text("<p>valve" + piece * 40_000, encoding="utf-8")
    began = process_time()
    with suppress(LexgraftError):
        read_document(page, "en", "ja")
    assert process_time() - began < 5


def test_a_page_with_scripts_and_signs_is_read(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    script = "<script>for (i = 0; i<n; i++) if (a<b && c<d) x();</script><!-- <p <b <i -->"
    page.write_text("<p>valve < pump & a<b</p>" * 9 + script * 9_000, encoding="utf-8")
    assert len(read_document(page, "en", "ja").segments) == 9


def test_a_damaged_word_document_is_named_not_what_it_was_unpacked_to(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    for text in ("<w:p", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("word/document.xml", text)
        with pytest.raises(LexgraftError) as refused:
            read_document(file, "en", "ja")
        assert refused.value.where.startswith(f"{file}: word/document.xml")


def test_a_heading_is_a_segment_of_its_own(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("# Valve\nIt opens.\nAlways.\n\n## Pump\n- runs\n", encoding="utf-8")
    texts = [segment.source for segment in read_document(path, "en", "ja").segments]
    assert texts == ["Valve", "It opens.\nAlways.", "Pump", "runs"]


def test_units_not_begun_or_not_to_be_translated_are_no_translations(tmp_path: Path) -> None:
    path = tmp_path / "a.xliff"
    units = (
        '<trans-unit id="1"><source>Valve</source><target state="needs-translation">Valve</target>'
        '</trans-unit><trans-unit id="2" translate="no"><source>X1</source></trans-unit>'
        '<trans-unit id="3"><source>Gear</source><target state="new">Zahnrad</target></trans-unit>'
    )
    path.write_text(
        '<xliff version="1.2"><file source-language="en" target-language="de"><body>'
        f"{units}</body></file></xliff>",
        encoding="utf-8",
    )
    document = read_document(path, "en", "de")
    assert ([segment.id for segment in document.segments], document.untranslated) == (["3"], 1)
    assert document.left_out == ("1 units that are not to be translated",)


def test_czech_swedish_and_turkish_columns_of_segments_are_known(tmp_path: Path) -> None:
    for header in ("Zdroj,Překlad", "Källtext,Måltext", "Kaynak,Hedef"):
        path = tmp_path / "a.csv"
        path.write_text(f"{header}\nvalve,Ventil\n", encoding="utf-8")
        assert read_document(path, "", "").segments[0].target == "Ventil"
