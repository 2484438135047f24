"""Generated files of lines with all traps together: the terms are those of fastobo and csv."""

import csv
import io
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.traps import TEXT

from lexgraft.terms.readers import FileImport, TermImport

pytestmark = pytest.mark.slow
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"])
JAPANESE = st.one_of(
    st.text("弁歯車ポンプ発熱①", min_size=1, max_size=4),
    st.sampled_from(['弁,"玉"形', "玉形\n弁", "髙﨑㈱", "弁" * 500, "は゛ね", " 弁 ", '"弁"']),
)


def imported(path: Path) -> tuple[list[Any], FileImport]:
    reading = TermImport([path])
    return list(reading), reading.readings[0]


def accounted(reading: FileImport, read: int, refused: int = 0) -> None:
    tally = reading.tally
    left = sum(rule.count for rule in tally.left_out.values())
    assert (tally.read, tally.refusals) == (read, refused)
    assert tally.kept + left + tally.refusals == read


def encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode()


# --- OBO ---

SYNONYMS = st.lists(
    st.tuples(TEXT, st.sampled_from(["EXACT", "BROAD", "NARROW", "RELATED", "EXACT abbreviation"])),
    max_size=3,
)
STANZAS = st.lists(
    st.tuples(
        st.sampled_from(["Term", "Term", "Typedef", "Instance"]),
        st.booleans(),  # obsolete
        TEXT,
        SYNONYMS,
        st.sampled_from(["", "a part", 'a "part"', "two\nlines; {x} ! y"]),
        st.booleans(),  # comments and modifiers behind values
    ),
    min_size=1,
    max_size=5,
)


def obo_text(text: str, *, quoted: bool) -> str:
    """Return a text with the escapes of OBO 1.4, section 5.1."""
    escapes = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    escapes |= {'"': '\\"'} if quoted else {"!": "\\!", "{": "\\{", "}": "\\}"}
    return "".join(escapes.get(letter, letter) for letter in text)


@settings(max_examples=60, deadline=None)
@given(STANZAS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_obo_has_the_terms_of_fastobo(
    tmp_path_factory: pytest.TempPathFactory,
    stanzas: list[tuple[str, bool, str, list[tuple[str, str]], str, bool]],
    newline: str,
    mark: str,
):
    lines = ["format-version: 1.4", "ontology: demo", 'synonymtypedef: abbreviation "short" EXACT']
    for number, (kind, is_obsolete, name, synonyms, definition, has_more) in enumerate(stanzas):
        behind = ' {source="X:1"} ! a "remark"' if has_more else ""
        lines += ["", f"[{kind}]", f"id: D:{number}", f"name: {obo_text(name, quoted=False)}"]
        if definition:
            lines.append(f'def: "{obo_text(definition, quoted=True)}" [X:1 "a \\"source\\""]')
        for text, scope in synonyms if kind == "Term" else ():
            lines.append(f'synonym: "{obo_text(text, quoted=True)}" {scope} [X:2]{behind}')
        if kind == "Term":
            lines.append(f"is_a: D:99{behind}")
        lines += ["is_obsolete: true"] * is_obsolete
    path = tmp_path_factory.mktemp("obo") / "terms.obo"
    text = newline.join([*lines, ""])
    path.write_bytes((mark + text).encode())
    expected: dict[str, set[str]] = {}
    for frame in import_module("fastobo").loads(text.replace("\r\n", "\n")):
        if type(frame).__name__ != "TermFrame":
            continue
        clauses = list(frame)
        gone = any(one.raw_tag() == "is_obsolete" and one.obsolete for one in clauses)
        if not gone:
            names = [one.name for one in clauses if one.raw_tag() == "name"]
            exact = [one.synonym for one in clauses if one.raw_tag() == "synonym"]
            names += [one.desc for one in exact if one.scope == "EXACT" and not one.type]
            expected[str(frame.id)] = {" ".join(one.split()) for one in names}
    if not expected:
        return
    concepts, reading = imported(path)
    found = {one.id: {" ".join(term.text.split()) for term in one.terms} for one in concepts}
    assert found == expected
    accounted(reading, len(stanzas))


# --- Babelon: tabs, no quoting ---


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["C1", "C2", "C3"]),
            st.sampled_from(["rdfs:label", "oboInOwl:hasExactSynonym", "IAO:0000115", "x:y"]),
            st.sampled_from(["ja", "nl"]),
            st.one_of(TEXT, st.just("")),
            st.sampled_from(["OFFICIAL", "CANDIDATE", ""]),
            st.sampled_from(["EXACT", "BROAD", ""]),
            st.booleans(),  # ends early
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
)
def test_babelon_has_the_terms_of_its_cells(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str, str, str, bool]],
    newline: str,
    mark: str,
    is_turned: bool,  # noqa: FBT001 (drawn)
):
    names = ["subject_id", "predicate_id", "translation_language", "translation_value"]
    names += ["translation_status", "translation_precision"]
    order = [3, 1, 5, 0, 4, 2] if is_turned else list(range(6))
    lines = ["\t".join(names[at] for at in order)]
    for row in rows:
        cells = [row[:6][at] for at in order]
        lines.append("\t".join(cells[:2] if row[6] else cells))
    path = tmp_path_factory.mktemp("babelon") / "terms.tsv"
    path.write_bytes((mark + newline.join([*lines, ""])).encode())
    # a plain split is all there is to it
    read = [line.split("\t") for line in path.read_text("utf-8-sig").split("\n") if line]
    header = read[0]
    expected: dict[str, set[tuple[str, str]]] = {}
    for cells in read[1:]:
        if len(cells) < len(header):
            continue
        one = dict(zip(header, cells, strict=True))
        is_name = one["predicate_id"] in {"rdfs:label", "oboInOwl:hasExactSynonym"}
        is_good = one["translation_status"] in {"", "OFFICIAL"}
        is_good &= one["translation_precision"] in {"", "EXACT"}
        if is_name and is_good and one["translation_value"].strip():
            texts = expected.setdefault(one["subject_id"], set())
            texts.add((one["translation_language"], one["translation_value"].strip()))
    if not expected:
        return
    concepts, reading = imported(path)
    found = {one.id: {(term.language, term.text) for term in one.terms} for one in concepts}
    assert found == expected
    short = sum(row[6] for row in rows)
    only = {row[0] for row in rows} - expected.keys()  # definitions alone are no concept
    refusals = reading.tally.refusals
    assert short <= refusals <= short + len(only)
    assert reading.tally.read == len(rows)


# --- MEDIS and the law dictionary: csv ---


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0", "3", "1", "9"]),
            JAPANESE,
            st.sampled_from(["ハツネツ", "ﾊﾂﾈﾂ", "ネツ-2", "ほか"]),
            st.one_of(st.none(), st.integers(0, 5)),  # the row it moved to
        ),
        min_size=1,
        max_size=6,
    ),
    ENCODINGS,
    st.sampled_from(["\n", "\r\n"]),
)
def test_medis_has_the_names_of_csv(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, int | None]],
    encoding: str,
    newline: str,
):
    rows = [("0", "発熱", "ハツネツ", None), *rows]
    written = io.StringIO(newline="")
    out = csv.writer(written, lineterminator=newline)
    for number, (change, name, kana, moved) in enumerate(rows):
        later = f"2005{moved:04d}" if moved is not None and moved != number else ""
        out.writerow(
            [change, f"2005{number:04d}", name, kana, "1", f"A{number:03d}", "R509", later]
        )
    path = tmp_path_factory.mktemp("medis") / "nmain.txt"
    path.write_bytes(encoded(written.getvalue(), encoding))
    expected: dict[str, set[str]] = {}
    refused = 0
    for cells in csv.reader(io.StringIO(written.getvalue(), newline="")):
        if cells[3] == "ほか":  # no kana of a master
            refused += 1
        elif cells[7] or cells[0] not in {"1", "9"}:
            expected.setdefault(f"MEDIS:{cells[7] or cells[1]}", set()).add(cells[2].strip())
    concepts, reading = imported(path)
    kept = {one.id: {*one.names("ja")} for one in concepts}
    broken = {text for texts in expected.values() for text in texts if "\n" in text}
    plain = {key: texts - broken for key, texts in expected.items()}
    assert kept == plain
    assert reading.tally.text_refusals == sum(len(texts & broken) for texts in expected.values())
    accounted(reading, len(rows), refused)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(JAPANESE, st.just("")),
            st.sampled_from(["", "べん"]),
            st.one_of(st.sampled_from(["valve", 'a, "b"', "x; y", "①one ②two"]), st.just("")),
            st.sampled_from(["", "機械の場合", "①一 ②二"]),
        ),
        min_size=1,
        max_size=6,
    ),
    ENCODINGS,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(",\t"),
)
def test_a_law_dictionary_has_the_translations_of_csv(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str]],
    encoding: str,
    newline: str,
    mark: str,
):
    written = io.StringIO(newline="")
    out = csv.writer(written, delimiter=mark, lineterminator=newline)
    out.writerow(["見出し語", "読み", "訳語", "使い分け基準"])
    cleaned = [
        tuple(cell.replace('"', "").replace("\n", "") for cell in row) if mark == "\t" else row
        for row in rows
    ]
    out.writerows(cleaned)
    path = tmp_path_factory.mktemp("law") / "law.csv"
    path.write_bytes(encoded(written.getvalue(), encoding))
    expected: dict[tuple[str, str], set[str]] = {}
    last = ("", "")
    read = 0
    for term, kana, translation, _ in list(
        csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=mark)
    )[1:]:
        if not (term + kana + translation + _).strip():
            continue  # a blank line is no row
        read += 1
        last = (term.strip(), kana) if term.strip() else last
        if last[0] and translation:
            parts = ["one", "two"] if translation.startswith("①") else [translation]
            expected.setdefault(last, set()).update(parts)
    if not expected:
        return
    concepts, reading = imported(path)
    found = {one.id: {*one.names("en")} for one in concepts}
    assert found == {
        f"law:{term}" + (f":{kana}" if kana else ""): texts
        for (term, kana), texts in expected.items()
    }
    assert reading.tally.read == read
