"""SNOMED CT RF2, on invented rows after the published layout."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.samples import (
    ACCEPTABLE,
    AMERICAN,
    BRITISH,
    FULL,
    HEADER,
    SYNONYM,
    description,
    member,
)

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import (
    ImportOptions,
    TermImport,
    read_concepts,
)
from lexgraft.terms.readers import (
    rf2_descriptions as descriptions,
)

DESCRIPTIONS = [
    description(31, 3, 'The "quoted" thing (part) (body structure)', FULL),
    description(11, 1, "Anemia (disorder)", FULL),
    description(12, 1, "Anaemia"),
    description(13, 1, "Anemia"),
    description(14, 1, "Low blood", active=0),
    description(32, 3, '"quoted" thing'),
    description(33, 3, "NA"),
    description(21, 2, "Retired (finding)", FULL),
    description(22, 2, "Retired"),
]
MEMBERS = [
    member(13),
    member(13, BRITISH, ACCEPTABLE),
    member(12, BRITISH),
    member(32),
    member(32, BRITISH),
    member(33, AMERICAN, ACCEPTABLE),
]


def release(folder: Path, descriptions: list[str] = DESCRIPTIONS) -> Path:
    terminology = folder / "SnomedCT_Demo" / "Snapshot" / "Terminology"
    language = folder / "SnomedCT_Demo" / "Snapshot" / "Refset" / "Language"
    terminology.mkdir(parents=True)
    language.mkdir(parents=True)

    def write(path: Path, *rows: str) -> None:
        path.write_bytes("".join(f"{row}\r\n" for row in rows).encode())

    name = "Snapshot-en_INT_20250101.txt"
    write(terminology / f"sct2_Description_{name}", HEADER, *descriptions)
    write(
        terminology / "sct2_Concept_Snapshot_INT_20250101.txt",
        "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId",
        *(f"{number}\t20250101\t{int(number != 2)}\t1\t1" for number in (1, 2, 3)),
    )
    write(
        terminology / f"sct2_TextDefinition_{name}",
        HEADER,
        description(91, 1, "Too little haemoglobin."),
    )
    write(
        terminology / "sct2_Relationship_Snapshot_INT_20250101.txt",
        "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\tgroup\ttypeId\tx\ty",
        "1\t20250101\t1\t1\t1\t3\t0\t116680003\t1\t1",
        "2\t20250101\t0\t1\t1\t2\t0\t116680003\t1\t1",
    )
    write(
        language / "der2_cRefset_LanguageSnapshot-en_INT_20250101.txt",
        "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId",
        *MEMBERS,
    )
    return folder


def test_a_release_folder_is_joined_by_concept(tmp_path: Path):
    taken = TermImport([release(tmp_path)])
    anemia, thing = taken
    assert (anemia.id, anemia.field, thing.field) == ("SNOMEDCT:1", "disorder", "body structure")
    assert anemia.names("en") == ("Anemia", "Anaemia")
    assert anemia.definitions == {"en": "Too little haemoglobin."}
    assert anemia.broader == ("SNOMEDCT:3",)
    assert (anemia.source_version, anemia.licence) == ("20250101", "SNOMED CT Affiliate Licence")
    assert thing.names("en") == ('"quoted" thing', "NA")


def test_inactive_rows_and_concepts_are_left_out_and_counted(tmp_path: Path):
    taken = TermImport([release(tmp_path)])
    list(taken)
    tally = taken.readings[0].tally
    assert {reason: passed.count for reason, passed in tally.left_out.items()} == {
        "inactive": 1,
        "of an inactive concept": 2,
    }
    assert tally.left_out["inactive"].lines == [6]
    assert (tally.read, tally.kept) == (9, 6)


@pytest.mark.parametrize(
    ("dialect", "names"), [("en-GB", ("Anaemia", "Anemia")), ("en-US", ("Anemia",))]
)
def test_a_dialect_takes_what_its_refset_accepts(
    tmp_path: Path, dialect: str, names: tuple[str, ...]
):
    found = read_concepts([release(tmp_path)], ImportOptions(languages=(dialect,)))
    assert found[0].names("en") == names


def test_a_short_row_is_refused_with_its_line(tmp_path: Path):
    taken = TermImport([release(tmp_path, [*DESCRIPTIONS, "15\t20250101\t1\tbroken"])])
    list(taken)
    (refusal,) = taken.readings[0].tally.refused
    assert (refusal.line, refusal.text) == (11, "15\t20250101\t1\tbroken\r\n")


def test_a_release_without_a_snapshot_is_not_taken_for_one(tmp_path: Path):
    (tmp_path / "sct2_Description_Full-en_INT_20250101.txt").write_text(HEADER, encoding="utf-8")
    with pytest.raises(LexgraftError, match="no known term base"):
        read_concepts([tmp_path])


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters='" '), min_size=1
).filter(lambda text: text.strip() == text)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), TEXTS, st.integers(0, 1)), min_size=1, max_size=12))
def test_the_rows_are_those_that_duckdb_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, int]]
):
    path = tmp_path_factory.mktemp("rf2") / "d.txt"
    lines = [
        description(100 + number, concept, text, active=active)
        for number, (concept, text, active) in enumerate(rows)
    ]
    live = description(1, 9, "always")
    path.write_bytes("".join(f"{line}\r\n" for line in [HEADER, *lines, live]).encode())

    found = {
        (int(concept.id.partition(":")[2]), term.text)
        for concept in read_concepts([path])
        for term in concept.terms
    }
    query = (
        "select conceptId, term from read_csv(?, delim='\t', quote='', escape='', header=true, "
        "all_varchar=true, new_line='\\r\\n') where active = '1' and typeId = ?"
    )
    theirs = duckdb.execute(query, [str(path), SYNONYM]).fetchall()
    assert found == {(int(concept), term) for concept, term in theirs}


@pytest.mark.parametrize("lone", [False, True])
def test_ranges_of_concepts_come_in_order_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lone: bool
):
    rows = [
        description(1000 + number, 1 + number * 7 % 11, f"{'漢' * (number % 3)}term {number}")
        for number in range(44)
    ]
    folder = release(tmp_path, rows)
    (path,) = folder.rglob("sct2_Description*") if lone else [folder]
    whole = read_concepts([path])
    monkeypatch.setattr(descriptions, "_TOGETHER", 4)
    monkeypatch.setattr(descriptions, "_EVERY", 2)
    assert read_concepts([path]) == whole
    assert [len(one.terms) for one in whole] == [4] * len(whole)
    numbers = [int(one.id.partition(":")[2]) for one in whole]
    assert numbers == (list(range(1, 12)) if lone else [1, 3])
