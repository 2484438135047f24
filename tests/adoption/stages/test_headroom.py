"""What D knows and G does not, counted by hand."""

from graded import CONTEXT, model

from lexgraft.adoption.stages.headroom import by_guessing, criteria, missing_concepts


def test_headroom_counts_what_d_knows_in_its_language_and_g_misses_in_the_targets():
    missing = missing_concepts(model("D", 18, 6), model("G", 4, 2), CONTEXT)
    assert [sum(missing["en->ja"].values()), len(missing["en->ja"])] == [16, 20]
    (criterion,) = criteria(missing, 0.3, CONTEXT)
    assert (criterion.value, criterion.threshold, criterion.outcome) == (0.8, 0.3, "pass")
    levels = CONTEXT._replace(guessing={"en->en": 0.25, "en->ja": 0.2})
    guessed = by_guessing(model("D", 18, 6), "en->ja", levels)
    assert guessed == 0.25 * 0.8
    (above,) = criteria(missing, 0.3, CONTEXT, {"en->ja": guessed})
    assert (above.threshold, above.outcome) == (0.5, "pass")
    (none,) = criteria({"en->ja": {f"c{n}": False for n in range(60)}}, 0.3, CONTEXT)
    assert none.outcome == "fail"
