"""A folder in which every verb can be called, with the smallest inputs of each kind."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from invented import concept, word

from lexgraft.evaluation.load_runs import IDENTITY, ModelIdentity
from lexgraft.files.checked_files import write_checked
from lexgraft.records import Answer, Document, Item, digest, write_lines

TESTS = Path(__file__).parents[1]
FORM = {"kind": "definition-to-term", "question": "en", "answer": "ja"}
PROJECT: dict[str, Any] = {
    "name": "tiny",
    "models": {"base": "base", "language": "language", "domain": "domain"},
    "languages": {"target": "ja", "domain": "en"},
    "terms": {"files": ["terms.jsonl"]},
    "testset": {"forms": [FORM], "choose": 10, "confirm": 14, "sealed": 4, "generated": 2},
    "general": {
        "texts": [{"file": "texts.jsonl", "documents": 2, "tokens": 16}],
        "concepts": ["everyday.jsonl"],
        "forms": [{"kind": "definition-to-term", "question": "en", "answer": "en"}],
        "items": 6,
    },
    "merge": {"candidates": [{"method": "linear"}, {"method": "ties"}]},
    "glossary": {"entries": 4, "concepts": 4},
    "tune": {
        "terms": 4,
        "steps": 2,
        "batch": 2,
        "rank": 2,
        "own_answers": 2,
        "replay_texts": ["replay.jsonl"],
    },
    "compute": {"threads": 1},
    "output": "run",
}
RECIPE = """
merge_method: linear
models: [{model: language, parameters: {weight: 0.5}}, {model: domain, parameters: {weight: 0.5}}]
dtype: bfloat16
"""
TERMS = "id,term en,term ja\n1,fever,発熱\n2,heart attack,心筋梗塞\n3,kidney,腎臓\n"

TBX = (
    '<martif type="TBX"><text><body><termEntry id="9"><langSet xml:lang="en"><tig>'
    "<term>tendon</term></tig></langSet></termEntry></body></text></martif>"
)


def document(kind: str, number: int) -> Document:
    text = " ".join(word(f"{kind} {number} {index}", 2) for index in range(12))
    return Document(digest(kind, number), "ja", "plain", text, "invented", "CC0-1.0")


def write_workbook(path: Path) -> None:
    """Write a workbook with a title above the header and a status of its own."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.create_sheet("Terms")
    for row in (
        ["Our terms"],
        ["en", "ja", "状態"],
        ["fever", "発熱", "済"],
        ["x-ray", "X線", "?"],
    ):
        sheet.append(row)
    book.save(path)


def write_many(folder: Path) -> None:
    """Write sixty terms as a table without a header and as a workbook with a title."""
    from openpyxl import Workbook

    many = [concept("M", number) for number in range(60)]
    rows = [[one.id, one.names("en")[0], one.names("ja")[0]] for one in many]
    (folder / "many.csv").write_text("\n".join(map(",".join, rows)), encoding="utf-8")
    book = Workbook()
    sheet = book.create_sheet("Many")
    for row in (["Many terms"], ["id", "term en", "term ja"], *rows):
        sheet.append(row)
    book.save(folder / "many.xlsx")


def write_answered(folder: Path, model: str, lost: int) -> None:
    """Write an evaluation of forty items, the first `lost` of which were answered wrongly."""
    items = [
        Item(f"i{n}", f"C{n}", "term-to-term", "en", "ja", 0, f"{n}?", "?", ("a", "b"), 0)
        for n in range(40)
    ]
    answers = [
        Answer(item.id, (0.0, 1.0) if n < lost else (1.0, 0.0), (0.0, 0.0), (1, 1))
        for n, item in enumerate(items)
    ]
    place = folder / "answers" / digest(model)
    write_checked(folder / "items.jsonl", items)
    write_checked(place / IDENTITY, [ModelIdentity(model, digest(model))])
    write_checked(place / "items-all.jsonl", answers)


@pytest.fixture
def work(make_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder, with the process in it."""
    for seed, name in enumerate(("base", "language", "domain")):
        shutil.copytree(make_model("gemma3", seed, "bfloat16"), tmp_path / name)
    write_lines(tmp_path / "terms.jsonl", [concept("C", number) for number in range(40)])
    write_lines(tmp_path / "everyday.jsonl", [concept("E", number) for number in range(12)])
    for kind in ("texts", "replay"):
        rows = [document(kind, number) for number in range(6)]
        write_lines(tmp_path / f"{kind}.jsonl", rows)
    for name, text in {
        "project.yaml": json.dumps(PROJECT, ensure_ascii=False),
        "recipe.yaml": RECIPE,
        "terms.csv": TERMS,
        "other.csv": TERMS.replace("1,fever", "9,fever"),
        "other.tbx": TBX,
        "table.csv": "原語,訳\nfever,発熱|熱\n",
        "letter.txt": "A fever after a heart attack.",
        "answer.txt": "発熱",
        "words.txt": "fever\n",
        "general.txt": "1 2 3\n4 5 6\n" * 70,
        "notes.txt": "A fever, a kidney: the fever of a kidney.\n" * 9,
        "questions.jsonl": json.dumps({"question": "Which?", "options": ["a", "b"], "answer": 0}),
        "choices.yaml": "a: domain\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_workbook(tmp_path / "book.xlsx")
    write_many(tmp_path)
    (tmp_path / "old").mkdir()
    shutil.copy(TESTS / "golden" / "report" / "report.json", tmp_path / "old")
    shutil.copytree(TESTS / "evaluation" / "lm_eval_logs", tmp_path / "logs")
    for name, lost in (("answered-may", 0), ("answered-june", 30)):
        write_answered(tmp_path / name, name, lost)
    monkeypatch.chdir(tmp_path)
    return tmp_path
