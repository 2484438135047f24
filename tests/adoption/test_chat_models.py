"""An adoption of models with a chat template: asked and taught as their users talk to them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapters import save_adapter
from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.evaluation.prompt_frame import PromptFrame
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import read_project
from lexgraft.records import Answer, Item, read_lines

ModelMaker = Callable[..., Path]
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }} [end]\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n{% endif %}"
)


@pytest.fixture
def chat_base(tiny_model: Path, tmp_path: Path) -> Path:
    """Return the tiny model with a chat template of its own."""
    return with_template(tiny_model, tmp_path / "chat base", TEMPLATE)


def with_template(model: Path, folder: Path, template: str) -> Path:
    """Return a copy of a model with this chat template."""
    shutil.copytree(model, folder)
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    file.write_text(json.dumps({**settings, "chat_template": template}))
    return folder


def test_templates_that_differ_are_named_before_anything_is_asked(
    make_project: MakeProject, make_model: ModelMaker, tmp_path: Path
):
    recipient, donor = (make_model("gemma3", seed, "bfloat16") for seed in (1, 2))
    chatting = with_template(recipient, tmp_path / "chatting", TEMPLATE)
    donors = {"same": TEMPLATE, "other": TEMPLATE.replace("[end]", "[stop]")}
    for name, template in donors.items():
        with_template(donor, tmp_path / name, template)

    def notes(prompt: str, donor: str) -> list[str]:
        def change(values: dict[str, Any]) -> None:
            values["models"]["language"] = str(chatting)
            values["models"]["domain"] = str(tmp_path / donor)
            values["compute"]["prompt"] = prompt
            values["output"] = str(tmp_path / f"run {prompt} {donor}")

        plan = plan_project(read_project(make_project(change)))
        return [one["en"] for one in plan.warnings if "chat template" in one["en"]]

    assert notes("auto", "same") == []
    (note,) = notes("auto", "other")
    assert note.startswith("D: another chat template than the one in which all models are asked")
    (note,) = notes("plain", "same")
    assert note.startswith("G, D: a chat template is there, and questions are asked without it")


@pytest.mark.slow
def test_an_adoption_of_chat_models_asks_and_teaches_in_their_template(
    make_project: MakeProject, chat_base: Path, tmp_path: Path
):
    def chatting(values: dict[str, Any]) -> None:
        values["models"] = {"base": str(chat_base)}
        for seed, role in enumerate(("language", "domain"), 1):
            save_adapter(chat_base, tmp_path / role, seed)
            values["models"][role] = str(tmp_path / role)
        values["compute"]["system_prompt"] = "Be brief."
        values["glossary"] = None

    file = make_project(chatting)
    plan = plan_project(read_project(file))
    assert plan.prompt == "chat"
    report, _ = run_project(read_project(file), underpowered=True)
    assert report.prompt == "chat"
    run = tmp_path / "run"
    _is_asked_as_transformers_renders_it(run, chat_base)
    shipped = json.loads((run / "model" / "tokenizer_config.json").read_text())
    assert shipped["chat_template"] == TEMPLATE
    again, unchanged = run_project(read_project(file), underpowered=True)
    assert unchanged
    assert again.digest == report.digest
    plain, _ = run_project(read_project(make_project(plainly)), underpowered=True)
    assert plain.prompt == "plain"


def plainly(values: dict[str, Any]) -> None:
    values["compute"]["prompt"] = "plain"
    values["output"] += " plain"


def _is_asked_as_transformers_renders_it(run: Path, base: Path) -> None:
    """One item's scores against a forward of the text that transformers' own template gives."""
    from transformers import AutoTokenizer

    frame = json.loads((run / "prompt.json").read_text())
    assert frame == {
        "before": "[system] Be brief. [end]\n[user] ",
        "after": " [end]\n[assistant]\n",
        "end": " [end]\n",
        "system": "Be brief.",
    }
    items = {item.id: item for item in read_lines(run / "testset" / "items-confirm.jsonl", Item)}
    model = TransformersModel.load(base, "base", 1)
    file = next((run / "answers" / _folder_of(run, "base")).glob("confirm terms-*.jsonl"))
    answer = read_lines(file, Answer)[0]
    item = items[answer.item]
    tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
    asked = PromptFrame(**frame).item(item).context
    content = asked.removeprefix(frame["before"]).removesuffix(frame["after"])
    assert content.endswith(item.context.strip())
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": content},
    ]
    text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    options = [option.strip() for option in item.options]
    (scores,) = model.loglikelihoods([(text, options)])
    assert answer.logliks == pytest.approx([score.loglik for score in scores], abs=1e-4)


def _folder_of(run: Path, name: str) -> str:
    for file in run.glob("answers/*/model.json"):
        if json.loads(file.read_text().splitlines()[0])["name"] == name:
            return file.parent.name
    raise AssertionError(name)
