"""What a message names of what is known: the nearest, and never all of a vocabulary."""

import pickle
from time import process_time

from lexgraft.errors import LexgraftError, nearest


def test_of_very_many_names_the_nearest_is_found_soon_and_few_are_listed():
    known = [f"token{number}" for number in range(300_000)]
    begun = process_time()
    assert nearest("token29999x", known) == "did you mean `token29999`?"
    message = nearest("<|im_start|>", known)
    assert process_time() - begun < 3
    assert message.endswith(" and 299,900 more")
    assert len(message) < 2_000


def test_an_error_of_another_process_says_what_it_said_there():
    error = LexgraftError("no such tensor", where="model", cure="look at it")
    again = pickle.loads(pickle.dumps(error))
    assert (again.what, again.where, again.cure) == (error.what, error.where, error.cure)
    assert str(again) == str(error)
