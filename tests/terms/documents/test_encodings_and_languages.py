"""Documents in every encoding, in part in other languages, and with nothing to check in them."""

import json
import zipfile
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.terms.documents.read_document import paired, read_document

UNIT = '<trans-unit id="1"><source>pump</source><target>ポンプ①</target></trans-unit>'
XLIFF = (
    '<?xml version="1.0" encoding="{}"?><xliff version="1.2"><file original="a" '
    'source-language="en" target-language="ja"><body>{}</body></file></xliff>'
)
TMX = '<?xml version="1.0" encoding="{}"?><tmx version="1.4"><body>{}</body></tmx>'
PAIR = (
    '<tu><tuv xml:lang="en"><seg>pump</seg></tuv><tuv xml:lang="ja"><seg>ポンプ①</seg></tuv></tu>'
)
PAGE = '<html><head><meta http-equiv="Content-Type" content="text/html; charset={}"><p>ポンプ①'
WRITTEN = {
    "a.xlf": XLIFF.replace("{}", "Shift_JIS", 1).replace("{}", UNIT),
    "b.xlf": XLIFF.replace("{}", "EUC-JP", 1).replace("{}", UNIT.replace("①", "")),
    "c.xlf": XLIFF.replace("{}", "UTF-16", 1).replace("{}", UNIT),
    "a.tmx": TMX.replace("{}", "windows-31j", 1).replace("{}", PAIR),
    "a.html": PAGE.format("x-sjis"),
    "b.html": '<meta charset="euc-jp"><p>ポンプ',
    "a.xhtml": '<?xml version="1.0" encoding="Shift_JIS"?><html><p>ポンプ①</p></html>',
    "a.md": "ポンプ①を開く\n",
    "a.txt": "ポンプ①を開く\n",
    "b.txt": "ポンプ①を開く\n",
    "a.csv": "原文,訳文\npump,ポンプ①\n",
    "a.po": 'msgid ""\nmsgstr "Content-Type: text/plain; charset=CP932\\n"\n\n'
    'msgid "pump"\nmsgstr "ポンプ①"\n',
}
ENCODED = {"b.xlf": "euc_jp", "b.html": "euc_jp", "c.xlf": "utf-16", "b.txt": "utf-16"}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_document_is_read_in_the_encoding_that_it_names_or_that_makes_sense(
    name: str, tmp_path: Path
) -> None:
    encoding = ENCODED.get(name, "cp932")
    (tmp_path / name).write_bytes(WRITTEN[name].encode(encoding))
    document = read_document(tmp_path / name, "en", "ja")
    (segment,) = document.segments
    assert (segment.target or segment.source).removesuffix("を開く").rstrip("①") == "ポンプ"
    is_told = not name.endswith(("xlf", "tmx"))
    assert document.encoding.startswith(encoding.replace("_", "")[:3] if is_told else "")
    assert bool(document.encoding) == is_told


@pytest.mark.parametrize("name", ["a.xlf", "a.html", "a.md", "a.csv", "a.po"])
def test_an_encoding_that_is_named_goes_before_what_a_document_says(
    name: str, tmp_path: Path
) -> None:
    text = WRITTEN[name].replace("Shift_JIS", "UTF-8").replace("x-sjis", "utf-8")
    (tmp_path / name).write_bytes(text.encode("cp932"))
    (segment,) = read_document(tmp_path / name, "en", "ja", encoding="cp932").segments
    assert "ポンプ①" in segment.target + segment.source


def test_the_encoding_that_a_message_advises_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms, text = tmp_path / "terms.csv", tmp_path / "a.txt"
    terms.write_text("id,term en,term ja\n1,pump,ポンプ\n", encoding="utf-8")
    text.write_bytes("Größe: ".encode("cp850") + b"\x00\x01\xff")
    for job in ("match", "prompt", "check"):
        assert main(["glossary", job, str(terms), str(text)]) == 2
        advice = capsys.readouterr().err
        assert "--encoding" in advice
        assert main(["glossary", job, str(terms), str(text), "--encoding", "cp850"]) == 0
    text.write_bytes("弁".encode("cp932"))
    assert main(["glossary", "check", str(terms), str(text), "--encoding", "cp932"]) == 0
    assert "read as  cp932: as you say" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xlf", XLIFF.replace("{}", "UTF-8", 1).replace("{}", "")),
        ("a.tmx", TMX.replace("{}", "UTF-8", 1).replace("{}", "")),
        ("a.po", 'msgid ""\nmsgstr "Language: ja\\n"\n'),
        ("a.csv", "en,ja\n"),
        ("a.html", "<p><script>pump</script>"),
        ("a.md", "```\npump\n```\n"),
        ("b.html", "<html lang=fr><p>pompe"),
    ],
)
def test_a_document_with_nothing_to_check_is_refused_in_every_format(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(LexgraftError, match="nothing to check"):
        read_document(tmp_path / name, "en", "ja")


def test_a_word_document_without_text_is_refused_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", '<w:d xmlns:w="w"><w:p/></w:d>')
        archive.writestr("word/comments.xml", '<w:d xmlns:w="w"/>')
    with pytest.raises(LexgraftError, match="left out: comments"):
        read_document(tmp_path / "a.docx", "en", "ja")


def test_units_without_a_translation_are_something_that_was_checked(tmp_path: Path) -> None:
    unit = "<trans-unit id='1'><source>pump</source></trans-unit>"
    (tmp_path / "a.xlf").write_text(XLIFF.format("UTF-8", unit), encoding="utf-8")
    assert read_document(tmp_path / "a.xlf", "en", "ja").untranslated == 1


def test_what_a_page_says_in_other_languages_is_left_out_and_counted(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        '<html lang="en-GB"><title lang=ja>題</title><body lang="ja">'
        "<p>弁<p lang=en>valve <b>pump</b><p>これは<i lang=fr title=pompe>soupape</i>だ"
        "<div lang=en><p>pump<p lang=ja>ポンプ</div><img lang=en alt=pump><p>終",
        encoding="utf-8",
    )
    document = read_document(page, "en", "ja")
    assert [segment.source for segment in document.segments] == [
        *("題", "弁", "これは だ", "ポンプ", "終"),
    ]
    assert document.left_out == ("blocks in `en`: 3", "blocks in `fr`: 1")
    source = tmp_path / "b.html"
    source.write_text("<html lang=en><p>valve<p lang=ja>弁", encoding="utf-8")
    question = read_document(source, "en", "ja", spoken="en")
    assert [segment.source for segment in question.segments] == ["valve"]
    assert paired(question, document).left_out == (*question.left_out, *document.left_out)


def test_readings_are_no_text_and_what_a_page_says_in_attributes_is(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        '<meta name=description content="説明"><meta name=viewport content="幅">'
        "<p><ruby>安<rp>(</rp><rt>あん</rt><rp>)</rp>全<rt>ぜん</ruby>弁<p hidden>隠</p>"
        '<input type=submit value="送信"><input value="値"><p>安全<br>弁<br><br>次'
        '<a aria-label="戻る">',
        encoding="utf-8",
    )
    texts = [segment.source for segment in read_document(page, "en", "ja").segments]
    assert texts == ["説明", "安全弁", "送信", "戻る", "安全\n弁", "次"]


def test_readings_in_word_are_no_text_and_lines_within_a_paragraph_end(tmp_path: Path) -> None:
    ruby = "<w:ruby><w:rt><w:t>あん</w:t></w:rt><w:rubyBase><w:t>安全</w:t></w:rubyBase></w:ruby>"
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        body = f"<w:p><w:r>{ruby}<w:br/><w:t>弁</w:t></w:r></w:p>"
        archive.writestr("word/document.xml", f'<w:d xmlns:w="w">{body}</w:d>')
    (segment,) = read_document(tmp_path / "a.docx", "en", "ja").segments
    assert segment.source == "安全\n弁"


def test_what_is_protected_within_a_segment_is_not_required(tmp_path: Path) -> None:
    unit = UNIT.replace("pump<", '<mrk mtype="protected">valve</mrk> pump<')
    (tmp_path / "a.xlf").write_text(XLIFF.format("UTF-8", unit), encoding="utf-8")
    (segment,) = read_document(tmp_path / "a.xlf", "en", "ja").segments
    assert "valve" not in segment.source


def test_links_front_matter_and_targets_of_markdown_leave_the_words_of_a_term_together(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.md").write_text(
        '---\ntitle: "Pump"\nlayout: valve\n---\n[safety][s] [valve](<a b> "valve")'
        " ![gauge](g(1).png) a[^1] `[x](y)`\n\n[s]: http://valve\n[^1]: note\n",
        encoding="utf-8",
    )
    segments = read_document(tmp_path / "a.md", "de", "en").segments
    assert [(segment.id, segment.source) for segment in segments] == [
        ("line 2", "Pump"),
        ("line 5", "safety valve gauge a `[x](y)`"),
        ("line 8", "note"),
    ]


def test_the_report_names_the_encoding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terms, text = tmp_path / "terms.csv", tmp_path / "a.csv"
    terms.write_text("id,term en,term ja\n1,pump,ポンプ\n", encoding="utf-8")
    text.write_bytes(WRITTEN["a.csv"].encode("cp932"))
    assert main(["glossary", "check", str(terms), str(text), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    assert document["encoding"].startswith("cp932: no UTF-8")
