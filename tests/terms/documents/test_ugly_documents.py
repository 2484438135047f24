"""Documents as programs and people leave them: what is read, and what is said of the rest."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.terms.documents.read_document import paired, read_document

TERMS = "id,language,term,status\nV,de,Ventil,preferred\nV,en,valve,preferred\nV,en,tap,forbidden\n"
UNIT = '<trans-unit id="{}"><source>{}</source><target>{}</target></trans-unit>'


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def file_of(target: str, original: str, *units: str) -> str:
    return (
        f'<file original="{original}" source-language="de-DE" target-language="{target}"><body>'
        f"{''.join(units)}</body></file>"
    )


def xliff(*files: str) -> str:
    return f'<xliff version="1.2">{"".join(files)}</xliff>'


def pairs_of(path: Path, source: str = "de", target: str = "en") -> list[tuple[str, str, str]]:
    document = read_document(path, source, target)
    return [(segment.id, segment.source, segment.target) for segment in document.segments]


def checked(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    main(["glossary", "check", *map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)["documents"][0]


def test_files_into_another_language_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = UNIT.format(1, "Ventil", "tap")
    file = write(tmp_path / "a.xlf", xliff(file_of("en", "a", unit), file_of("fr-FR", "b", unit)))
    document = checked(capsys, write(tmp_path / "terms.csv", TERMS), file)
    assert (document["segments"], document["missed"], document["forbidden"]) == (1, 1, 1)
    assert document["left_out"] == ["1 units from `de-DE` to `fr-FR`"]
    with pytest.raises(LexgraftError, match="not from `de` to `ja`"):
        read_document(file, "de", "ja")


def test_units_of_several_files_are_told_apart_by_their_file(tmp_path: Path) -> None:
    unit = UNIT.format(1, "Ventil", "valve")
    file = write(tmp_path / "a.xlf", xliff(file_of("en", "a", unit), file_of("en", "b", unit)))
    assert [key for key, _, _ in pairs_of(file)] == ["a: 1", "b: 1"]


def test_translate_no_of_a_group_holds_for_what_is_in_it(tmp_path: Path) -> None:
    unit = UNIT.format(1, "Ventil", "valve")
    file = write(
        tmp_path / "a.xlf", xliff(file_of("en", "a", f'<group translate="no">{unit}</group>'))
    )
    with pytest.raises(LexgraftError, match="1 units that are not to be translated"):
        read_document(file, "de", "en")


def test_marked_segments_of_a_unit_are_segments(tmp_path: Path) -> None:
    source = '<mrk mtype="seg" mid="7">Ein <g id="1">Ventil</g>.</mrk> '
    source += '<mrk mtype="seg" mid="8">Zwei.</mrk>'
    target = '<mrk mtype="seg" mid="7">A <mrk mtype="x-sdl-deleted">tap</mrk>valve.</mrk> '
    target += '<mrk mtype="seg" mid="8"/>'
    unit = (
        f'<trans-unit id="u"><source>Ein Ventil. Zwei.</source><seg-source>{source}</seg-source>'
        f"<target>{target}</target></trans-unit>"
    )
    file = write(tmp_path / "a.sdlxliff", xliff(file_of("en-GB", "a", unit)))
    assert pairs_of(file) == [("u/7", "Ein Ventil.", "A valve.")]
    assert read_document(file, "de", "en").untranslated == 1
    loose = write(
        tmp_path / "b.xlf", file.read_text(encoding="utf-8").replace("</target>", " Taps.</target>")
    )
    assert pairs_of(loose) == [("u", "Ein Ventil. Zwei.", "A valve.  Taps.")]


def test_a_memory_gives_every_translation_of_a_unit_and_refuses_other_languages(
    tmp_path: Path,
) -> None:
    variants = "".join(
        f'<tuv xml:lang="{language}"><seg>{text}</seg></tuv>'
        for language, text in (("de-DE", "Ventil"), ("en_GB", "valve"), ("EN-US", "tap"))
    )
    file = write(tmp_path / "a.tmx", f"<tmx><body><tu>{variants}</tu></body></tmx>")
    assert pairs_of(file) == [("line 1", "Ventil", "valve"), ("line 1 (2)", "Ventil", "tap")]
    with pytest.raises(LexgraftError, match="no unit has both"):
        read_document(file, "fr", "ja")


PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=CP1252\\n"
"Language: en_GB\\n"
#, fuzzy
msgid "Ventil"
msgstr "tap"
msgctxt "menu"
msgid "%d Ventil"
msgid_plural "%d Ventile"
msgstr[0] "%d valve"
msgstr[1] "%d taps"

msgctxt "menu"
msgid "Fertig"
msgstr "’end’"
msgid "leer"
msgstr ""
"""


def test_a_catalogue_is_read_in_its_encoding_with_plurals_and_counts(tmp_path: Path) -> None:
    file = write(tmp_path / "a.po", PO, "cp1252")
    assert pairs_of(file) == [
        ("menu", "%d Ventil", "%d valve"),
        ("menu (2)", "%d Ventile", "%d taps"),
        ("menu (3)", "Fertig", "’end’"),
    ]
    assert read_document(file, "de", "en").untranslated == 2
    with pytest.raises(LexgraftError, match="Language: en-GB"):
        read_document(file, "de", "ja")


def word(path: Path, body: str, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {"document": body, **parts}.items():
            archive.writestr(f"word/{name}.xml", f'<w:x xmlns:w="w">{text}</w:x>')
    return path


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(f'<w:r>{run}</w:r>' for run in runs)}</w:p>"


def test_boxes_notes_and_headers_of_a_word_document_are_read(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph('<w:t>a tap</w:t>')}</w:txbxContent>"
    body = paragraph("<w:t>before</w:t>", box, f"<w:Fallback>{box}</w:Fallback>")
    file = word(
        tmp_path / "a.docx",
        body + paragraph("<w:t>after</w:t>"),
        footnotes=paragraph("<w:t>a note</w:t>"),
        header1=paragraph("<w:t>a head</w:t>"),
        comments=paragraph("<w:t>a comment</w:t>"),
    )
    assert [(key, text) for key, text, _ in pairs_of(file)] == [
        ("paragraph 1", "before"),
        ("paragraph 2", "a tap"),
        ("paragraph 3", "after"),
        ("footnotes, paragraph 1", "a note"),
        ("header1, paragraph 1", "a head"),
    ]


def test_struck_and_hidden_runs_are_no_text_and_hyphens_are_signs(tmp_path: Path) -> None:
    off = '<w:rPr><w:strike w:val="0"/></w:rPr>'
    runs = (f"<w:rPr><w:{mark}/></w:rPr><w:t>tap</w:t>" for mark in ("strike", "vanish"))
    file = word(
        tmp_path / "a.docx",
        paragraph(*runs, f"{off}<w:t>val</w:t><w:softHyphen/><w:t>ve</w:t>")
        + paragraph("<w:t>check</w:t><w:noBreakHyphen/><w:t>valve</w:t>"),
    )
    assert [text for _, text, _ in pairs_of(file)] == ["valve", "check-valve"]


def test_marks_within_words_and_what_is_struck_are_no_text(tmp_path: Path) -> None:
    note = "Use **t**ap, *ball* race, __end__ ~~tap~~ snake_case_name 2 * 3 * 4 `a*b*c`\n"
    page = "<p><b>t</b>ap <del>tap</del><s>tap</s> ends</p>"
    assert [text for _, text, _ in pairs_of(write(tmp_path / "a.md", note))] == [
        "Use tap, ball race, end  snake_case_name 2 * 3 * 4 `a*b*c`"
    ]
    assert [text for _, text, _ in pairs_of(write(tmp_path / "a.html", page))] == ["tap ends"]


def test_findings_of_blocks_in_one_line_are_counted_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.html", "<p>tap</p><p>a tap</p><p>valve</p>")
    document = checked(capsys, write(tmp_path / "terms.csv", TERMS), file)
    assert document["findings"][-1]["text"] == "tap × 2 (line 1), valve × 1 (line 1 (3))"


def test_rows_without_a_translation_are_not_counted_as_segments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.csv", "Quelle;Ziel\nVentil;valve\nVentil;\n")
    document = checked(capsys, write(tmp_path / "terms.csv", TERMS), file)
    assert (document["segments"], document["untranslated"]) == (1, 1)


def test_a_workbook_is_read_where_its_columns_stand(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["About"])
    sheet = book.create_sheet("Texts")
    for row in (["Title"], ["ID", "Deutsch", "English"], ["7", "Ventil", "valve"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert pairs_of(tmp_path / "a.xlsx") == [("7", "Ventil", "valve")]
    assert read_document(tmp_path / "a.xlsx", "de", "en").left_out == ("sheet `Sheet`",)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"PK\x03\x04cut off", "damaged archive"),
        (b'<?xml version="1.0" encoding="x-none"?><xliff/>', "broken XML"),
        (b"%PDF-1.7\n", "PDF is not read"),
        (b"{\\rtf1 tap}", "RTF is not read"),
        (b"\xd0\xcf\x11\xe0\xa1", "encrypted"),
    ],
)
def test_what_holds_no_text_is_refused_in_words(tmp_path: Path, data: bytes, what: str) -> None:
    (tmp_path / "a.doc").write_bytes(data)
    with pytest.raises(LexgraftError, match=what):
        read_document(tmp_path / "a.doc", "de", "en")


def test_a_document_of_pairs_takes_no_question(tmp_path: Path) -> None:
    pairs = read_document(write(tmp_path / "a.csv", "de,en\nVentil,valve\n"), "de", "en")
    text = read_document(write(tmp_path / "a.txt", "Ventil\n"), "de", "en")
    with pytest.raises(LexgraftError, match="both languages itself"):
        paired(text, pairs)


def test_what_is_left_out_of_a_page_ends_where_its_element_does(tmp_path: Path) -> None:
    page = '<p translate="no">A<p>tap<ul><li translate="no">B<ul><li>C</ul><li>end</ul>'
    page += (
        '<table><tr><td translate="no">D<td>cell</table><div translate="no">E<div>F</div>G</div>'
    )
    texts = [text for _, text, _ in pairs_of(write(tmp_path / "a.html", page + "last"))]
    assert texts == ["tap", "end", "cell", "last"]


def test_a_quotation_of_several_lines_is_one_paragraph(tmp_path: Path) -> None:
    file = write(tmp_path / "a.md", "> ball\n> race\n>\n> - one\n> - two\n\nend\n")
    assert [text for _, text, _ in pairs_of(file)] == ["ball\nrace", "one", "two", "end"]


def test_a_file_in_another_script_is_in_another_language(tmp_path: Path) -> None:
    unit = UNIT.format(1, "Ventil", "阀")
    for language in ("zh-SG", "zh", "x-own"):
        file = write(tmp_path / "a.xlf", xliff(file_of(language, "a", unit)))
        assert len(pairs_of(file, "de", "zh-Hans")) == 1
    write(file, xliff(file_of("zh-TW", "a", unit)))
    with pytest.raises(LexgraftError, match="to `zh-Hant`"):
        pairs_of(file, "de", "zh-Hans")


def test_an_archive_of_another_kind_is_named_as_such(tmp_path: Path) -> None:
    for kind in ("opendocument.text", ""):
        with zipfile.ZipFile(tmp_path / "a.odt", "w") as archive:
            archive.writestr("mimetype", f"application/vnd.oasis.{kind}")
            archive.writestr("content.xml", "<x>tap</x>")
        with pytest.raises(LexgraftError, match="neither DOCX nor a workbook"):
            pairs_of(tmp_path / "a.odt")


def test_a_workbook_says_which_form_was_used(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    terms = write(tmp_path / "terms.csv", TERMS.replace("tap,forbidden", "cock,admitted"))
    file = write(tmp_path / "a.csv", "de,en\nVentil,cock\n")
    main(["glossary", "check", str(terms), str(file), "--xlsx", str(tmp_path / "b.xlsx")])
    rows = list(openpyxl.load_workbook(tmp_path / "b.xlsx").active.iter_rows(values_only=True))
    assert rows[1][2] == "cock"
