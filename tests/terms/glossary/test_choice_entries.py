"""What stands in the block before a question with options."""

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.choice_entries import entries_for_choice, entries_for_control

PAIRS = (
    ("eyelid", "眼瞼"), ("stomach", "胃"), ("bladder", "膀胱"), ("nerve", "神経"),
    ("cornea", "角膜"), ("liver", "肝臓"), ("spleen", "脾臓"), ("lung", "肺"), ("belly", "胃"),
)  # fmt: skip
ENTRIES = [GlossaryEntry(source, target) for source, target in PAIRS]
QUESTION, OPTIONS = "the stomach is called", ["胃", "膀胱", "神経", "角膜"]


def test_every_option_stands_in_the_block_and_the_answer_at_no_place_of_its_own():
    places: set[int] = set()
    for seed in range(30):
        chosen = entries_for_choice(QUESTION, OPTIONS, ENTRIES, seed)
        assert sorted(entry.target for entry in chosen) == sorted(OPTIONS)
        places.add([entry.source for entry in chosen].index("stomach"))
    assert places == {0, 1, 2, 3}


def test_what_the_question_names_besides_stands_there_too_and_an_option_without_an_entry_not():
    text = "of nerve and lung"
    chosen = entries_for_choice(text, ["脾臓", "腎臓"], ENTRIES, 1)
    assert {entry.source for entry in chosen} == {"nerve", "lung", "spleen"}


def test_the_control_has_as_many_entries_and_none_of_an_option():
    control = entries_for_control(QUESTION, OPTIONS, ENTRIES, 1)
    assert len(control) == 4
    assert {entry.source for entry in control} == {"eyelid", "liver", "spleen", "lung"}
