"""All readers behind one door: the contract table of this growing folder."""

import gzip
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term, write_lines
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts
from lexgraft.terms.readers import file_start as intake
from lexgraft.terms.readers.refused_characters import _are_clean, refused_character

FORMS = {
    "terms.jsonl": b'{"id":"C1","terms":[{"text":"fever","language":"en"}]}\n',
    "hp.obo": b"format-version: 1.2\n\n[Term]\nid: C1\nname: fever\n",
    "words.xml": b"<!DOCTYPE JMdict []>\n<JMdict><entry><ent_seq>1</ent_seq><r_ele><reb>x</reb>"
    b"</r_ele><sense><gloss>fever</gloss></sense></entry></JMdict>",
    "wide.csv": b"id,en\nC1,fever\n",
    "long.tsv": b"id\tterm\tlang\nC1\tfever\ten\n",
    "marked.csv": b"\xef\xbb\xbfid,en\nC1,fever\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_recognised_by_what_it_starts_with_not_by_its_name(tmp_path: Path, name: str):
    path = tmp_path / "anything.dat"
    path.write_bytes(FORMS[name])
    (concept,) = read_concepts([path])
    assert concept.names("en") == ("fever",)


def test_a_packed_dictionary_is_recognised(tmp_path: Path):
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress(FORMS["words.xml"]))
    assert len(read_concepts([path])) == 1


def test_a_file_that_is_given_twice_does_not_count_twice(tmp_path: Path):
    file, link = tmp_path / "one.csv", tmp_path / "link.csv"
    file.write_bytes(FORMS["wide.csv"])
    link.symlink_to("one.csv")
    for second in (file, link, tmp_path / "." / "one.csv"):
        with pytest.raises(LexgraftError, match="given twice"):
            read_concepts([file, second])


def test_tables_that_count_alike_keep_all_their_concepts(tmp_path: Path):
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_bytes(FORMS["wide.csv"])
    taken = TermImport([tmp_path / "one.csv", tmp_path / "two.csv"])
    assert [one.id for one in taken] == ["C1", "two:C1"]
    assert "led by `two:`" in next(iter(taken.readings[1].tally.warnings))


def test_an_id_that_occurs_twice_is_refused_with_both_files(tmp_path: Path):
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).write_bytes(FORMS["terms.jsonl"])
    with pytest.raises(
        LexgraftError, match=r"two\.jsonl:1: concept `C1` occurs twice, first in .*one\.jsonl"
    ):
        read_concepts([tmp_path / "one.jsonl", tmp_path / "two.jsonl"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"id,en\n", "no concepts"),
        (b'{"id":" ","terms":[{"text":"x","language":"en"}]}', "without an id"),
        (b'{"id":"C9","terms":[]}', "without a term: 'C9'"),
        (b'{"id":"C9","terms":[{"text":" ","language":"en"}]}', r"a term without text \(id C9\)"),
        (b'{"id":"C9","terms":3}', r"terms:1: not a Concept"),
        (b"\x1f\x8b\x08junk", "damaged gzip"),
        (b"en\n\x81\xb1\xb2\xff\x80\xc5 \xe3\n", "nor a known encoding"),
    ],
)
def test_what_is_no_term_base_is_refused_with_its_name(tmp_path: Path, data: bytes, message: str):
    path = tmp_path / "terms"
    path.write_bytes(data)
    with pytest.raises(LexgraftError, match=message) as caught:
        read_concepts([path])
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(LexgraftError, match="no such term base"):
        read_concepts([tmp_path / "none.csv"])


def test_the_progress_of_a_large_file_is_told_in_megabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(intake, "_LARGE", 1000)
    monkeypatch.setattr(intake, "_MEGABYTE", 0)
    path = tmp_path / "large.jsonl"
    write_lines(path, [Concept(str(n), (Term("x", "en"),)) for n in range(50)])
    told: list[tuple[str, int, int]] = []
    asked = ImportOptions(progress=lambda what, done, total: told.append((what, done, total)))
    assert len(read_concepts([path], asked)) == 50
    size = path.stat().st_size
    assert told[-1] == ("reading large.jsonl (MB)", size, size)


def test_no_refused_character_passes_the_fast_check():
    signs = [*range(0x10000), *range(0xE0000, 0xE0080), 0xFFFE, 0x10FFFF]
    refused = [sign for sign in signs if refused_character(f"a{chr(sign)}b")]
    assert len(refused) > 6000
    assert not [sign for sign in refused if _are_clean([Term(f"a{chr(sign)}b", "en")])]
    assert _are_clean([Term("発熱 (β-ray)", "ja")])
    assert not _are_clean([Term("", "ja")])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.4\n\x80\x81\n", "a PDF document.*\n.*copy its table into a spreadsheet"),
        (b"{\\rtf1 valve}", "an RTF document"),
        (b"SQLite format 3\0\x10\0\x01", "an SQLite database"),
        (b"\0\x01\0\0Standard Jet DB\0\x01", "MultiTerm"),
        (b'{"@context": {},\n "@graph": []}', "JSON-LD.*\n.*Turtle"),
        (b'{"@id": "x", "@context": {}}', "JSON-LD.*\n.*Turtle"),
    ],
)
def test_documents_and_databases_are_refused_by_name(tmp_path: Path, data: bytes, message: str):
    path = tmp_path / "terms"
    path.write_bytes(data)
    with pytest.raises(LexgraftError, match=message):
        read_concepts([path])


def test_a_word_document_is_refused_by_name(tmp_path: Path):
    from zipfile import ZipFile

    with ZipFile(tmp_path / "terms.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(LexgraftError, match="a Word document"):
        read_concepts([tmp_path / "terms.docx"])
