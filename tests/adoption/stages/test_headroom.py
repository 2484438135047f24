"""What D knows and G does not, counted by hand."""

from graded import CONTEXT, model

from lexgraft.adoption.stages.headroom import count_missing, criteria


def test_headroom_counts_what_d_knows_in_its_language_and_g_misses_in_the_targets():
    missing = count_missing(model("D", 18, 6), model("G", 4, 2), CONTEXT)
    assert missing == {"en->ja": (16, 20)}
    (criterion,) = criteria(missing, 0.3, CONTEXT.alpha)
    assert (criterion.value, criterion.threshold, criterion.outcome) == (0.8, 0.3, "pass")
    (none,) = criteria({"en->ja": (0, 60)}, 0.3, CONTEXT.alpha)
    assert none.outcome == "fail"
