"""XML as a stream: what is refused by its name, and that few records are held."""

import gc
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from terms.readers.samples import TBX_2

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.xml_stream import outermost_elements, text_of

BODY = """<martif><text><body><termEntry id="1"><langSet xml:lang="en">
<tig><term>{}</term></tig></langSet></termEntry></body></text></martif>"""


def tbx(folder: Path, declared: str, term: str = "fever") -> Path:
    path = folder / "terms.tbx"
    path.write_text(f"<!DOCTYPE martif {declared}>{BODY.format(term)}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ('[<!ENTITY secret SYSTEM "file:///etc/passwd">]', "external entity `secret`"),
        ('[<!ENTITY far PUBLIC "-//x" "http://example.org/x">]', "external entity `far`"),
        ('[<!ENTITY % all SYSTEM "http://example.org/x.dtd"> %all;]', "external entity `all`"),
        ('[<!ENTITY a "ha"><!ENTITY b "&a;&a;">]', "entity `b`, which contains other"),
        (f'[<!ENTITY long "{"x" * 5000}">]', "entity `long`, which has 5000"),
    ],
)
def test_an_entity_that_can_do_harm_is_refused_by_its_name(
    tmp_path: Path, declared: str, message: str
):
    with pytest.raises(LexgraftError, match=message):
        read_concepts([tbx(tmp_path, declared)])


def test_an_entity_of_a_dtd_that_is_not_fetched_is_refused_and_not_an_empty_term(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"entity `auml` is not declared|undefined entity"):
        read_concepts([tbx(tmp_path, 'SYSTEM "x.dtd"', "&auml;")])


def test_flat_entities_and_a_doctype_are_allowed(tmp_path: Path):
    path = tbx(tmp_path, '[<!ENTITY ae "&#228;">]', "f&ae;ver &amp; chill")
    assert read_concepts([path])[0].names("en") == ("fäver & chill",)


@pytest.mark.parametrize("text", [TBX_2[:-30], TBX_2.replace("</tig>", ""), "<martif>&</martif>"])
def test_broken_xml_is_refused_with_the_file(tmp_path: Path, text: str):
    path = tmp_path / "broken.tbx"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"broken\.tbx.*broken XML"):
        read_concepts([path])


def test_an_encoding_that_the_parser_lacks_is_read_where_it_is_known(tmp_path: Path):
    path = tmp_path / "sjis.tbx"
    text = "<?xml version='1.0' encoding='shift_jis'?>" + BODY.format("発熱")
    path.write_bytes(text.encode("cp932"))
    assert read_concepts([path])[0].terms[-1].text == "発熱"
    path.write_bytes(text.replace("shift_jis", "x-none").encode("cp932"))
    with pytest.raises(LexgraftError, match="broken XML"):
        read_concepts([path])


def test_records_are_given_with_their_lines_and_inline_marks_keep_their_text(tmp_path: Path):
    path = tmp_path / "x.xml"
    path.write_text("<a>\n<r>one <b>two</b>\n three</r>\n<x:r>four</x:r></a>", encoding="utf-8")
    found = [(line, text_of(element)) for line, element in outermost_elements(path, "r")]
    assert found == [(2, "one two three"), (4, "four")]


def test_only_few_records_are_held_at_a_time(tmp_path: Path):
    path = tmp_path / "large.xml"
    row = f"<r><b>{'x' * 200}</b></r>"
    path.write_text(f"<a>{row * 600}</a>", encoding="utf-8")
    found = outermost_elements(path, "r")
    for _ in range(300):
        next(found)
    held = sum(type(one) is Element for one in gc.get_objects())
    assert sum(1 for _ in found) == 300
    assert held < 300  # of 1,200
