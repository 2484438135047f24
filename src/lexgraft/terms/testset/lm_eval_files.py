"""Task files of lm-evaluation-harness: the same items for those who use only that."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lexgraft.records import Item, Split, write_bytes

GROUP = "group.yaml"
_UNSAFE = re.compile(r"[^a-z0-9]+")
_HOW = """# {name}

Items of one test set, a task per form. Needs lm-eval, and nothing else; run it in this folder:

    lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks {group}

What the licences of its terms ask stands in LICENCES.md: read it before handing this on.

`acc` compares plain log-likelihoods of the options as texts, `acc_norm` those per character. The
score of `lexgraft evaluate` subtracts what an option gets without its question, and a concept is
known when every draw of it is right: the numbers are near each other, not the same.

{canary}
"""


def write_tasks(
    name: str, items: Sequence[Item], split: Split, canary: str, version: str, folder: Path
) -> list[str]:
    """Write one YAML and one JSON-lines file per form, a group of them, and how to run it.

    Returns the tasks' names. The paths inside are relative: the files can be sent to anyone.
    """
    forms: dict[str, list[Item]] = {}
    for item in items:
        forms.setdefault(_safe_name(f"{name} {item.kind} {item.pair}"), []).append(item)
    tasks = {f"{_safe_name('lexgraft')}_{form}": task_items for form, task_items in forms.items()}
    for task, task_items in tasks.items():
        rows = [msgspec.json.encode(_row(item, canary)) + b"\n" for item in task_items]
        write_bytes(folder / f"{task}.jsonl", b"".join(rows))
        write_bytes(folder / f"{task}.yaml", _task(task, split, version).encode())
    group = f"lexgraft_{_safe_name(name)}"
    listed = "".join(f"  - {task}\n" for task in tasks)
    write_bytes(folder / GROUP, f"group: {group}\ntask:\n{listed}".encode())
    about = _HOW.format(name=name, group=group, canary=canary)
    write_bytes(folder / "README.md", about.encode())
    return list(tasks)


def _row(item: Item, canary: str) -> dict[str, object]:
    return {
        "id": item.id,
        "concept": item.concept,
        "draw": item.draw,
        "context": item.context,
        "options": item.options,
        "gold": item.gold,
        "canary": canary,
    }


def _task(task: str, split: Split, version: str) -> str:
    """Return a task's YAML; terms stand in the data only, never in the template."""
    return f"""task: {task}
dataset_path: json
dataset_kwargs:
  data_files:
    {split}: {task}.jsonl
test_split: {split}
output_type: multiple_choice
doc_to_text: "{{{{context}}}}"
doc_to_choice: "{{{{options}}}}"
doc_to_target: gold
target_delimiter: ""
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
metadata:
  version: "{version}"
"""


def _safe_name(text: str) -> str:
    """Return a name of letters, digits and underscores: no name from a file becomes a path."""
    return _UNSAFE.sub("_", text.casefold()).strip("_") or "items"
