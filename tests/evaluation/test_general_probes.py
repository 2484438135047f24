"""Small tasks and their verdicts."""

import pytest

from lexgraft.evaluation.general_probes import GeneralProbe, passed, probe_scores, probes


def test_probes_follow_from_the_seed_and_cover_every_task() -> None:
    asked = probes(("en", "ja"), 3)
    assert asked == probes(("en", "ja"), 3)
    assert asked != probes(("en", "ja"), 4)
    assert {(one.language, one.task) for one in asked} == {
        (language, task)
        for language in ("en", "ja")
        for task in (
            "copying",
            "counting",
            "looking up",
            "instruction format",
            "staying in language",
            "stopping",
        )
    }
    assert probes(("sw",), 3) == []


def test_an_expected_answer_is_really_in_the_prompt_or_follows_from_it() -> None:
    for one in probes(("en", "ja"), 3):
        if one.task in ("copying", "looking up"):
            assert one.expected in one.prompt
        assert all(one.prompt.count(choice) >= 1 for choice in one.choices)
        if one.task == "counting":
            assert str(int(one.expected) - 1) in one.prompt


@pytest.mark.parametrize(
    ("probe", "answer", "yes"),
    [
        (GeneralProbe("copying", "en", "", "red river"), " red river\n\nText:", True),
        (GeneralProbe("copying", "en", "", "red river"), " red stone", False),
        (GeneralProbe("counting", "ja", "", "12"), "12、13、", True),
        (GeneralProbe("staying in language", "ja", ""), "歩いて行きました。", True),
        (GeneralProbe("staying in language", "ja", ""), " the station", False),
        (GeneralProbe("staying in language", "ja", ""), "駅駅駅駅駅駅", False),
        (
            GeneralProbe("instruction format", "en", "", choices=("river", "stone")),
            " stone.\n\n",
            True,
        ),
        (
            GeneralProbe("instruction format", "en", "", choices=("river", "stone")),
            " the stone",
            False,
        ),
        (GeneralProbe("instruction format", "ja", "", choices=("川", "石")), "石。", True),
        (GeneralProbe("instruction format", "ja", "", choices=("川", "石")), "石です。", False),
        (GeneralProbe("stopping", "en", ""), " red river\n\n", True),
        (GeneralProbe("stopping", "en", ""), " red river and then", False),
    ],
)
def test_verdicts_by_example(probe: GeneralProbe, answer: str, *, yes: bool) -> None:
    assert passed(probe, answer) is yes


def test_shares_are_counted_by_language_and_task() -> None:
    asked = [GeneralProbe("counting", "en", "1,", "2"), GeneralProbe("counting", "en", "2,", "3")]
    found = probe_scores(asked, ["2", "x"])
    assert (found["en/counting"].value, found["en/counting"].n) == (0.5, 2)
