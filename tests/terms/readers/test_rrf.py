"""UMLS RRF, on invented rows after the published layout."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.samples import conso

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts

ROWS = [
    conso("C0000001", "Pyrexia", ISPREF="N", AUI="A2", SAB="MSH", CODE="D1"),
    conso("C0000001", "Fever", SAB="SNOMEDCT_US", CODE="1"),
    conso("C0000001", "発熱", "JPN", AUI="A3", SAB="MSHJPN", CODE="D1"),
    conso("C0000001", "Fevers", SUPPRESS="O"),
    conso("C0000002", 'The "x" sign'),
    conso("C0000003", "NA", "JPN"),
]


def folder(tmp_path: Path, rows: list[str] = ROWS) -> Path:
    meta = tmp_path / "2025AA" / "META"
    meta.mkdir(parents=True)
    (meta / "MRCONSO.RRF").write_text("\n".join([*rows, ""]), encoding="utf-8")
    definitions = ["C0000001|A3|T1||XX|体温が高い。|N||", "C0000001|A2|T2||XX|A raised one.|N||"]
    definitions.append("C0000002|A9|T3||XX|Of no term here.|N||")
    (meta / "MRDEF.RRF").write_text("\n".join([*definitions, ""]), encoding="utf-8")
    types = ["C0000001|T184|A2|Sign or Symptom|AT1||", "C0000003|T1|A|Other|AT2||", ""]
    (meta / "MRSTY.RRF").write_text("\n".join(types), encoding="utf-8")
    return tmp_path


def test_a_folder_is_read_as_one_stream_by_cui(tmp_path: Path):
    fever, sign, missing = read_concepts([folder(tmp_path)])
    assert fever.id == "UMLS:C0000001"
    assert fever.names("en") == ("Fever", "Pyrexia")
    assert fever.names("ja") == ("発熱",)
    assert fever.definitions == {"ja": "体温が高い。", "en": "A raised one."}
    assert fever.field == "Sign or Symptom"
    assert fever.same_as == ("MSH:D1", "SNOMEDCT_US:1", "MSHJPN:D1")
    assert sign.names("en") == ('The "x" sign',)
    assert missing.names("ja") == ("NA",)


def test_one_language_is_taken_and_the_rest_counted(tmp_path: Path):
    taken = TermImport([folder(tmp_path)], ImportOptions(languages=("ja",)))
    assert [concept.id for concept in taken] == ["UMLS:C0000001", "UMLS:C0000003"]
    tally = taken.readings[0].tally
    counts = {reason: passed.count for reason, passed in tally.left_out.items()}
    assert counts == {"another language than those asked for": 3, "suppressed": 1}
    assert tally.read == tally.kept + 4


def test_rows_of_a_concept_that_do_not_stand_together_are_refused(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"MRCONSO\.RRF:7: C0000001 stands behind C0000003"):
        read_concepts([folder(tmp_path, [*ROWS, ROWS[0]])])


def test_a_line_without_the_last_pipe_is_refused_with_its_number(tmp_path: Path):
    taken = TermImport([folder(tmp_path, [*ROWS, ROWS[0][:-1]])])
    list(taken)
    assert taken.readings[0].tally.refused[0].line == 7


def test_a_row_without_a_cui_is_refused_with_its_number(tmp_path: Path):
    taken = TermImport([folder(tmp_path, [*ROWS, conso("X12", "no cui")])])
    list(taken)
    (refusal,) = taken.readings[0].tally.refused
    assert (refusal.line, refusal.text) == (7, "X12")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1).filter(
    lambda text: "|" not in text
)
LANGUAGES = st.sampled_from(["ENG", "JPN", "GER"])


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), TEXTS, LANGUAGES, st.sampled_from("NOY")),
        min_size=1,
        max_size=12,
    )
)
def test_the_rows_are_those_that_duckdb_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str, str]]
):
    lines = [
        conso(f"C{number:07d}", text, language, SUPPRESS=suppress)
        for number, text, language, suppress in sorted(rows, key=lambda row: row[0])
    ]
    path = folder(tmp_path_factory.mktemp("rrf"), [*lines, conso("C0000009", "常に", "JPN")])
    found = {
        (concept.id.partition(":")[2], term.text)
        for concept in read_concepts([path], ImportOptions(languages=("ja", "de")))
        for term in concept.terms
    }
    query = (
        "select column00, column14 from read_csv(?, delim='|', quote='', escape='', header=false, "
        "all_varchar=true, new_line='\\n') where column16 = 'N' and column01 in ('JPN', 'GER')"
    )
    (file,) = path.rglob("MRCONSO.RRF")
    assert found == set(duckdb.execute(query, [str(file)]).fetchall())
