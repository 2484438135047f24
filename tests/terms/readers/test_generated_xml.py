"""Generated XML with all traps together: the terms are those that lxml finds."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.traps import DISGUISES, TEXT, XML, Disguise, content

from lexgraft.terms.readers import FileImport, TermImport

pytestmark = pytest.mark.slow
LANGUAGES = ("en", "ja", "nl", "ar")
Texts = list[tuple[str, str]]
UNITS = st.lists(
    st.tuples(
        st.sampled_from(["", "own", "same"]),  # its id: none, its own, one that others have
        st.lists(
            st.tuples(st.sampled_from([*LANGUAGES, ""]), st.one_of(TEXT, st.just(""))), max_size=4
        ),
    ),
    min_size=1,
    max_size=6,
)
Units = list[tuple[str, Texts]]


def imported(path: Path) -> tuple[list[Any], FileImport]:
    reading = TermImport([path])
    return list(reading), reading.readings[0]


def written(factory: pytest.TempPathFactory, root: Any, disguise: Disguise) -> Path:
    path = factory.mktemp("xml") / "terms.xml"
    path.write_bytes(disguise.apply(root))
    return path


def parsed(path: Path) -> Any:
    return import_module("lxml.etree").parse(str(path)).getroot()


def named(elements: Any, name: str) -> list[Any]:
    """Return the elements of a name below one, prefixes aside."""
    return elements.xpath(f".//*[local-name()='{name}']")


def compared(path: Path, ids: Sequence[str], theirs: Sequence[Texts]) -> FileImport | None:
    """Compare what was read with what lxml found: the first of those with one id, with terms."""
    expected: list[Texts] = []
    seen: set[str] = set()
    refused = 0
    for identifier, texts in zip(ids, theirs, strict=True):
        usable = sorted({*texts})
        if not usable:
            continue
        if identifier and identifier in seen:
            refused += 1
        else:
            seen.add(identifier)
            expected.append(usable)
    if not expected:
        return None
    concepts, reading = imported(path)
    found = [sorted((term.language, term.text) for term in one.terms) for one in concepts]
    assert found == expected
    assert len({one.id for one in concepts}) == len(concepts) == reading.concepts
    tally = reading.tally
    left = sum(rule.count for rule in tally.left_out.values())
    assert (tally.read, tally.refusals) == (len(ids), refused)
    assert tally.kept + left == tally.read
    return reading


def identifier_of(kind: str, number: int) -> dict[str, str]:
    return {"id": "s" if kind == "same" else f"c{number}"} if kind else {}


@settings(max_examples=60, deadline=None)
@given(UNITS, DISGUISES, st.sampled_from(["martif", "tbx dca", "tbx dct"]))
def test_tbx_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise, form: str
):
    etree = import_module("lxml.etree")
    space = "" if form == "martif" else "{urn:iso:std:iso:30042:ed-2}"
    names = ("termEntry", "langSet", "tig") if not space else ("conceptEntry", "langSec", "termSec")
    kind, _, style = form.partition(" ")
    root = etree.Element(f"{space}{kind}", type="TBX-Basic", **({"style": style} if style else {}))
    root.set(f"{XML}lang", "nl")
    body = etree.SubElement(etree.SubElement(root, f"{space}text"), f"{space}body")
    for number, (identifier, texts) in enumerate(units):
        entry = etree.SubElement(body, f"{space}{names[0]}", **identifier_of(identifier, number))
        for language, text in texts:
            section = etree.SubElement(entry, f"{space}{names[1]}")
            if language:
                section.set(f"{XML}lang", language)
            group = etree.SubElement(section, f"{space}{names[2]}")
            etree.SubElement(group, f"{space}term").text = text
            etree.SubElement(group, f"{space}note").text = "used & <seen>"
    path = written(tmp_path_factory, root, disguise)
    entries = named(parsed(path), names[0])
    theirs = [
        [
            (section.xpath("string(ancestor-or-self::*[@xml:lang][1]/@xml:lang)"), content(term))
            for section in named(entry, names[1])
            for term in named(section, "term")
            if content(term)
        ]
        for entry in entries
    ]
    compared(path, [entry.get("id", "") for entry in entries], theirs)


@settings(max_examples=40, deadline=None)
@given(UNITS, DISGUISES)
def test_tmx_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise
):
    etree = import_module("lxml.etree")
    root = etree.Element("tmx", version="1.4")
    etree.SubElement(root, "header", srclang="en")
    body = etree.SubElement(root, "body")
    for number, (identifier, texts) in enumerate(units):
        unit = etree.SubElement(body, "tu")
        if name := identifier_of(identifier, number):
            unit.set("tuid", name["id"])
        for language, text in texts:
            variant = etree.SubElement(unit, "tuv")
            if language:
                variant.set(f"{XML}lang", language)
            segment = etree.SubElement(variant, "seg")
            etree.SubElement(segment, "ph", x="1").text = "<br/>"
            etree.SubElement(segment, "hi").text = text
    path = written(tmp_path_factory, root, disguise)
    found = parsed(path).findall("body/tu")
    theirs = [
        [
            (variant.get(f"{XML}lang"), content(variant.find("seg/hi")))
            for variant in unit.findall("tuv")
            if variant.get(f"{XML}lang") and content(variant.find("seg/hi"))
        ]
        for unit in found
    ]
    reading = compared(path, [unit.get("tuid", "") for unit in found], theirs)
    lost = sum(
        not variant.get(f"{XML}lang") and bool(content(variant.find("seg/hi")))
        for unit, texts in zip(found, theirs, strict=True)
        for variant in unit.findall("tuv")
        if texts
    )
    if reading:
        said = reading.tally.texts.get("a segment that names no language")
        assert (said.count if said else 0) == lost


@settings(max_examples=40, deadline=None)
@given(UNITS, DISGUISES)
def test_an_xliff_glossary_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise
):
    etree = import_module("lxml.etree")
    space = "{urn:oasis:names:tc:xliff:glossary:2.0}"
    root = etree.Element("xliff", version="2.0", srcLang="nl", trgLang="ar")
    # the namespace stands at the glossary: its elements have the prefix, the root has none
    outer = etree.SubElement(etree.SubElement(root, "file", id="f"), "unit", id="1")
    inner = etree.Element(f"{space}glossary")
    for number, (identifier, texts) in enumerate(units):
        entry = etree.SubElement(inner, f"{space}glossEntry", **identifier_of(identifier, number))
        for index, (_, text) in enumerate(texts):
            etree.SubElement(entry, f"{space}{'translation' if index else 'term'}").text = text
    outer.append(inner)
    path = written(tmp_path_factory, root, disguise)
    text = path.read_bytes()
    codec = {"bom": "utf-8"}.get(disguise.encoding, disguise.encoding)
    if disguise.prefix:
        declared = f'<xliff xmlns:{disguise.prefix}="{space.strip("{}")}"'
        path.write_bytes(text.decode(codec).replace("<xliff", declared, 1).encode(codec))
    entries = named(parsed(path), "glossEntry")
    theirs = [
        [("nl", content(term)) for term in named(entry, "term") if content(term)]
        + [("ar", content(term)) for term in named(entry, "translation") if content(term)]
        for entry in entries
    ]
    compared(path, [entry.get("id", "") for entry in entries], theirs)


@settings(max_examples=40, deadline=None)
@given(UNITS, DISGUISES)
def test_multiterm_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise
):
    etree = import_module("lxml.etree")
    root = etree.Element("mtf")
    for number, (identifier, texts) in enumerate(units):
        entry = etree.SubElement(root, "conceptGrp")
        if name := identifier_of(identifier, number):
            etree.SubElement(entry, "concept").text = name["id"]
        for language, text in texts:
            section = etree.SubElement(entry, "languageGrp")
            etree.SubElement(section, "language", lang=(language or "en").upper())
            etree.SubElement(etree.SubElement(section, "termGrp"), "term").text = text
    path = written(tmp_path_factory, root, disguise)
    entries = parsed(path).findall("conceptGrp")
    theirs = [
        [
            (section.find("language").get("lang").lower(), content(term))
            for section in entry.findall("languageGrp")
            for term in section.findall("termGrp/term")
            if content(term)
        ]
        for entry in entries
    ]
    compared(path, [content(entry.find("concept")) for entry in entries], theirs)


@settings(max_examples=40, deadline=None)
@given(UNITS, DISGUISES, st.sampled_from(["eng", "fre", "dut", ""]))
def test_mesh_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise, code: str
):
    etree = import_module("lxml.etree")
    root = etree.Element("DescriptorRecordSet", **({"LanguageCode": code} if code else {}))
    for number, (identifier, texts) in enumerate(units):
        record = etree.SubElement(root, "DescriptorRecord")
        name = identifier_of(identifier or "own", number)["id"]
        etree.SubElement(record, "DescriptorUI").text = name
        holder = etree.SubElement(record, "ConceptList")
        concept = etree.SubElement(holder, "Concept", PreferredConceptYN="Y")
        group = etree.SubElement(concept, "TermList")
        for index, (language, text) in enumerate(texts):
            term = etree.SubElement(group, "Term", IsPermutedTermYN="N" if language else "Y")
            term.set("ConceptPreferredTermYN", "N" if index else "Y")
            etree.SubElement(term, "String").text = text
    path = written(tmp_path_factory, root, disguise)
    language = {"fre": "fr", "dut": "nl"}.get(code, "en")
    records = parsed(path).findall("DescriptorRecord")
    theirs = [
        [
            (language, content(term.find("String")))
            for term in record.findall("ConceptList/Concept/TermList/Term")
            if term.get("IsPermutedTermYN") == "N" and content(term.find("String"))
        ]
        for record in records
    ]
    compared(path, [content(record.find("DescriptorUI")) for record in records], theirs)


@settings(max_examples=40, deadline=None)
@given(UNITS, DISGUISES, st.sampled_from(["label", "rubric", "root"]))
def test_claml_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, units: Units, disguise: Disguise, where: str
):
    etree = import_module("lxml.etree")
    root = etree.Element("ClaML", version="2.0.0")
    if where == "root":
        root.set(f"{XML}lang", "nl")
    etree.SubElement(root, "Title", name="ICD-X", version="2025").text = "X"
    kinds = ("preferred", "preferredLong", "inclusion", "exclusion")
    for number, (identifier, texts) in enumerate(units):
        name = identifier_of(identifier or "own", number)["id"]
        one = etree.SubElement(root, "Class", code=name, kind="category")
        for index, (language, text) in enumerate(texts):
            rubric = etree.SubElement(one, "Rubric", kind=kinds[index % len(kinds)])
            label = etree.SubElement(rubric, "Label")
            if language and where != "root":
                (label if where == "label" else rubric).set(f"{XML}lang", language)
            etree.SubElement(label, "Fragment", type="item").text = text
            etree.SubElement(label, "Reference").text = "(R51)"
    path = written(tmp_path_factory, root, disguise)
    classes = parsed(path).findall("Class")
    theirs = [
        [
            (
                label.xpath("string(ancestor-or-self::*[@xml:lang][1]/@xml:lang)") or "en",
                content(label.find("Fragment")),
            )
            for label in one.findall("Rubric/Label")
            if label.getparent().get("kind") in kinds[:3] and content(label.find("Fragment"))
        ]
        for one in classes
    ]
    compared(path, [one.get("code") for one in classes], theirs)


Forms = list[tuple[str, str]]


def add_entry(etree: Any, root: Any, number: str, said: tuple[Forms, Forms, list[Texts]]) -> None:
    """Add an entry of a dictionary: written forms with notes, their readings, senses."""
    entry = etree.SubElement(root, "entry")
    etree.SubElement(entry, "ent_seq").text = number
    for forms, letter in ((said[0], "k"), (said[1], "r")):
        for text, mark in forms:
            element = etree.SubElement(entry, f"{letter}_ele")
            etree.SubElement(element, f"{letter}eb").text = text
            if mark:
                etree.SubElement(element, f"{letter}e_inf").text = mark
    for glosses in said[2]:
        sense = etree.SubElement(entry, "sense")
        etree.SubElement(sense, "pos").text = "n"
        for language, text in glosses:
            gloss = etree.SubElement(sense, "gloss")
            gloss.text = text
            if language:
                gloss.set(f"{XML}lang", language)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(TEXT, st.sampled_from(["", "iK", "ateji"])), max_size=2),
            st.lists(st.tuples(TEXT, st.sampled_from(["", "ok"])), min_size=1, max_size=2),
            st.lists(
                st.lists(
                    st.tuples(st.sampled_from(["", "eng", "ger"]), st.one_of(TEXT, st.just(""))),
                    max_size=3,
                ),
                min_size=1,
                max_size=3,
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    DISGUISES,
)
def test_jmdict_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[Forms, Forms, list[Texts]]],
    disguise: Disguise,
):
    etree = import_module("lxml.etree")
    root = etree.Element("JMdict")
    flat = tuple(way for way in disguise.ways if way != "entity")  # entities are tags there
    disguise = disguise._replace(ways=flat or ("plain",))
    for number, entry in enumerate(entries):
        add_entry(etree, root, str(number), entry)
    path = written(tmp_path_factory, root, disguise)
    poor = {"iK", "ok"}
    theirs: list[list[tuple[str, str]]] = []
    read = 0
    for entry in parsed(path).findall("entry"):
        forms = [
            ("ja", content(form[0]))
            for form in [*entry.findall("k_ele"), *entry.findall("r_ele")]
            if not poor & {content(note) for note in form[1:]}
        ]
        for sense in entry.findall("sense"):
            read += 1
            glosses = [
                ("en", content(gloss))
                for gloss in sense.findall("gloss")
                if gloss.get(f"{XML}lang", "eng") == "eng" and content(gloss)
            ]
            theirs += [sorted({*forms, *glosses})] if glosses else []
    if not theirs:
        return
    concepts, reading = imported(path)
    found = [
        sorted((term.language, " ".join(term.text.split())) for term in one.terms)
        for one in concepts
    ]
    assert found == theirs
    left = sum(rule.count for rule in reading.tally.left_out.values())
    assert reading.tally.read == read == reading.tally.kept + left
    assert reading.tally.refusals == reading.tally.text_refusals == 0
