"""What was dealt stays dealt: splits, items and what counts of them, however a base grows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.project import Project, read_project
from lexgraft.records import Concept, Item, Split, Term, write_lines
from lexgraft.terms.testset import TestSet, build_testset, write_testset
from lexgraft.terms.testset.dealing import FILE, read_dealing
from lexgraft.terms.testset.split import SPLITS, split_concepts

Maker = Callable[[int], list[Concept]]
PROJECT = """
name: demo
models: {base: b, language: g, domain: d}
languages: {target: ja, domain: en}
terms: {files: [terms.jsonl], max_zipf: 3.0}
testset:
  forms:
    - {kind: definition-to-term, question: en, answer: ja}
    - {kind: term-to-term, question: ja, answer: en}
  choose: 10
  confirm: 20
  sealed: 5
merge: {candidates: [{method: linear}]}
output: run
"""


@pytest.fixture
def project(tmp_path: Path, make_concepts: Maker) -> Project:
    write_lines(tmp_path / "terms.jsonl", make_concepts(45))
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    return read_project(tmp_path / "project.yaml")


def with_counts(project: Project, **counts: int) -> Project:
    return structs.replace(project, testset=structs.replace(project.testset, **counts))


def use_of(test: TestSet) -> dict[str, str]:
    return {concept.id: split for split in SPLITS for concept in test.concepts[split]}


def items_of(test: TestSet) -> dict[tuple[str, str, int], Item]:
    return {(i.concept, i.pair, i.draw): i for split in SPLITS for i in test.items[split]}


def continued(project: Project, first: TestSet) -> TestSet:
    return build_testset(project, dealt=first.dealing)


def test_a_grown_base_asks_only_its_new_concepts_anew(
    project: Project, tmp_path: Path, make_concepts: Maker
):
    first = build_testset(project)
    write_lines(tmp_path / "terms.jsonl", make_concepts(80))
    grown = continued(with_counts(project, confirm=45, sealed=9), first)
    before, after = use_of(first), use_of(grown)
    assert {concept: after[concept] for concept in before} == before
    assert [len(grown.concepts[split]) for split in SPLITS] == [10, 45, 9]
    old, now = items_of(first), items_of(grown)
    assert {place: now[place] for place in old} == old  # to the byte, with what counts of them
    assert {concept for concept, *_ in now.keys() - old.keys()} == after.keys() - before.keys()
    assert {grown.rounds[concept] for concept in before} == {1}
    assert {grown.rounds[concept] for concept in after.keys() - before.keys()} == {2}
    fresh = build_testset(with_counts(project, confirm=45, sealed=9))
    assert items_of(fresh) != now  # dealt anew most would have been other items


def test_new_items_lie_by_the_same_rules(project: Project, tmp_path: Path, make_concepts: Maker):
    first = build_testset(project)
    write_lines(tmp_path / "terms.jsonl", make_concepts(80))
    grown = continued(with_counts(project, confirm=45), first)
    asked = {concept.id: concept for group in grown.concepts.values() for concept in group}
    elsewhere = {  # names of concepts that another split asks about lend no wrong option
        split: {t.text for c in asked.values() for t in c.terms if use_of(grown)[c.id] != split}
        for split in SPLITS
    }
    for split in SPLITS:
        for item in grown.items[split]:
            if grown.rounds[item.concept] == 2:
                assert not {option.strip() for option in item.options} & elsewhere[split]
    golds = [i.gold for i in items_of(grown).values() if grown.rounds[i.concept] == 2]
    assert max(map(golds.count, range(4))) - min(map(golds.count, range(4))) <= 4


def test_without_a_change_all_stays(project: Project):
    first = build_testset(project)
    again = continued(project, first)
    assert (again.digest, again.items, again.dealing) == (first.digest, first.items, first.dealing)


def test_who_is_left_out_comes_back_to_the_same_use(project: Project):
    first = build_testset(project)
    fewer = continued(with_counts(project, choose=4, confirm=24), first)
    assert set(use_of(fewer).items()) >= {
        (concept, split) for concept, split in use_of(first).items() if split != "choose"
    }
    assert {c.id for c in fewer.concepts["choose"]} < {c.id for c in first.concepts["choose"]}
    back = continued(project, fewer)
    assert (use_of(back), items_of(back)) == (use_of(first), items_of(first))


def test_a_changed_definition_is_asked_anew_and_a_retired_concept_leaves_the_rest(
    project: Project, tmp_path: Path, make_concepts: Maker
):
    first = build_testset(project)
    changed, retired = (concept.id for concept in first.concepts["confirm"][:2])
    concepts = [
        structs.replace(concept, definitions={"en": "something that is not what it was"})
        if concept.id == changed
        else concept
        for concept in make_concepts(45)
        if concept.id != retired
    ]
    write_lines(tmp_path / "terms.jsonl", concepts)
    now = continued(project, first)
    assert use_of(now)[changed] == "confirm"
    assert retired not in use_of(now)
    same = {place for place, item in items_of(first).items() if items_of(now).get(place) == item}
    other = {place for place in items_of(first) if place[0] in (changed, retired)}
    assert items_of(first).keys() - same <= other
    assert len(now.concepts["confirm"]) == 20


def test_a_wrong_option_that_a_new_name_makes_right_is_replaced(
    project: Project, tmp_path: Path, make_concepts: Maker
):
    first = build_testset(project)
    item = next(i for i in first.items["confirm"] if i.pair == "en->ja")
    wrong = next(o.strip() for place, o in enumerate(item.options) if place != item.gold)
    concepts = [
        structs.replace(concept, terms=(*concept.terms, Term(wrong, "ja", "noun")))
        if concept.id == item.concept
        else concept
        for concept in make_concepts(45)
    ]
    write_lines(tmp_path / "terms.jsonl", concepts)
    now = items_of(continued(project, first))[item.concept, item.pair, item.draw]
    assert wrong not in {option.strip() for option in now.options}


def test_another_seed_deals_anew(project: Project):
    first = build_testset(project)
    other = structs.replace(project, seed=7)
    assert build_testset(other, dealt=first.dealing).items == build_testset(other).items


def test_what_was_dealt_is_on_record_and_not_to_be_changed(project: Project, tmp_path: Path):
    first = build_testset(project)
    write_testset(first, tmp_path / "set")
    assert tuple(read_dealing(tmp_path / "set")) == first.dealing
    file = tmp_path / "set" / FILE
    file.write_text(file.read_text(encoding="utf-8").replace('"choose"', '"confirm"', 1))
    with pytest.raises(LexgraftError, match="not as it was written"):
        read_dealing(tmp_path / "set")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_relatives_of_what_was_dealt_follow_it_or_stay_out(
    data: st.DataObject, make_concepts: Maker
):
    concepts = make_concepts(30)
    dealt = split_concepts(concepts[:18], {"choose": 6, "confirm": 10, "sealed": 2}, 1)
    before: dict[str, Split] = {one.id: split for split in SPLITS for one in dealt[split]}
    twins = [
        structs.replace(one, terms=(*one.terms, concepts[data.draw(st.integers(0, 17))].terms[0]))
        for one in concepts[18:]
    ]
    counts: dict[Split, int] = {"choose": 6, "confirm": data.draw(st.integers(10, 20)), "sealed": 2}
    try:
        now = split_concepts([*concepts[:18], *twins], counts, 1, dealt=before)
    except LexgraftError:
        return  # related concepts do not fit
    after = {one.id: split for split in SPLITS for one in now[split]}
    assert before.items() <= after.items()
    names = {split: {t.text for one in now[split] for t in one.terms} for split in SPLITS}
    assert not names["choose"] & names["confirm"]
