"""Runs on disk as entrants: names, digests, splits, and never another model's answers."""

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.ask import ask
from lexgraft.evaluation.compare_runs import compare
from lexgraft.evaluation.grade import grade
from lexgraft.evaluation.load_runs import (
    IDENTITY,
    ModelIdentity,
    distinct,
    named_parents,
    read_run,
    refuse_contradictions,
)
from lexgraft.evaluation.run_format import FILE
from lexgraft.files.checked_files import write_checked
from lexgraft.records import (
    Concept,
    Generation,
    Item,
    Term,
    digest,
    silent,
    write_bytes,
    write_lines,
)


@pytest.fixture
def run(tmp_path: Path, items: list[Item], fake_model: Any) -> Path:
    write_lines(tmp_path / "testset" / "items-confirm.jsonl", items)
    for name in ("G", "merge"):
        model = fake_model(name)
        folder = tmp_path / "answers" / model.digest
        answers = ask(items, model, folder / "answers.sqlite", silent)
        write_checked(folder / "confirm terms-0123.jsonl", answers)
        write_checked(folder / IDENTITY, [ModelIdentity(name, model.digest)])
    return tmp_path


def test_a_run_gives_every_model_graded_as_grading_does(
    run: Path, items: list[Item], fake_model: Any
) -> None:
    entrants = read_run(run)
    assert [one.name for one in entrants] == ["G", "merge"]
    for one in entrants:
        answers = ask(items, fake_model(one.name), run / "again.jsonl", silent)
        for item, graded in zip(items, grade(items, answers), strict=True):
            shown = one.results[item.id]
            assert (shown.right, shown.margin) == (graded.right, graded.margin)
            assert shown.probability == pytest.approx(graded.probability)
            assert shown.gold == item.options[item.gold]


def test_a_model_without_a_name_is_called_by_its_digest(run: Path) -> None:
    (run / "answers" / "merge" / IDENTITY).unlink()
    (run / "answers" / "merge").rename(run / "answers" / "0123456789abcdef")
    assert read_run(run)[0].name == "01234567"


def test_one_parent_in_two_runs_is_one_entrant_and_two_models_of_one_name_are_two(
    run: Path,
) -> None:
    parent, merge = read_run(run)
    other = merge._replace(digest="another-model")
    names = [one.name for one in distinct([parent, merge, parent, other])]
    assert names == ["G", "merge (merge)", "merge (another-)"]


def test_models_take_the_parts_that_are_given_to_them(run: Path) -> None:
    entrants = read_run(run)
    assert [one.name for one in named_parents(entrants, ["D=merge"])] == ["G", "D"]
    assert named_parents(entrants, []) == entrants
    with pytest.raises(LexgraftError, match="`X` is no parent"):
        named_parents(entrants, ["X=merge"])
    with pytest.raises(LexgraftError, match="did you mean `merge`"):
        named_parents(entrants, ["D=merged"])


def test_what_is_no_run_is_named_with_a_cure(run: Path, tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match="no run here"):
        read_run(tmp_path / "elsewhere")
    with pytest.raises(LexgraftError, match="no run here"):
        read_run(run, "choose")
    write_lines(run / "testset" / "items-choose.jsonl", [])
    with pytest.raises(LexgraftError, match="no model has answered the `choose` items"):
        read_run(run, "choose")


def test_free_answers_of_an_adoption_are_found_by_their_prompts(
    run: Path, items: list[Item]
) -> None:
    concepts = [
        Concept(item.concept, (Term(item.options[item.gold], "ja"),)) for item in items[::2]
    ]
    write_lines(run / "testset" / "concepts-confirm.jsonl", concepts)
    said = [Generation(digest(item.context), item.options[item.gold]) for item in items[::2]]
    write_checked(run / "answers" / "G" / "terms ja-ja-0123.jsonl", said)
    parent, merge = read_run(run)
    assert {one.grade for one in parent.written.values()} == {"exact"}
    assert len(parent.written) == len({item.concept for item in items})
    assert merge.written == {}


def test_one_item_with_two_right_answers_is_not_compared(run: Path, items: list[Item]) -> None:
    read = read_run(run)
    first = items[0].id
    other = read[1].results[first]._replace(gold="another")
    changed = read[1]._replace(results={**read[1].results, first: other}, source="elsewhere")
    refuse_contradictions(read)
    with pytest.raises(LexgraftError, match=r"elsewhere: the item .* another"):
        refuse_contradictions([read[0], changed])


def test_an_item_that_is_an_everyday_one_too_is_counted_as_both(
    run: Path, items: list[Item]
) -> None:
    write_lines(run / "testset" / "items-general.jsonl", items[:1])
    results = read_run(run)[0].results.values()
    assert len([*results]) == len(items) + 1


def test_models_asked_in_different_formats_are_not_compared(run: Path, tmp_path: Path) -> None:
    other = tmp_path.parent / f"{tmp_path.name}-mixed"
    copytree(run, other)
    write_bytes(other / FILE, b'{"dtype":"mixed"}')
    assert {one.number_format for one in read_run(run)} == {"float32"}
    refused = "several number formats or servers: merge in float32, merge in mixed"
    with pytest.raises(LexgraftError, match=refused):
        compare(run, other)


@pytest.mark.parametrize("name", ["confirm terms-0123.jsonl", IDENTITY])
@pytest.mark.parametrize("content", [b"", b"{}\n"])
def test_answers_that_are_not_as_they_were_written_are_not_compared(
    run: Path, name: str, content: bytes
) -> None:
    (run / "answers" / "merge" / name).write_bytes(content)
    with pytest.raises(LexgraftError, match=rf"{name}: not as it was written(.|\n)*→ delete it"):
        read_run(run)


def test_answers_that_are_gone_are_missed(run: Path) -> None:
    (run / "answers" / "G" / "confirm terms-0123.jsonl").unlink()
    with pytest.raises(LexgraftError, match="gone since it was written"):
        read_run(run)
