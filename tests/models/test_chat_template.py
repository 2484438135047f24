"""Chat templates: rendered as transformers does, and ended when they take long or much."""

import os
import time
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from lexgraft.errors import LexgraftError
from lexgraft.models import template_worker
from lexgraft.models.chat_template import ChatTemplate

pytestmark = pytest.mark.slow

LOOPED = "{% for m in messages %}"
CHATML = (
    LOOPED + "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' }}\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ORDINARY = {
    "chatml": CHATML,
    "tokens": "{{ bos_token }}" + LOOPED + "{{ m.content | trim }}{{ eos_token }}{% endfor %}",
    "json": "{{ messages | tojson(indent=1) }}{{ tools }}{{ documents }}",
    "namespace": "{% set n = namespace(x=0) %}{% for m in messages %}{% set n.x = n.x + 1 %}"
    "{% endfor %}{{ n.x }}",
    "loop control": LOOPED + "{% if loop.index > 1 %}{% break %}{% endif %}{{ m.role }}"
    "{% endfor %}",
    "generation": LOOPED + "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
    "undefined": "{{ nothing }}{{ messages[0].nothing }}|{{ messages[0]['content'] }}",
    "macro": "{% macro f(x) %}[{{ x }}]{% endmacro %}" + LOOPED + "{{ f(m.role) }}{% endfor %}",
}
MESSAGES = [
    {"role": "system", "content": " Be short. "},
    {"role": "user", "content": '<b>発熱</b> " \\ \n\u2028 {{ 1 }}'},
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, models

    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocab={"<s>": 0, "</s>": 1}, merges=[])),
        bos_token="<s>",
        eos_token="</s>",
    )


@pytest.mark.parametrize("name", ORDINARY)
def test_a_template_is_rendered_as_transformers_does(
    name: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    template = ORDINARY[name]
    expected = tokenizer.apply_chat_template(
        MESSAGES, chat_template=template, tokenize=False, add_generation_prompt=True
    )
    ours = ChatTemplate(template, {"bos_token": "<s>", "eos_token": "</s>"})
    assert ours.render(MESSAGES) == expected
    assert ours.render(MESSAGES) == expected


LOOP = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}"
HOSTILE = {
    "nested loops": (LOOP + "{% endfor %}{% endfor %}", "not rendered within"),
    "a wide number": ("{{ '%999999999d' % 1 }}", "more than is allowed|not rendered within"),
    "a wide number in a format": ("{{ '{:>999999999}'.format(1) }}", "more than|not rendered"),
    "doubling": (
        "{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x * 2 %}{% endfor %}",
        "more than is allowed|not rendered within",
    ),
    "a long text": (
        "{% for a in range(99999) %}{{ 'x' * 99 }}{% endfor %}",
        "characters, more than",
    ),
    "a large power": ("{{ 9 ** (9 ** 9) }}", "not rendered within|refuses"),
    "a deep list": ("{{ " + "[" * 9999 + "]" * 9999 + " }}", "refuses"),
    "itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "refuses"),
    "Python": ("{{ ().__class__.__mro__[1].__subclasses__() }}", "refuses"),
    "a file": ("{% include '/etc/passwd' %}", "refuses"),
    "no template": ("{% for %}", "refuses"),
    "its own refusal": ("{{ raise_exception('no system') }}", "no system"),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the process take half a second and 100 MB at most."""
    text = Path(template_worker.__file__).read_text(encoding="utf-8")
    text = text.replace("SECONDS = 5.0", "SECONDS = 0.5").replace("512 << 20", "100 << 20")
    quick = tmp_path_factory.mktemp("quick") / "worker.py"
    quick.write_text(text, encoding="utf-8")
    monkeypatch.setattr(template_worker, "__file__", str(quick))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("impatient")
def test_a_hostile_template_is_ended_and_told(name: str) -> None:
    template, said = HOSTILE[name]
    ours, began = ChatTemplate(template, {}), time.monotonic()
    for _ in range(2):
        with pytest.raises(LexgraftError, match=said):
            ours.render([{"role": "user", "content": "x"}])
    assert time.monotonic() - began < 60  # not the hours of its loops, on a busy machine too


@pytest.mark.usefixtures("impatient")
def test_after_a_hostile_message_the_next_is_answered() -> None:
    ours = ChatTemplate(
        LOOP.replace("9999", "messages[0].content | int") + "ok" + "{% endfor %}" * 2, {}
    )
    for content in ("1", "99999", "1"):
        if content == "1":
            assert ours.render([{"role": "user", "content": content}]) == "ok"
        else:
            with pytest.raises(LexgraftError, match="not rendered within"):
                ours.render([{"role": "user", "content": content}])


def test_the_process_knows_no_key_and_ends_with_its_template(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    ours = ChatTemplate("x", {})
    assert ours.render(MESSAGES) == "x"
    process = ours._process
    assert process
    assert b"secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    del ours
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
