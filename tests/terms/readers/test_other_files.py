"""Files of other kinds, workbooks that hide something: named, with the way out."""

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from terms.readers.samples import open_document

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.reader_registry import FORMATS, ConceptAtLine, reader


@pytest.mark.parametrize(
    ("text", "kind", "cure"),
    [
        ("<glossml><glossary/></glossml>", "GlossML", "TBX or CSV"),
        ("<?xml version='1.0'?>\n<olif/>", "OLIF", "convert it"),
        ("<xdxf><ar/></xdxf>", "XDXF", "PyGlossary"),
        ("<resources><string name='a'>b</string></resources>", "Android", "CSV"),
        ('#NAME "x"\nvalve\n\tklep\n', "Lingvo", "PyGlossary"),
        ("\\lx valve\n\\ge Ventil\n", "Toolbox", "CSV"),
        ("<unheard><of/></unheard>", "<unheard>", "give one of"),
    ],
)
def test_formats_that_are_not_read_are_named_with_the_way_out(
    tmp_path: Path, text: str, kind: str, cure: str
):
    path = tmp_path / "terms"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LexgraftError) as caught:
        read_concepts([path])
    assert kind in caught.value.what
    assert cure in caught.value.cure


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("ppt/presentation.xml", "a presentation"),
        ("xl/workbook.bin", "a binary workbook"),
        ("x", "no workbook"),
    ],
)
def test_archives_are_named_by_what_lies_in_them(tmp_path: Path, part: str, kind: str):
    with ZipFile(tmp_path / "terms.zip", "w") as archive:
        archive.writestr(part, "x")
    with pytest.raises(LexgraftError, match=kind):
        read_concepts([tmp_path / "terms.zip"])


@pytest.mark.parametrize("data", [b"%PDF-1.4 valve", b'{"@context": {}}', b"<glossml/>", b"PK\3\4"])
def test_a_reader_of_ones_own_reads_what_this_package_refuses_by_name(tmp_path: Path, data: bytes):
    def read(path: Path, _options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
        tally.read = tally.kept = 1
        yield 1, Concept(path.stem, (Term("valve", "en"),))

    def recognise(start: FileStart) -> str:
        return "it is mine" if start.data == data else ""

    path = tmp_path / "terms"
    path.write_bytes(data)
    reader("mine", recognise)(read)
    try:
        assert [one.id for one in read_concepts([path])] == ["terms"]
    finally:
        FORMATS[:] = [form for form in FORMATS if form.name != "mine"]


def test_formulas_without_a_value_are_named_by_column_and_their_rows_refused(tmp_path: Path):
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for row in (
        ["English", "Deutsch", "Definition"],
        ["valve", "Ventil", "=A2"],
        ["gear", "=B2", "a wheel with the teeth"],
        ["nut", "Mutter", "a part on a bolt"],
    ):
        book.active.append(row)
    path = tmp_path / "t.xlsx"
    book.save(path)
    reading = TermImport([path])
    assert [one.names("de") for one in reading] == [("Ventil",), ("Mutter",)]
    tally = reading.readings[0].tally
    (refused,) = tally.refused
    assert (refused.line, refused.reason) == (3, "a formula without a stored value in `Deutsch`")
    assert "LibreOffice" in refused.cure
    assert [text[:12] for text in tally.warnings if "formula" in text] == [
        "column B: 1 ",
        "column C: 1 ",
    ]
    with pytest.raises(LexgraftError, match=r"t\.xlsx:3: a formula without a stored value"):
        read_concepts([path])


def test_a_choice_that_an_open_document_does_not_show_is_refused(tmp_path: Path):
    path = open_document(tmp_path / "t.ods", [["en", "de"], ["valve", "Ventil"]])
    reading = TermImport([path])
    assert [one.names("de") for one in reading] == [("Ventil",)]
    assert any("save it as XLSX" in text for text in reading.readings[0].tally.warnings)
    with pytest.raises(LexgraftError, match=r"`hidden` says nothing[^→]*\n.*save it as XLSX"):
        list(TermImport([path], ImportOptions(cells={"hidden": "leave-out"})))
