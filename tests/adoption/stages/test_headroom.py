"""What D knows and G does not, counted by hand."""

from graded import CONTEXT, model

from lexgraft.adoption.stages.headroom import criteria, missing_concepts


def test_headroom_counts_what_d_knows_in_its_language_and_g_misses_in_the_targets():
    missing = missing_concepts(model("D", 18, 6), model("G", 4, 2), CONTEXT)
    assert [sum(missing["en->ja"].values()), len(missing["en->ja"])] == [16, 20]
    (criterion,) = criteria(missing, 0.3, CONTEXT)
    assert (criterion.value, criterion.threshold, criterion.outcome) == (0.8, 0.3, "pass")
    (none,) = criteria({"en->ja": {f"c{n}": False for n in range(60)}}, 0.3, CONTEXT)
    assert none.outcome == "fail"
