"""Questions within chat templates, written in the manner of five families of models."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.prompt_frame import (
    PLAIN,
    PromptFrame,
    chat_frame,
    frame_of_run,
)
from lexgraft.models.chat_template import ChatTemplate
from lexgraft.records import Item

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('no system role') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
PHI = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
FRAMES = {
    "qwen": (
        CHATML,
        PromptFrame(
            "<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
            "<|im_end|>\n",
        ),
    ),
    "llama": (
        LLAMA3,
        PromptFrame(
            "<|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
        ),
    ),
    "gemma": (
        GEMMA,
        PromptFrame(
            "<start_of_turn>user\n",
            "<end_of_turn>\n<start_of_turn>model\n",
            "<end_of_turn>\n",
        ),
    ),
    "mistral": (MISTRAL, PromptFrame("[INST] ", "[/INST]", "</s>")),
    "phi": (PHI, PromptFrame("<|user|>\n", "<|end|>\n<|assistant|>\n", "<|end|>\n")),
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


@pytest.mark.parametrize("family", FRAMES)
def test_the_frame_of_a_template_is_what_it_writes_around_a_message(family: str):
    template, frame = FRAMES[family]
    assert chat_frame(ChatTemplate(template, TOKENS), start="<s>") == frame


def test_a_start_token_that_the_tokenizer_does_not_add_stays():
    frame = chat_frame(ChatTemplate(LLAMA3, TOKENS))
    assert frame.before.startswith("<s><|start_header_id|>user")


def test_a_systems_message_stands_before_the_question_or_is_refused():
    frame = chat_frame(ChatTemplate(PHI, TOKENS), "You know valves.")
    assert frame.before == "<|system|>\nYou know valves.<|end|>\n<|user|>\n"
    assert frame.system == "You know valves."
    with pytest.raises(LexgraftError, match="no system role"):
        chat_frame(ChatTemplate(GEMMA, TOKENS), "You know valves.")


@pytest.mark.parametrize(
    "template",
    ["{{ messages[0].content | upper }}", "nothing", "{{ messages[0].content }}{{ messages }}"],
)
def test_a_template_that_changes_messages_is_refused_with_a_way_out(template: str):
    with pytest.raises(LexgraftError, match="does not write a message as it is") as caught:
        chat_frame(ChatTemplate(template, {}))
    assert "prompt: plain" in caught.value.cure


def question(answer_language: str = "ja") -> Item:
    return Item(
        *("i", "c", "definition-to-term", "en", answer_language, 0),
        *("Fever is called ", "It is called ", (" heat", " cold"), 0),
    )  # pyright: ignore[reportCallIssue]


def test_an_item_in_a_frame_asks_to_go_on_and_its_options_begin_with_no_space():
    frame = FRAMES["phi"][1]
    framed = frame.item(question())
    assert framed.context == (
        "<|user|>\n次の文章の続きを書いてください。足りない部分だけを書いてください。\n\n"
        "Fever is called<|end|>\n<|assistant|>\n"
    )
    assert framed.neutral.endswith("\n\nIt is called<|end|>\n<|assistant|>\n")
    assert framed.options == ("heat", "cold")
    assert framed.id == "i"
    assert "\nComplete the text." in frame.item(question("fi")).context  # no Finnish words here
    assert PLAIN.item(question()) == question()


def test_a_run_keeps_the_frame_that_it_was_begun_with(tmp_path: Path, tiny_model: Path):
    run = tmp_path / "run"
    run.mkdir()
    assert frame_of_run("auto", run, tiny_model) == PLAIN  # the tiny model has no template
    assert frame_of_run("plain", run, tiny_model) == PLAIN
    with pytest.raises(LexgraftError, match="asked for in another way"):
        frame_of_run("chat", run, tiny_model, begun=True)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(LexgraftError, match="no chat template here"):
        frame_of_run("chat", other, tiny_model)
    with pytest.raises(LexgraftError, match="questions are asked plainly"):
        frame_of_run("auto", other, tiny_model, "You know valves.")
    (run / "prompt.json").write_text("{")
    with pytest.raises(LexgraftError, match="not a record of how questions are asked"):
        frame_of_run("auto", run, tiny_model)
