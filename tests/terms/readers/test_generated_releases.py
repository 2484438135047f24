"""Generated UTX, RF2, RRF and JMdict files: all traps, and the terms of plain splits and lxml."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.samples import FULL, HEADER, SYNONYM, conso, description
from terms.readers.traps import TEXT

from lexgraft.terms.readers import FileImport, TermImport
from lexgraft.terms.readers.refused_characters import refused_character

pytestmark = pytest.mark.slow
BREAKS = st.sampled_from(["a\u2028b", "a\x0bb", "a\x85b", "a\x1cb"])  # no ends of lines in a file
CELL = st.one_of(TEXT, BREAKS).filter(lambda text: bool(text.strip()) and "\n" not in text)


def imported(path: Path) -> tuple[dict[str, set[tuple[str, str]]], FileImport]:
    """Return the terms of each concept, those without a refused sign; and what was read."""
    reading = TermImport([path])
    texts = {one.id: {(term.language, term.text) for term in one.terms} for one in reading}
    return texts, reading.readings[0]


def usable(texts: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(tag, text.strip()) for tag, text in texts if not refused_character(text.strip())}


def without_empty(concepts: dict[str, set[tuple[str, str]]]) -> dict[str, set[tuple[str, str]]]:
    good = {key: usable(texts) for key, texts in concepts.items()}
    return {key: texts for key, texts in good.items() if texts}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["C1", "C2", "C3"]),
            CELL,
            st.one_of(CELL, st.just("")),
            st.sampled_from(["approved", "forbidden", "provisional", ""]),
            st.sampled_from(["full", "short", "comment", "blank", "long"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_utx_has_the_terms_of_its_cells(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str, str]],
    newline: str,
    encoding: str,
):
    lines = ["#UTX 1.11; en/ja; 2025-01-02T10:00:00Z; copyright: me; license: CC BY 4.0;"]
    lines.append("#concept ID\tsrc\ttgt\tterm status\tsrc:pos")
    for key, source, target, status, kind in rows:
        cells = [key, source, target, status, "noun"]
        lines.append(
            {"comment": "# a remark\tof", "blank": "  ", "long": "\t".join([*cells, "more"])}.get(
                kind, "\t".join(cells[: 3 if kind == "short" else 5])
            )
        )
    path = tmp_path_factory.mktemp("utx") / "terms.utx"
    path.write_bytes(newline.join([*lines, ""]).encode(encoding))
    expected: dict[str, set[tuple[str, str]]] = {}
    read = refused = 0
    for line in path.read_bytes().decode("utf-8-sig").split(newline):
        if line.startswith("#") or not line.strip():
            continue
        read += 1
        cells = line.split("\t")
        if len(cells) > 5:
            refused += 1
            continue
        texts = expected.setdefault(cells[0], set())
        texts |= {(tag, cell) for tag, cell in (("en", cells[1]), ("ja", cells[2])) if cell.strip()}
    expected = without_empty(expected)
    if not expected:
        return
    concepts, reading = imported(path)
    assert concepts == expected
    assert (reading.tally.read, reading.tally.refusals) == (read, refused)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            CELL.filter(lambda text: "|" not in text),
            st.sampled_from(["ENG", "JPN", "GER", "XXX"]),
            st.sampled_from(["N", "O", "E", "Y"]),
            st.sampled_from(["whole", "whole", "short", "no cui"]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_mrconso_has_the_terms_of_its_cells(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, str, str, str]],
    newline: str,
):
    rows = [(1, "first", "ENG", "N", "whole"), *sorted(rows, key=lambda row: row[0])]
    lines: list[str] = []
    for number, text, language, hidden, kind in rows:
        cui = f"C{number:07d}" if kind != "no cui" else "D12"
        line = conso(cui, text, language, SUPPRESS=hidden)
        lines.append(line if kind != "short" else line[:-9])
    folder = tmp_path_factory.mktemp("rrf")
    (folder / "MRCONSO.RRF").write_bytes(newline.join([*lines, ""]).encode())
    tags = {"ENG": "en", "JPN": "ja", "GER": "de", "XXX": "xxx"}
    expected: dict[str, set[tuple[str, str]]] = {}
    refused = 0
    for line in lines:
        cells = line.split("|")
        if len(cells) != 19 or not cells[0].startswith("C"):
            refused += 1
        elif cells[16] == "N":
            expected.setdefault(f"UMLS:{cells[0]}", set()).add((tags[cells[1]], cells[14]))
    concepts, reading = imported(folder)
    assert {key: usable(texts) for key, texts in concepts.items()} == without_empty(expected)
    assert (reading.tally.read, reading.tally.refusals) == (len(lines), refused)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            CELL,
            st.sampled_from(["en", "ja", "de"]),
            st.sampled_from([FULL, SYNONYM, SYNONYM, "900000000000550004"]),
            st.integers(0, 1),
            st.booleans(),  # ends early
        ),
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_description_file_has_the_terms_of_its_cells(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, str, str, int, bool]],
    newline: str,
):
    lines = [HEADER, description(9000, 1, "first")]
    for number, (concept, text, language, kind, active, short) in enumerate(rows, 1):
        line = description(number, concept, text, kind, language, active)
        lines.append(line.rpartition("\t")[0] if short else line)
    path = tmp_path_factory.mktemp("rf2") / "sct2_Description_Snapshot_INT_20250101.txt"
    path.write_bytes(newline.join([*lines, ""]).encode())
    expected: dict[str, set[tuple[str, str]]] = {}
    refused = 0
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != 9:
            refused += 1
        elif cells[2] == "1" and cells[6] == SYNONYM:
            expected.setdefault(f"SNOMEDCT:{cells[4]}", set()).add((cells[5], cells[7]))
    concepts, reading = imported(path)
    assert {key: usable(texts) for key, texts in concepts.items()} == without_empty(expected)
    assert (reading.tally.read, reading.tally.refusals) == (len(lines) - 1, refused)


GLOSSES = st.lists(st.tuples(TEXT, st.sampled_from(["", "eng", "ger", "dut"])), max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(
                    st.text("弁歯車頻脈", min_size=1, max_size=3), st.sampled_from(["", "oK"])
                ),
                max_size=2,
            ),
            st.lists(st.sampled_from(["べん", "バルブ", "ひんみゃく"]), min_size=1, max_size=2),
            st.lists(GLOSSES, min_size=1, max_size=3),
            st.sampled_from(["plain", "cdata", "comment", "reference"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_jmdict_has_the_terms_of_lxml(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], newline: str
):
    from terms.readers.traps import Disguise

    texts: list[str] = []
    for number, (kanji, kana, senses, way) in enumerate(entries):
        disguise = Disguise("utf-8", newline, "", (way,))
        texts.append(f"<entry><ent_seq>{number}</ent_seq>")
        for text, note in kanji:
            note_element = f"<ke_inf>&{note};</ke_inf>" if note else ""
            texts.append(f"<k_ele><keb>{disguise.text(text, way, {})}</keb>{note_element}</k_ele>")
        texts += [f"<r_ele><reb>{text}</reb></r_ele>" for text in kana]
        for glosses in senses:
            written = [
                f"<gloss{f' xml:lang={chr(34)}{tag}{chr(34)}' if tag else ''}>"
                f"{disguise.text(text, way, {})}</gloss>"
                for text, tag in glosses
            ]
            texts.append(f"<sense><pos>&n;</pos>{''.join(written)}</sense>")
        texts.append("</entry>")
    whole = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE JMdict [\n<!ENTITY n "noun">\n'
        f'<!ENTITY oK "out-dated">\n]>\n<JMdict>{newline.join(texts)}</JMdict>'
    )
    path = tmp_path_factory.mktemp("jmdict") / "JMdict"
    path.write_bytes(whole.encode())
    expected: dict[str, set[tuple[str, str]]] = {}
    read = 0
    for entry in import_module("lxml.etree").fromstring(whole.encode()).iter("entry"):
        good = [one for one in entry.iter("k_ele") if one.find("ke_inf") is None]
        forms = [one.find("keb").xpath("string()").strip() for one in good]
        forms += [one.xpath("string()").strip() for one in entry.iter("reb")]
        for number, sense in enumerate(entry.iter("sense"), 1):
            read += 1
            glosses = [
                one.xpath("string()").strip()
                for one in sense.iter("gloss")
                if one.get("{http://www.w3.org/XML/1998/namespace}lang", "eng") == "eng"
            ]
            if any(glosses):
                key = f"JMdict:{entry.find('ent_seq').text}-{number}"
                expected[key] = {("ja", text) for text in forms}
                expected[key] |= {("en", text) for text in glosses if text}
    expected = without_empty(expected)
    if not expected:
        return
    concepts, reading = imported(path)
    assert concepts == expected
    assert reading.tally.read == read
