"""The ICD-10 reader."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.icd10 import plain_name, read_icd10

XML = """<tryton><data>
<record model="p" id="A00"><field name="name">Cholera</field><field name="code">A00</field></record>
<record model="p" id="A48"><field name="name">Other diseases</field></record>
<record model="p" id="A480"><field name="name">Gas gangrene</field></record>
<record model="p" id="A481"><field name="name">Changed since</field></record>
</data></tryton>"""
PO = "\n\n".join(
    f'msgctxt "model:p,name:{key}"\nmsgid "{english}"\nmsgstr "{japanese}"'
    for key, english, japanese in (
        ("A00", "Cholera", "コレラ"),
        ("A48", "Other diseases", "その他の疾患"),
        ("A480", "Gas gangrene", "ガスえ<壊>疽"),
        ("A481", "Another name", "別"),
    )
)


def test_codes_with_a_plain_name_in_both_languages_are_concepts(tmp_path: Path):
    (tmp_path / "d.xml").write_text(XML, encoding="utf-8")
    (tmp_path / "ja.po").write_text(PO, encoding="utf-8")

    found = read_icd10(tmp_path / "d.xml", tmp_path / "ja.po", "ja", "5.0")

    assert [(one.id, one.names("en"), one.names("ja")) for one in found] == [
        ("ICD10:A00", ("Cholera",), ("コレラ",)),
        ("ICD10:A480", ("Gas gangrene",), ("ガス壊疽",)),
    ]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("巨口(症)", "巨口症"),
        ("股関節症，詳細不明", ""),
        ("皮膚及び皮膚粘膜バルトネラ症", ""),
        ("商/サービス圏", "商/サービス圏"),
        ("  喘鳴 ", "喘鳴"),
        ("", ""),
    ],
)
def test_a_name_is_made_plain_or_passed_over(written: str, plain: str):
    assert plain_name(written) == plain


def test_broken_xml_is_refused_by_name(tmp_path: Path):
    (tmp_path / "d.xml").write_text("<tryton>", encoding="utf-8")
    (tmp_path / "ja.po").write_text(PO, encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"d\.xml"):
        read_icd10(tmp_path / "d.xml", tmp_path / "ja.po", "ja")
