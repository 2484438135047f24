"""A run's folder as a release: whose it is, which models it is about, which concepts are kin."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from lexgraft.adoption.history.run_entries import entries_of
from lexgraft.adoption.report import read_report
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.load_runs import IDENTITY, ModelIdentity
from lexgraft.files.checked_files import write_checked, write_checked_bytes
from lexgraft.records import Answer, Concept, Item, Term, digest

REPORT = read_report(Path(__file__).parents[2] / "golden" / "report" / "report.json")
OLD, NEW = digest("old G"), digest("new G")


def answered(folder: Path, models: Mapping[str, str]) -> Path:
    """Write a run with the answers of these models, digest → name, to ten items."""
    items = [
        Item(f"i{n}", f"C{n}", "term-to-term", "en", "ja", 0, f"{n}?", "?", ("a", "b"), 0)
        for n in range(10)
    ]
    answers = [Answer(item.id, (1.0, 0.0), (0.0, 0.0), (1, 1)) for item in items]
    write_checked(folder / "testset" / "items-confirm.jsonl", items)
    for weights, name in models.items():
        place = folder / "answers" / weights
        write_checked(place / IDENTITY, [ModelIdentity(name, weights)])
        write_checked(place / "confirm terms-0.jsonl", answers)
    return folder


def reported(folder: Path, models: Mapping[str, str]) -> Path:
    """Write the report of an adoption that released its merge, with these digests."""
    report = structs.replace(REPORT, result="merge", shipped="merge", models=dict(models))
    write_checked_bytes(folder / "report.json", msgspec.json.encode(report) + b"\n")
    return folder


def test_a_parent_that_was_replaced_is_the_one_that_the_report_is_about(tmp_path: Path):
    folder = answered(tmp_path, {OLD: "G", NEW: "G", digest("m"): "merge"})
    _, release = entries_of(reported(folder, {"G": NEW, "merge": digest("m")}))
    assert {model.name: model.digest for model in release.models} == {
        "G": NEW,
        "merge": digest("m"),
    }


def test_models_of_one_name_are_refused_where_nothing_says_which(tmp_path: Path):
    folder = reported(answered(tmp_path, {OLD: "G", NEW: "G", digest("m"): "merge"}), {})
    with pytest.raises(LexgraftError, match="2 models here are called `G`") as refused:
        entries_of(folder)
    assert OLD[:8] in str(refused.value)
    assert NEW[:8] in str(refused.value)


def test_one_of_two_weights_of_an_evaluation_is_named_by_its_digest(tmp_path: Path):
    folder = answered(tmp_path, {OLD: "mine", NEW: "mine"})
    for model in ("", "mine"):
        with pytest.raises(LexgraftError, match="2 models here are called `mine`") as refused:
            entries_of(folder, model, "terms")
        assert "--model" in refused.value.cure
    _, release = entries_of(folder, NEW[:8], "terms")
    assert [(one.name, one.digest) for one in release.models] == [("mine", NEW)]


def test_several_models_of_an_evaluation_are_listed(tmp_path: Path):
    folder = answered(tmp_path, {OLD: "one", NEW: "two"})
    with pytest.raises(LexgraftError, match="several models") as refused:
        entries_of(folder, project="terms")
    assert set(refused.value.cure.partition(": ")[2].split(", ")) == {"one", "two"}


def test_an_evaluation_must_say_whose_release_it_is(tmp_path: Path):
    folder = answered(tmp_path, {NEW: "mine"})
    with pytest.raises(LexgraftError, match="whose release") as refused:
        entries_of(folder)
    assert "--project-name" in refused.value.cure
    assert entries_of(folder, project="terms")[1].project == "terms"


def test_an_adoption_under_way_is_no_release(tmp_path: Path):
    folder = answered(tmp_path, {NEW: "G"})
    (folder / "stages").mkdir()
    for model in ("", "G"):
        with pytest.raises(LexgraftError, match="has not ended"):
            entries_of(folder, model, "terms")


def test_relatives_are_told_from_all_concepts_of_the_test_set(tmp_path: Path):
    folder = answered(tmp_path, {NEW: "mine"})

    def concept(number: int, broader: str) -> Concept:
        return Concept(f"C{number}", (Term(f"t{number}", "en"),), broader=(broader,))

    pairs = [concept(n, f"pair {n // 2}") for n in range(10)]
    write_checked(folder / "testset" / "concepts-confirm.jsonl", pairs)
    assert {one.family for one in entries_of(folder, project="x")[0].concepts} == {
        f"pair {n}" for n in range(5)
    }
    # as many of one broader concept in another split make it a field, as in the adoption itself
    others = [concept(n, "pair 0") for n in range(10, 14)]
    write_checked(folder / "testset" / "concepts-choose.jsonl", others)
    assert {one.family for one in entries_of(folder, project="x")[0].concepts} == {
        "",
        *(f"pair {n}" for n in range(1, 5)),
    }


def test_a_folder_that_is_not_there_is_called_so(tmp_path: Path):
    with pytest.raises(LexgraftError, match="no such folder"):
        entries_of(tmp_path / "nowhere")
