"""What is a regression, by hand; which items are paired; what every release may spend."""

from pathlib import Path

import pytest
from releases import GROUP, item_set, ledger_of, release

from lexgraft.adoption.history.gate import judge_history, judge_release
from lexgraft.adoption.history.history_page import history_page
from lexgraft.adoption.history.history_tables import gate_sentences, history_of
from lexgraft.adoption.history.ledger import ItemSet, LedgerConcept
from lexgraft.adoption.history.release_comparison import ReleasePolicy
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
    assert gate.passed is not False
    [base] = gate.parents
    assert (base.role, len(base.lost)) == ("base", 50)


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
