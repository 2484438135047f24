"""TBX in its versions and styles, and IATE's exports."""

from importlib import import_module
from pathlib import Path

import pytest
from terms.readers.samples import IATE, TBX_2, TBX_3_DCA, TBX_3_DCT

from lexgraft.records import Term
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts


def write(folder: Path, text: str) -> Path:
    path = folder / "terms.tbx"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [TBX_2, TBX_3_DCA, TBX_3_DCT])
def test_versions_and_styles_give_the_same_concept(tmp_path: Path, text: str):
    (concept,) = read_concepts([write(tmp_path, text)])
    assert (concept.id, concept.field, concept.source) == ("c1", "medicine", "House terms")
    assert concept.definitions == {"en": "A raised temperature."}
    assert concept.terms == (
        Term("fever", "en", "noun"),
        Term("発熱", "ja", "noun"),
        Term("熱病", "ja", status="forbidden"),
    )


def test_the_terms_are_those_that_lxml_finds(tmp_path: Path):
    path = write(tmp_path, TBX_2)
    etree = import_module("lxml.etree")
    found = [one.text for one in etree.parse(str(path)).iter("term")]
    assert [term.text for term in read_concepts([path])[0].terms] == found


def test_terms_of_low_reliability_are_left_out_and_counted(tmp_path: Path):
    taken = TermImport([write(tmp_path, IATE)], ImportOptions(reliability=2))
    (concept,) = taken
    assert concept.names("en") == ("fever",)
    (reason,) = taken.readings[0].tally.texts
    assert reason == "a reliability under 2"


def test_an_unknown_status_is_pending_and_counted(tmp_path: Path):
    text = TBX_2.replace("deprecatedTerm-admn-sts", "frowned upon")
    more = TBX_2[TBX_2.index("<termEntry") : TBX_2.index("</body>")].replace("c1", "c2")
    taken = TermImport([write(tmp_path, text.replace("</body>", more + "</body>"))])
    assert [concept.id for concept in taken] == ["c1", "c2"]
    tally = taken.readings[0].tally
    assert (tally.pending, tally.forbidden) == (1, 1)
    (warning,) = tally.warnings
    assert "`frowned upon` is not known: pending" in warning


def test_an_entry_without_an_id_is_named_by_its_line(tmp_path: Path):
    (concept,) = read_concepts([write(tmp_path, TBX_2.replace(' id="c1"', ""))])
    assert concept.id == "terms:5"


def test_tbx_min_is_read(tmp_path: Path):
    path = tmp_path / "min.tbx"
    path.write_text(
        '<TBX dialect="TBX-Min"><header><languages source="de" target="en"/></header><body>'
        '<entry id="C1"><subjectField>pipes</subjectField><langGroup xml:lang="en"><termGroup>'
        "<term>valve</term><termStatus>preferred</termStatus><partOfSpeech>noun</partOfSpeech>"
        '</termGroup></langGroup><langGroup xml:lang="de"><termGroup><term>Hahn</term>'
        "<termStatus>notRecommended</termStatus></termGroup></langGroup></entry></body></TBX>",
        encoding="utf-8",
    )
    (concept,) = TermImport([path])
    assert [(term.text, term.status) for term in concept.terms] == [
        ("valve", "preferred"),
        ("Hahn", "forbidden"),
    ]
    assert (concept.id, concept.field) == ("C1", "pipes")
