"""Task files for lm-eval."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.files.safe_yaml import read_yaml
from lexgraft.project import Form
from lexgraft.records import Concept, Item
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.testset.lm_eval_files import write_tasks

Maker = Callable[[int], list[Concept]]


@pytest.fixture
def items(make_concepts: Maker) -> list[Item]:
    return build_items(
        make_concepts(12),
        forms=[Form("term-to-term", "ja", "en"), Form("definition-to-term", "en", "ja")],
        options=4,
        draws=2,
        distractors="field",
        seed=1,
    )


def test_a_task_per_form_with_every_item_and_a_group_of_them(items: list[Item], tmp_path: Path):
    tasks = write_tasks("../My Set", items, "confirm", "canary 1", "abc", tmp_path)
    assert tasks == [
        "lexgraft_my_set_definition_to_term_en_ja",
        "lexgraft_my_set_term_to_term_ja_en",
    ]
    group = read_yaml((tmp_path / "group.yaml").read_text(), "group")
    assert group == {"group": "lexgraft_my_set", "task": tasks}
    rows = [
        json.loads(line)
        for task in tasks
        for line in (tmp_path / f"{task}.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(r["context"], tuple(r["options"]), r["gold"]) for r in rows] == [
        (one.context, one.options, one.gold) for one in items
    ]
    assert {row["canary"] for row in rows} == {"canary 1"}
    assert "canary 1" in (tmp_path / "README.md").read_text()


def test_a_task_names_its_file_without_a_folder_and_holds_no_term(
    items: list[Item], tmp_path: Path
):
    task, *_ = write_tasks("demo", items, "sealed", "canary 1", "abc", tmp_path)
    text = (tmp_path / f"{task}.yaml").read_text()
    read = read_yaml(text, "task")
    assert isinstance(read, dict)
    assert read["dataset_kwargs"] == {"data_files": {"sealed": f"{task}.jsonl"}}
    assert read["doc_to_text"] == "{{context}}"
    assert items[0].context not in text
