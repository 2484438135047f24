"""What a message names of what is known: the nearest, and never all of a vocabulary."""

from time import process_time

from lexgraft.errors import nearest


def test_of_very_many_names_the_nearest_is_found_soon_and_few_are_listed():
    known = [f"token{number}" for number in range(300_000)]
    begun = process_time()
    assert nearest("token29999x", known) == "did you mean `token29999`?"
    message = nearest("<|im_start|>", known)
    assert process_time() - begun < 3
    assert message.endswith(" and 299,900 more")
    assert len(message) < 2_000
