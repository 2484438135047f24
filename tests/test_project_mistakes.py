"""A value that a key does not take is refused with what stands there and what the key takes."""

from pathlib import Path

import pytest
from test_project import VALID, read

from lexgraft.errors import LexgraftError
from lexgraft.project import load_project

TESTSET = "forms:\n    - {kind: term-to-term, question: en, answer: ja}"


@pytest.mark.parametrize(
    ("old", "new", "what", "cure"),
    [
        (
            TESTSET,
            "distractors: matchd\n  " + TESTSET,
            "`testset.distractors` is `matchd`",
            "did you mean `matched`?",
        ),
        (
            "kind: term-to-term",
            "kind: term_to_term",
            "`testset.forms[0].kind` is `term_to_term`",
            "did you mean `term-to-term`?",
        ),
        (
            TESTSET,
            "choose: fifty\n  " + TESTSET,
            "`testset.choose` is `fifty`",
            "a whole number from 1 is wanted",
        ),
        ("target: ja", "target: german", "`languages.target` is `german`", "language code"),
        ("name: x", "name: x\ngates: {alpha: 5}", "`gates.alpha` is `5`", "below 0.5 is wanted"),
        (
            "name: x",
            "name: x\ngates: {assumed: {target_gain: 20}}",
            "`gates.assumed.target_gain` is `20`",
            "from -1 to 1",
        ),
        (
            "name: x",
            "name: x\ngates: {merge: {general_loss: 3}}",
            "`gates.merge.general_loss` is `3`",
            "from 0 to 1",
        ),
        ("name: x", "name: x\nseed: null", "`seed` is `null`", "a whole number"),
        ("files: [t.jsonl]", "files: terms.csv", "`terms.files` is `terms.csv`", "list of text"),
    ],
)
def test_a_wrong_value_stands_beside_what_its_key_takes(
    tmp_path: Path, old: str, new: str, what: str, cure: str
):
    assert old in VALID
    with pytest.raises(LexgraftError) as found:
        read(tmp_path, VALID.replace(old, new))
    assert found.value.what.startswith(what)
    assert cure in (found.value.cure or "")


def test_a_role_that_is_none_is_refused_with_the_nearest(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"`models.trained_on` has a name `domainn`") as found:
        read(tmp_path, VALID.replace("domain: c", "domain: c, trained_on: {domainn: [a.txt]}"))
    assert "did you mean `domain`?" in (found.value.cure or "")


def test_what_lacks_is_named_by_its_key(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"`languages.domain` is missing"):
        read(tmp_path, VALID.replace(", domain: en", ""))
    with pytest.raises(LexgraftError, match=r"`models` is missing"):
        read(tmp_path, "name: x\n")


def test_a_file_that_holds_nothing_is_told_so(tmp_path: Path):
    with pytest.raises(LexgraftError, match="the file is `null`") as found:
        read(tmp_path, "")
    assert "keys are wanted, of name, models, " in (found.value.cure or "")


def test_a_model_folder_that_is_not_there_is_named_by_its_key(tmp_path: Path):
    file = tmp_path / "project.yaml"
    file.write_text(VALID, encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"^`models\.base`: .*no such folder"):
        load_project(file)
