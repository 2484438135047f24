"""What is carried over, by hand, from graded items."""

import pytest

from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.comparison_tables import tables
from lexgraft.evaluation.measures import (
    EMERGENCE,
    RETENTION_OF_DONOR,
    RETENTION_OF_RECIPIENT,
    TRANSFER,
)
from lexgraft.evaluation.pairwise_comparison import compare
from lexgraft.evaluation.transfer import transfer_scores


def entrant(name: str, **groups: str) -> ModelRun:
    """Two signs per concept, one for each draw, `+` for right."""
    shown: dict[str, ItemResult] = {}
    for group, signs in groups.items():
        asked, answered = group.split("_")
        for i, sign in enumerate(signs.replace(" ", "")):
            shown[f"{group}{i}"] = ItemResult(
                concept=f"c{i // 2}",
                group=f"{asked}->{answered}",
                right=sign == "+",
                margin=1.0,
                probability=0.5,
                chance=0.25,
                question="q",
                gold="a",
                chosen="b",
                draw=i % 2,
            )
    return ModelRun(name, name, "run", shown)


#                        c0 c1 c2 c3
G = entrant("G", en_en="-- -- -- --", en_ja="-- +- -- ++")
D = entrant("D", en_en="++ ++ +- --", en_ja="-- -- -- --")
MERGED = entrant("merge", en_en="++ -- ++ --", en_ja="++ ++ -- --")


def test_each_share_is_measured_at_another_draw_and_less_its_placebo() -> None:
    found = {
        (s.name, s.group): s
        for s in transfer_scores([MERGED], [G, D], ["en->en", "en->ja"], 0, 0.05)
    }
    # D knows c0 and c1; G misses c0 in both draws, c1 in the second, looked at again in the first
    transferred = found[TRANSFER, "en->ja"]
    assert transferred.value == pytest.approx((2 + 1 - 1) / 3)
    assert transferred.n == 2
    # G has c1 in the first draw, c3 in both: seen again c1 −, c3 ++; the merge has c1 +, c3 −−
    assert found[RETENTION_OF_RECIPIENT, "en->ja"].value == pytest.approx((1 - 2) / 3)
    # neither parent: c0 twice, c1 once (the second draw), c2 twice
    assert found[EMERGENCE, "en->ja"].value == pytest.approx((2 + 1 - 1) / 5)
    # D has c0 and c1 twice, c2 once: seen again 4 of 5; the merge has c0 twice and c2
    assert found[RETENTION_OF_DONOR, "en->en"].value == pytest.approx((3 - 4) / 5)


def test_without_both_parents_nothing_is_said() -> None:
    assert transfer_scores([MERGED], [G], ["en->ja"], 0, 0.05) == []
    assert compare([G, MERGED]).carried == ()


def test_the_table_shows_it_in_points() -> None:
    compared = compare([G, D, MERGED], ["G"])
    title, rows = next(one for one in tables(compared, 0) if "carried over" in one[0])
    assert title.startswith("en->en")
    assert rows[1][:2] == ["merge", RETENTION_OF_DONOR]
    assert rows[1][2].startswith("-20.0")
