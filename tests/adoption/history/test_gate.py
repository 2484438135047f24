"""What is a regression, by hand; which items are paired; what every release may spend."""

from pathlib import Path

import pytest
from msgspec import structs
from releases import GROUP, add, item_set, ledger_of, release

from lexgraft.adoption.history.gate import judge_history, judge_release
from lexgraft.adoption.history.history_page import history_page
from lexgraft.adoption.history.history_tables import (
    all_comparisons,
    by_project,
    change_rows,
    flip_rows,
    gate_sentences,
    history_of,
)
from lexgraft.adoption.history.ledger import ItemSet, LedgerConcept, read_ledger
from lexgraft.adoption.history.recording import add_releases, gate_release
from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.errors import LexgraftError

FIELDS = {"law": 100, "medicine": 100}
ITEMS = item_set(FIELDS)
ALL = [True] * 200


def without(*places: int) -> list[bool]:
    return [place not in places for place in range(200)]


def test_a_loss_in_one_field_is_found_and_its_terms_are_named():
    ledger = ledger_of(ITEMS, release("may", ITEMS, ALL))
    gate = judge_release(ledger, release("june", ITEMS, without(*range(100, 115))))
    assert not gate.passed
    lost = {(one.group, one.field) for one in gate.step.regressions}
    assert lost == {(GROUP, ""), (GROUP, "medicine")}
    assert [flip.concept for flip in gate.step.lost][:2] == ["medicine0", "medicine1"]
    assert len(gate.step.lost) == 15
    assert gate.step.gained == ()
    [medicine] = [one for one in gate.step.changes if one.field == "medicine"]
    assert (medicine.n, medicine.lost, medicine.gained) == (100, 15, 0)
    assert medicine.value == pytest.approx(-0.15)
    assert medicine.high < 0
    assert medicine.level == pytest.approx(0.05 / 2 / 2 / 3)  # first of all, two tests, three axes


def test_as_many_gains_as_losses_are_no_regression():
    was, now = without(*range(10)), without(*range(10, 20))
    gate = judge_release(ledger_of(ITEMS, release("may", ITEMS, was)), release("june", ITEMS, now))
    assert gate.passed
    assert (len(gate.step.lost), len(gate.step.gained)) == (10, 10)


def test_small_losses_that_each_pass_do_not_pass_together():
    items = item_set({"law": 1500})
    rights = [[place >= 4 * number for place in range(1500)] for number in range(40)]
    releases = [release(f"{number}", items, right) for number, right in enumerate(rights)]
    gates = judge_history(ledger_of(items, *releases))
    assert all(not gate.step.regressions for gate in gates)
    failed = [gate.number for gate in gates if gate.since_first.regressions]
    assert failed
    assert failed == list(range(failed[0], 40))
    assert gates[0].since_first.changes[0].finding == "kept"


def test_only_items_of_the_same_content_are_paired_and_it_is_said():
    fewer = item_set(FIELDS, only=range(60))
    more = item_set({"law": 100, "medicine": 100, "trade": 30}, only=range(30, 100))
    ledger = ledger_of(fewer, more, release("may", fewer, [True] * 120))
    gate = judge_release(ledger, release("june", more, [False] * 60 + [True] * 80))
    assert (gate.step.shared, gate.step.items) == (60, (120, 140))
    assert "60 of 140 items were asked of may too (120 there)" in " ".join(gate_sentences(gate))


def test_releases_that_share_nothing_are_refused_never_passed():
    other = item_set({"trade": 50})
    ledger = ledger_of(ITEMS, other, release("may", ITEMS, ALL))
    with pytest.raises(LexgraftError, match="nothing can be compared"):
        judge_release(ledger, release("june", other, [True] * 50))


def test_everyday_words_alone_pass_no_release():
    groups = ("everyday en->en", GROUP)
    sets = [
        ItemSet(
            f"{month}",
            groups,
            tuple(LedgerConcept(f"{n}", {}) for n in range(20)),
            tuple((f"{n}" if n < 10 else f"{n} {month}", n, int(n >= 10)) for n in range(20)),
        )
        for month in (5, 6)
    ]
    may, june = (release(items.digest, items, [True] * 20) for items in sets)
    with pytest.raises(LexgraftError, match="nothing can be compared"):
        judge_release(ledger_of(*sets, may), june)


def test_a_release_that_is_recorded_is_judged_against_the_one_before_it():
    may, june = release("may", ITEMS, ALL), release("june", ITEMS, without(3))
    gate = judge_release(ledger_of(ITEMS, may, june), june)
    assert (gate.step.before, gate.number) == ("may", 1)


def test_a_ledger_without_the_project_is_refused():
    ledger = ledger_of(ITEMS, release("may", ITEMS, ALL, project="terms-ja"))
    with pytest.raises(LexgraftError, match="no earlier release"):
        judge_release(ledger, release("june", ITEMS, ALL))


def test_the_first_release_has_nothing_to_be_judged_against_and_is_told_what_to_do():
    may = release("may", ITEMS, ALL)
    with pytest.raises(LexgraftError, match="no earlier release") as refused:
        judge_release(ledger_of(ITEMS, may), may)
    assert "the next one can be judged" in refused.value.cure


def test_later_releases_have_less_of_the_error():
    releases = [release(f"{n}", ITEMS, without(n)) for n in range(4)]
    gates = judge_history(ledger_of(ITEMS, *releases), ReleasePolicy(alpha=0.12))
    levels = [gate.step.changes[0].level * 2 * 3 for gate in gates]
    assert levels == pytest.approx([0.06, 0.02, 0.01])


def test_a_base_that_was_changed_has_its_flips_listed_and_is_not_judged():
    may = release("may", ITEMS, ALL, others={"base": ALL})
    june = release("june", ITEMS, ALL, others={"base": without(*range(50))})
    gate = judge_release(ledger_of(ITEMS, may), june)
    assert gate.passed
    [base] = gate.parents
    assert (base.role, len(base.lost), base.changes) == ("base", 50, ())


@pytest.mark.parametrize("fields", [{"law": 200}, FIELDS, {"law": 60, "medicine": 60, "trade": 80}])
def test_a_parent_is_listed_however_many_fields_there_are(fields: dict[str, int]):
    items = item_set(fields)
    may = release("may", items, ALL, others={"D": ALL})
    june = release("june", items, ALL, others={"D": without(0, 1)})
    [donor] = judge_release(ledger_of(items, may), june).parents
    assert ([flip.concept for flip in donor.lost], donor.changes) == (["law0", "law1"], ())


def test_hostile_names_stay_text_and_the_page_loads_nothing(tmp_path: Path):
    evil = "<script>alert(1)</script>\u202e\"'&"
    concepts = tuple(LedgerConcept(f"{n}{evil}", {"ja": evil}, evil) for n in range(9))
    items = item_set({"law": 9}).__class__(
        "x", (evil,), concepts, tuple((f"{n}", n, 0) for n in range(9))
    )
    may, june = release(evil, items, [True] * 9), release(f"{evil}2", items, [False] * 9)
    page = history_page(history_of(ledger_of(items, may, june), ReleasePolicy()), evil)
    assert "<script" not in page
    assert "src=" not in page
    assert "http" not in page.replace('http-equiv="Content', "")
    assert page.count("&lt;script&gt;") > 9


def test_a_release_that_cannot_be_compared_is_not_added(tmp_path: Path):
    file = tmp_path / "releases.jsonl"
    add_releases(file, [ITEMS, release("may", ITEMS, ALL)])
    before = file.read_bytes()
    other = item_set({"trade": 50})
    exact = structs.replace(release("june", ITEMS, ALL), number_format="float32")
    mixed = structs.replace(release("july", ITEMS, ALL), number_format="mixed")
    plain = structs.replace(release("june", ITEMS, ALL), prompt="plain")
    chat = structs.replace(release("july", ITEMS, ALL), prompt="chat")
    foreign = [other, release("june", other, [True] * 50)]
    for entries in (foreign, [ITEMS, exact, mixed], [ITEMS, plain, chat]):
        with pytest.raises(LexgraftError, match="nothing can be compared"):
            add_releases(file, entries)
        assert file.read_bytes() == before
    with pytest.raises(LexgraftError, match="nothing can be compared"):
        add_releases(tmp_path / "new.jsonl", [ITEMS, exact, mixed])
    assert not (tmp_path / "new.jsonl").exists()


def test_a_history_with_releases_that_cannot_be_compared_says_so_and_goes_on(tmp_path: Path):
    other = item_set({"trade": 50})
    ledger = add(
        tmp_path / "releases.jsonl",
        *(ITEMS, other, release("may", ITEMS, ALL)),
        *(release("june", other, [True] * 50), release("july", ITEMS, without(1))),
    )
    june, july = judge_history(ledger)
    assert not june.passed
    assert "0 of 50 items were asked" in june.step.refusal
    assert "0 of 200 items were asked" in july.step.refusal
    assert not july.since_first.refusal
    said = [row for row in change_rows([june, july], complete=True) if "not comparable" in row[-2]]
    assert [row[:2] for row in said] == [["june", "may"], ["june", "may"], ["july", "june"]]
    assert "not comparable" in history_page(history_of(ledger, ReleasePolicy()), "releases")


def test_every_look_at_a_candidate_has_less_of_the_error(tmp_path: Path):
    file = tmp_path / "releases.jsonl"
    add_releases(file, [ITEMS, release("may", ITEMS, ALL)])
    candidates = [release(f"candidate {n}", ITEMS, without(n)) for n in range(20)]
    gates = [gate_release(file, ITEMS, candidate) for candidate in candidates]
    assert [gate.number for gate in gates] == [*range(1, 21)]
    spent = sum(2 * change.level for gate in gates for change in gate.step.changes)
    assert spent == pytest.approx(0.05 * 20 / 21)
    assert "number 20 after the first release" in " ".join(gate_sentences(gates[-1]))
    again = gate_release(file, ITEMS, candidates[3])
    assert (again.number, read_ledger(file).lines) == (4, 22)
    assert again.head == gates[-1].head == read_ledger(file).head


def test_a_candidate_that_is_released_keeps_its_place(tmp_path: Path):
    file = tmp_path / "releases.jsonl"
    may, june, july = (release(f"{n}", ITEMS, without(n)) for n in range(3))
    add_releases(file, [ITEMS, may])
    looked = gate_release(file, ITEMS, june)
    gate_release(file, ITEMS, july)
    written_again = structs.replace(june, findings="a report that was written again")
    ledger, added = add_releases(file, [ITEMS, written_again])
    assert added == (written_again,)
    [recorded] = judge_history(ledger)
    assert recorded.number == looked.number == 1
    assert gate_release(file, ITEMS, july).number == 3  # against june it is another comparison


def test_nothing_is_recorded_where_nothing_was_seen(tmp_path: Path):
    file = tmp_path / "releases.jsonl"
    with pytest.raises(LexgraftError, match="no such ledger"):
        gate_release(file, ITEMS, release("june", ITEMS, ALL))
    assert not file.exists()
    may = release("may", ITEMS, ALL)
    add_releases(file, [ITEMS, may])
    before = file.read_bytes()
    other = item_set({"trade": 50})
    for items, candidate in ((ITEMS, may), (other, release("june", other, [True] * 50))):
        with pytest.raises(LexgraftError):
            gate_release(file, items, candidate)
    assert file.read_bytes() == before


def test_a_concept_that_was_renamed_is_counted_as_what_it_is_now():
    renamed = structs.replace(
        ITEMS,
        digest="renamed",
        concepts=tuple(
            structs.replace(concept, id=f"new {concept.id}", field="all of it")
            for concept in ITEMS.concepts
        ),
    )
    ledger = ledger_of(ITEMS, renamed, release("may", ITEMS, ALL))
    gate = judge_release(ledger, release("june", renamed, without(3)))
    assert gate.step.shared == 200
    [flip] = gate.step.lost
    assert (flip.concept, flip.field) == ("new law3", "all of it")
    assert [change.field for change in gate.step.changes] == [""]


def test_an_everyday_word_and_a_term_of_one_id_are_two():
    concepts = (
        *(LedgerConcept(f"{n}", {"en": f"term {n}"}, "law", "family") for n in range(40)),
        *(LedgerConcept(f"{n}", {"en": f"word {n}"}) for n in range(40)),
    )
    groups = (GROUP, "everyday en->en")
    items = tuple((f"{place}", place, place // 40) for place in range(80))
    both = ItemSet("both", groups, concepts, items)
    may, june = release("may", both, [True] * 80), release("june", both, [False] * 80)
    gate = judge_release(ledger_of(both, may), june)
    fields = {flip.group: {*flip.terms.values(), flip.field} for flip in gate.step.lost}
    assert fields[GROUP] == {"term 9", "law"}
    assert fields["everyday en->en"] == {"word 9", ""}
    words, terms = ([c for c in gate.step.changes if c.group == group] for group in groups[::-1])
    assert words[0].p < 0.001 < terms[0].p  # forty relatives are one concept, forty words are not
    known = history_of(ledger_of(both, may), ReleasePolicy()).releases[0].known
    assert [round(score.low, 2) for score in known] == [0.21, 0.91]


def test_rows_that_are_left_out_are_counted():
    may, june = release("may", ITEMS, ALL), release("june", ITEMS, without(*range(15)))
    ledger = ledger_of(ITEMS, may, june)
    comparisons = all_comparisons(judge_history(ledger))
    rows = flip_rows(comparisons, 4, "{} more".format)
    assert [row[-1] for row in rows[-2:]] == ["law 11 / 11 law", "11 more"]
    assert rows[-1][:4] == ["june", "may", "merge", "lost"]
    assert len(flip_rows(comparisons, 15, "{} more".format)) == 16


def test_projects_of_one_ledger_stand_apart():
    other = item_set({"trade": 50})
    ledger = ledger_of(
        *(ITEMS, other, release("may", ITEMS, ALL), release("x", other, [True] * 50, project="b")),
        *(release("june", ITEMS, ALL), release("y", other, [True] * 50, project="b")),
    )
    history = history_of(ledger, ReleasePolicy())
    assert [
        [[release.name for release in one.releases], [gate.release for gate in one.gates]]
        for one in by_project(history)
    ] == [[["may", "june"], ["june"]], [["x", "y"], ["y"]]]
    page = history_page(history, "releases")
    assert (page.count("<svg"), page.count("<h2")) == (2, 2)
    assert page.index(">terms<") < page.index(">may<") < page.index(">b<") < page.index(">x<")
