"""The JMdict reader."""

import gzip
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.jmdict import read_jmdict

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE JMdict [
<!ENTITY n "noun (common) (futsuumeishi)">
<!ENTITY v1 "Ichidan verb">
<!ENTITY med "medicine, etc. term">
<!ENTITY uk "word usually written using kana alone">
<!ENTITY oK "word containing out-dated kanji">
]>
<JMdict>
<entry>
<ent_seq>1000010</ent_seq>
<k_ele><keb>頻脉</keb><ke_inf>&oK;</ke_inf></k_ele>
<k_ele><keb>頻脈</keb></k_ele>
<r_ele><reb>ひんみゃく</reb></r_ele>
<sense><pos>&n;</pos><field>&med;</field>
<gloss>tachycardia</gloss><gloss xml:lang="ger">Herzrasen</gloss><gloss>rapid pulse</gloss></sense>
<sense><gloss>a second &amp; other meaning</gloss></sense>
<sense><gloss xml:lang="ger">nur Deutsch</gloss></sense>
</entry>
<entry>
<ent_seq>1000020</ent_seq>
<k_ele><keb>痺れる</keb></k_ele>
<r_ele><reb>しびれる</reb></r_ele>
<sense><pos>&v1;</pos><misc>&uk;</misc><gloss>to become numb</gloss></sense>
</entry>
</JMdict>
"""


def write(folder: Path, *, packed: bool = False) -> Path:
    path = folder / "JMdict.xml"
    data = FILE.encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_every_sense_with_an_english_gloss_is_a_concept(tmp_path: Path, *, packed: bool):
    first, second, third = read_jmdict(write(tmp_path, packed=packed), "2021")

    assert [one.id for one in (first, second, third)] == [
        "JMdict:1000010-1",
        "JMdict:1000010-2",
        "JMdict:1000020-1",
    ]
    assert first.names("ja") == ("頻脈", "ひんみゃく")  # no dated form
    assert first.names("en") == ("tachycardia", "rapid pulse")
    assert (first.field, second.field) == ("med", "")
    assert second.names("en") == ("a second & other meaning",)
    assert first.source_version == "2021"


def test_a_sense_without_part_of_speech_has_that_of_the_sense_before(tmp_path: Path):
    parts = [one.terms[0].part_of_speech for one in read_jmdict(write(tmp_path))]
    assert parts == ["noun", "noun", "other"]


def test_kana_comes_first_where_it_is_usual(tmp_path: Path):
    assert read_jmdict(write(tmp_path))[2].names("ja") == ("しびれる", "痺れる")


@pytest.mark.parametrize(
    "data", [b"<JMdict><entry>", gzip.compress(b"<JMdict/>", mtime=0)[:-9], b"\x1f\x8bx"]
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, data: bytes):
    path = tmp_path / "JMdict.xml"
    path.write_bytes(data)
    with pytest.raises(LexgraftError, match=r"JMdict\.xml"):
        read_jmdict(path)


def test_an_entity_of_entities_is_refused_so_none_can_explode(tmp_path: Path):
    layers = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    path = tmp_path / "JMdict.xml"
    path.write_text(
        f'<!DOCTYPE JMdict [<!ENTITY a0 "ha">{layers}]><JMdict><entry><ent_seq>1</ent_seq>'
        "<r_ele><reb>あ</reb></r_ele><sense><gloss>&a29;</gloss></sense></entry></JMdict>",
        encoding="utf-8",
    )
    with pytest.raises(LexgraftError, match="entity `a1`, which contains other entities"):
        read_jmdict(path)


def test_comments_cdata_and_entities_within_a_gloss_are_what_xml_says(tmp_path: Path):
    path = tmp_path / "JMdict.xml"
    path.write_text(
        '<!DOCTYPE JMdict [<!ENTITY n "noun"><!ENTITY eg "e.&#38;#32;g.">]><JMdict><entry>'
        "<ent_seq>1</ent_seq><r_ele><reb>あ<!-- old: <reb>い</reb> --></reb></r_ele><sense>"
        "<pos>&n;</pos><gloss><![CDATA[a < b]]>, &eg;<?x y?></gloss></sense></entry></JMdict>",
        encoding="utf-8",
    )
    (concept,) = read_jmdict(path)
    assert [term.text for term in concept.terms] == ["あ", "a < b, e. g."]
    assert concept.terms[0].part_of_speech == "noun"
