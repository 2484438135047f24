"""What a project's models are asked and taught: texts that share no figure."""

import json
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from msgspec import structs

from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.material import Material
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.records import Document, read_lines, silent, write_lines


def numbered(path: Path, documents: list[Document], **changes: Any) -> str:
    write_lines(path, [structs.replace(d, id=str(n), **changes) for n, d in enumerate(documents)])
    return str(path)


def sources(*files: str) -> Any:
    def change(values: dict[str, Any]) -> None:
        old = values["general"]["texts"][0]
        values["general"]["texts"] = [{**old, "file": file, "documents": 2} for file in files]

    return change


def test_two_files_numbered_alike_share_no_figure(
    make_project: MakeProject, tmp_path: Path
) -> None:
    first = read_lines(Path(read_project(make_project()).general.texts[0].file), Document)
    files = [
        numbered(tmp_path / "ja.jsonl", first[:4]),
        numbered(tmp_path / "en.jsonl", first[4:], language="en"),
    ]
    texts = Material(read_project(make_project(sources(*files))), tmp_path, silent).texts
    together = [document for use in texts.values() for _, group in use for document in group]
    assert len({document.id for document in together}) == len(together) == 8


def test_a_text_of_an_earlier_file_is_not_counted_again(
    make_project: MakeProject, tmp_path: Path
) -> None:
    first = read_lines(Path(read_project(make_project()).general.texts[0].file), Document)
    files = [
        numbered(tmp_path / "one.jsonl", first[:4]),
        numbered(tmp_path / "two.jsonl", first[1:6]),
    ]
    project = read_project(make_project(sources(*files)))
    with pytest.raises(LexgraftError, match=r"two\.jsonl: 2 documents of their own, 4"):
        _ = Material(project, tmp_path, silent).texts


def test_texts_that_are_all_blank_are_refused_in_the_plan(
    make_project: MakeProject, tmp_path: Path
) -> None:
    first = read_lines(Path(read_project(make_project()).general.texts[0].file), Document)
    blank = numbered(tmp_path / "blank.jsonl", first, text=" \n")
    with pytest.raises(LexgraftError, match=r"blank\.jsonl: all texts of ja/plain are blank"):
        plan_project(read_project(make_project(sources(blank))))


def test_the_plan_says_what_was_left_out(make_project: MakeProject, tmp_path: Path) -> None:
    first = read_lines(Path(read_project(make_project()).general.texts[0].file), Document)
    file = numbered(tmp_path / "twice.jsonl", [*first, first[0]])
    planned = plan_project(read_project(make_project(sources(file))))
    assert any(
        "texts that occur again and count once: 1" in warning["en"] for warning in planned.warnings
    )


@pytest.mark.parametrize(("target", "answers", "count"), [("hu", 8, 1), ("hu", 0, 0), ("ja", 8, 0)])
def test_openings_that_another_language_lends_are_told(
    tmp_path: Path, target: str, answers: int, count: int
):
    project = {
        "name": "openings",
        "models": {"base": "b", "language": "l", "domain": "d"},
        "languages": {"target": target, "domain": "en"},
        "terms": {"files": ["terms.csv"]},
        "testset": {"forms": [{"kind": "term-to-term", "question": "en", "answer": target}]},
        "general": {"texts": []},
        "merge": {"candidates": [{"method": "linear"}]},
        "tune": {"own_answers": answers, "terms": 8},
        "output": "runs/openings",
    }
    path = tmp_path / "project.json"
    path.write_text(json.dumps(project), encoding="utf-8")
    notes = Material(read_project(path), tmp_path, silent).notes
    assert len([note for note in notes if "`hu` has no openings" in note]) == count
