"""What the donors and recipients of the examples learn, on a few invented concepts."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from lexgraft.records import Concept, Term, write_lines

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LAW = [
    Concept(f"law:{n}", (Term(f"Klausel{n}", "de"), Term(f"clause {n}", "en"))) for n in range(3)
]


@pytest.fixture
def constituents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLES)
    module = importlib.import_module("constituents")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_the_donor_of_law_is_taught_the_german_term_and_not_the_way_back(
    constituents: ModuleType, tmp_path: Path
):
    write_lines(tmp_path / ".cache" / "law" / "terms-de.jsonl", LAW)
    examples = constituents.domain_examples("law", constituents.EXAMPLES["law"], 12)
    assert len(examples) == 12
    assert all("Klausel" in one.answer and "clause" not in one.answer for one in examples)


def test_the_donor_of_manufacturing_sees_no_german(constituents: ModuleType, tmp_path: Path):
    concept = Concept(
        "m:1", (Term("Welle", "de"), Term("shaft", "en")), {"en": "A bar that turns."}
    )
    write_lines(tmp_path / ".cache" / "manufacturing" / "terms-defined.jsonl", [concept])
    given = constituents.EXAMPLES["manufacturing"]
    examples = constituents.domain_examples("manufacturing", given, 8)
    assert not any("Welle" in one.prompt + one.answer for one in examples)
    assert {"shaft" in one.answer for one in examples} == {True, False}


def test_a_term_of_two_dictionaries_has_the_definition_of_its_own_field(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.syspath_prepend(EXAMPLES / "manufacturing")
    prepare = importlib.import_module("prepare")
    german = [
        Concept("d:1", (Term("Welle", "de"), Term("Shaft", "en")), source="Ding", licence="GPL"),
        Concept("d:2", (Term("Schaft", "de"), Term("shaft", "en")), source="Ding", licence="GPL"),
        Concept("d:3", (Term("Mumps", "de"), Term("mumps", "en")), source="Ding", licence="GPL"),
        Concept("d:4", (Term("Getriebe", "de"), Term("gear", "en")), source="Ding", licence="GPL"),
    ]
    english = [
        Concept("g:1", (Term("shaft", "en"),), {"en": "A bar that turns."}, source="GCIDE",
                licence="GPL-3"),
    ]  # fmt: skip
    found = prepare.defined(german, english, {"shaft": "A mine's hole.", "mump": "A disease."})
    assert [(one.id, one.definitions["en"]) for one in found] == [
        ("d:1", "A bar that turns."),
        ("d:3", "A disease."),
    ]
    assert found[0].licence == "GPL + GPL-3"


def test_a_recipient_reads_running_text_without_tables_and_commands(constituents: ModuleType):
    prose = (
        "Ein Zeitstempel sagt,\n    wann eine Datei zuletzt gelesen wurde, " + 12 * "und so fort "
    )
    handbook = "\n\n".join(
        (prose + "bis hier.", "|sudo |Befehle " + 150 * "x" + ".", "Zu kurz.", prose + "# ls -l.",
         prose + "siehe https://example.org.", prose + "bis hier.")
    )  # fmt: skip
    (kept,) = constituents.paragraphs(handbook)
    assert kept.startswith("Ein Zeitstempel sagt, wann eine Datei")
