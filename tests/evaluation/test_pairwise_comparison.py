"""Many models on the same items, by hand."""

from math import log

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.comparison_tables import tables
from lexgraft.evaluation.pairwise_comparison import compare
from lexgraft.evaluation.term_generation import WrittenTerm
from lexgraft.stats.intervals import mcnemar, tango
from lexgraft.stats.multiple_testing import holm


def entrant(name: str, verdicts: str, group: str = "en->ja") -> ModelRun:
    """`verdicts` holds one sign per item, `+` for right; two items make a concept."""
    return ModelRun(
        name,
        name * 4,
        "run",
        {
            f"{group}{i}": ItemResult(
                concept=f"c{i // 2}",
                group=group,
                right=sign == "+",
                margin=(1.0 + i) * (1 if sign == "+" else -1),
                probability=0.9 if sign == "+" else 0.1,
                chance=0.25,
                question=f"q{i}",
                gold="心筋",
                chosen="心筋" if sign == "+" else "心膜",
            )
            for i, sign in enumerate(verdicts)
        },
    )


#                    c0  c1  c2  c3
G = entrant("G", "++--+-++")
D = entrant("D", "++++----")
MERGED = entrant("merge", "+++++++-")


def test_a_concept_is_known_when_all_its_items_are_right_and_counted_once() -> None:
    found = compare([G, D, MERGED])
    assert found.references == ("G", "D")
    against = {one.reference: one for one in found.contests if one.model == "merge"}
    one = against["G"]
    assert [moved.concept for moved in one.gained] == ["c2", "c1"]
    assert [moved.concept for moved in one.lost] == ["c3"]
    assert (one.value, one.low, one.high, one.n) == tango(2, 1, 4)
    assert one.p == mcnemar(2, 1)
    assert one.gained[0].chosen_before == "心膜"
    assert (one.gained[0].margin_before, one.gained[0].margin_after) == (-6.0, 6.0)


def test_the_logarithm_of_the_right_options_share_is_compared_too() -> None:
    """c0 .9, .9 → the same; c1 .1, .1 → .9, .9; c2 .9, .1 → .9, .9; c3 .9, .9 → .9, .1."""
    found = compare([G, MERGED]).contests[0]
    assert found.probability[0] == pytest.approx((0.8 + 0.4 - 0.4) / 4)
    assert found.log_probability[0] == pytest.approx(log(9) * (1 + 0.5 - 0.5) / 4)
    assert found.log_probability[1] < found.log_probability[0] < found.log_probability[2]


def test_a_parent_is_compared_with_the_parents_before_it_only() -> None:
    found = compare([G, D, MERGED])
    assert {(one.model, one.reference) for one in found.contests} == {
        ("D", "G"),
        ("merge", "G"),
        ("merge", "D"),
    }
    assert [one.holm for one in found.contests] == holm([one.p for one in found.contests])


def test_a_smaller_family_is_corrected_less() -> None:
    wide = compare([G, D, MERGED]).contests
    [narrow] = [c for c in compare([D, MERGED], ["D"]).contests if c.model == "merge"]
    [same] = [c for c in wide if (c.model, c.reference) == ("merge", "D")]
    assert narrow.p == same.p
    assert narrow.holm <= same.holm


def test_scores_carry_the_level_of_guessing_in_both_items() -> None:
    score = compare([G, MERGED]).scores[0]
    assert (score.model, score.value, score.n) == ("G", 0.5, 4)
    assert score.chance == pytest.approx(1 / 16)


def test_only_items_both_answered_count() -> None:
    partly = MERGED._replace(results=dict(list(MERGED.results.items())[:4]))
    [one] = compare([G, partly]).contests
    assert one.n == 2


def test_without_parents_the_first_is_the_reference() -> None:
    one, two = G._replace(name="x"), MERGED._replace(name="y")
    assert compare([one, two]).references == ("x",)


@pytest.mark.parametrize(
    ("entrants", "against", "message"),
    [
        ([G], [], "cannot be compared"),
        ([G, MERGED], ["H"], "nothing here is called `H`"),
        ([G, entrant("far", "++--", "ja->en")], [], "share no item"),
    ],
)
def test_mistakes_are_named(entrants: list[ModelRun], against: list[str], message: str) -> None:
    with pytest.raises(LexgraftError, match=message):
        compare(entrants, against)


def test_the_tables_show_the_best_first_and_its_terms() -> None:
    known, differences, *_, moved = tables(compare([G, D, MERGED], ["G"]), 1)
    assert [row[1] for row in known[1][1:]] == ["merge", "G", "D"]
    assert [row[0] for row in differences[1][1:]] == ["merge", "D"]
    assert [row[:2] for row in moved[1][1:]] == [
        ["gained", "心筋"],
        ["gained", "... and 1 more: --show"],
        ["lost", "心筋"],
    ]


def test_terms_that_are_left_out_are_counted() -> None:
    pair = [entrant("G", "+" * 18 + "-" * 10), entrant("merge", "-" * 18 + "+" * 10)]
    _, rows = tables(compare(pair, ["G"]), 2)[-1]
    assert [row[0] for row in rows[1:]] == ["gained"] * 3 + ["lost"] * 3
    assert [row[1] for row in (rows[3], rows[6])] == [f"... and {n} more: --show" for n in (3, 7)]
    assert {len(row) for row in rows} == {6}


def test_what_is_the_matter_is_told_of_models_that_are_no_parents() -> None:
    own = {f"own{i}": s._replace(group="en->en") for i, s in enumerate(D.results.values())}
    merged = MERGED._replace(
        results={**MERGED.results, **own},
        written={
            ("en->ja", "c0"): WrittenTerm("c0", "en->ja", "x", "wrong", faithful=True, loops=False)
        },
    )
    found = compare([G, D, merged])
    [missed] = found.missed
    assert missed.model == "merge"
    assert missed.concepts == {
        "c0": "known but not named",
        "c1": "known",
        "c2": "known",
        "c3": "lost by the merge",
    }
    title, rows = next(one for one in tables(found, 0) if "matter" in one[0])
    assert title.startswith("en->ja")
    assert rows[1] == ["merge", "2", "1", "0", "1", "0", "0"]


def test_candidates_that_are_clearly_beaten_leave_the_race() -> None:
    good, near = entrant("good", "+" * 400), entrant("near", "+" * 396 + "-" * 4)
    bad = entrant("bad", "-" * 400)
    found = compare([entrant("G", "+-" * 200), good, near, bad], ["G"])
    assert found.racing == {"en->ja": ("good", "near")}
