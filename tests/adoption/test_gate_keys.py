"""Every key of every gate is read by a criterion; keys of earlier versions name the new one."""

from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from graded import CONTEXT, model
from msgspec import Struct, structs

from lexgraft.adoption.gains import donor_criteria, gain_criteria, taught_criteria
from lexgraft.adoption.metrics import changes, protected
from lexgraft.adoption.stages import glossary_prompt
from lexgraft.errors import LexgraftError
from lexgraft.files.renamed_keys import RENAMED
from lexgraft.project import (
    AssumedTruth,
    Gates,
    GlossaryGate,
    MergeGate,
    TuneGate,
    read_project,
)
from lexgraft.records import Criterion
from lexgraft.stats.intervals import Interval

G, D, RESULT = model("G", 4, 2), model("D", 18, 6), model("merge", 16, 10, everyday=18)


def _of_merge(gate: MergeGate) -> tuple[Criterion, ...]:
    return (
        *gain_criteria(RESULT, G, {"control": D.terms}, CONTEXT, gate),
        *protected(changes(RESULT, G, CONTEXT, gate)),
    )


def _of_glossary(gate: GlossaryGate) -> tuple[Criterion, ...]:
    effect, gain = Interval(0.3, 0.1, 0.5, 20), Interval(0.4, 0.2, 0.6, 20)
    return glossary_prompt.criteria(effect, gain, "en->ja", gate)


def _of_tune(gate: TuneGate) -> tuple[Criterion, ...]:
    return (
        *taught_criteria((G.terms, RESULT.terms), (G.terms, D.terms), CONTEXT, gate),
        *donor_criteria(RESULT.terms, {"control": D.terms}, "en->ja", CONTEXT, gate.donor_gain),
        *protected(changes(RESULT, G, CONTEXT, gate)),
    )


CRITERIA: dict[type[Struct], Any] = {
    MergeGate: _of_merge,
    GlossaryGate: _of_glossary,
    TuneGate: _of_tune,
}
KEYS = [(gate, key) for gate in CRITERIA for key in gate.__struct_fields__]


def test_every_stage_with_several_thresholds_is_walked():
    gates = {type(value) for value in structs.asdict(Gates()).values() if isinstance(value, Struct)}
    assert gates - {AssumedTruth} == set(CRITERIA)


@pytest.mark.parametrize(("gate", "key"), KEYS)
def test_a_key_of_a_gate_moves_the_threshold_of_some_criterion(gate: type[Struct], key: str):
    plain = gate()
    moved = structs.replace(plain, **{key: getattr(plain, key) + 0.37})
    before, after = (CRITERIA[gate](one) for one in (plain, moved))
    pairs = list(zip(before, after, strict=True))
    changed = [new for old, new in pairs if old.threshold != new.threshold]
    assert changed
    assert len(changed) < len(pairs)
    assert all(abs(new.threshold - old.threshold) == pytest.approx(0.37)
               for old, new in pairs if new in changed)  # fmt: skip


@pytest.mark.parametrize("key", RENAMED)
def test_a_key_of_an_earlier_version_is_refused_with_what_to_write(
    make_project: MakeProject, key: str
):
    *sections, name = key.split(".")

    def old(values: dict[str, Any]) -> None:
        for section in sections:
            values = values.setdefault(section, {})
        values[name] = 0.1

    with pytest.raises(LexgraftError, match=f"unknown key `{key}`") as error:
        read_project(make_project(old))
    cure = error.value.cure or ""
    assert any(text in cure for text in ("called `", "part of `", "take it out"))
    called = cure.partition("called `gates.")[2].partition("`")[0]
    if called:
        now, field = called.split(".")
        assert field in type(getattr(Gates(), now)).__struct_fields__


def test_the_prices_of_an_earlier_version_are_refused_with_where_they_stand_now(
    make_project: MakeProject,
):
    def old(values: dict[str, Any]) -> None:
        values["prices"] = {"per_hour": 0.2, "currency": "EUR"}

    with pytest.raises(LexgraftError, match="unknown key `prices`") as error:
        read_project(make_project(old))
    assert "business: {machine_hour: 0.20" in error.value.cure


def test_the_examples_hold_no_key_of_an_earlier_version():
    files = sorted(Path(__file__).parents[2].glob("examples/*/*.yaml"))
    assert len(files) > 8
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "retention_loss" not in text, file
        if "models:" in text and "testset:" in text:
            read_project(file)
