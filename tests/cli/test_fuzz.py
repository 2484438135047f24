"""Files out of pieces that hypothesis puts together: read, or refused in words."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import PROJECT, TERMS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.evaluation.load_runs import read_run
from lexgraft.files.run_folder import RunFolder
from lexgraft.project import Prices, read_project
from lexgraft.records import Term
from lexgraft.terms.readers import read_concepts
from lexgraft.weights.checkpoint.lora_config import read_config, scaling_of

within = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=10_000
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "../x", "NaN", "en", "ja", "false", "a" * 300, "{}", "%s"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """Return nested settings of which some are something else, gone, or new."""
    if isinstance(content, dict) and content and draw(st.integers(0, 9)):
        copy = dict(content)
        key = draw(st.sampled_from(sorted(copy)))
        fate = draw(st.integers(0, 5))
        if fate == 0:
            del copy[key]
        elif fate == 1:
            copy[draw(st.text(max_size=6))] = draw(VALUES)
        else:
            copy[key] = draw(changed(copy[key]))
        return copy
    if isinstance(content, list) and content and draw(st.integers(0, 9)):
        return [draw(changed(content[0])), *content[1:]]
    return draw(VALUES)


def refused(work: Callable[[], object]) -> None:
    """Do the work; a message for the user is all that may be raised."""
    with suppress(LexgraftError):
        work()


@within
@given(content=changed(PROJECT))
@example(content={"name": "\ud800"})
def test_a_project_file_is_read_or_refused(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "project.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    refused(lambda: read_project(file))


SAMPLES: dict[str, bytes] = {
    "csv": TERMS.encode(),
    "tsv": b"id\tterm en\tterm ja\n1\tfever\tx\n",
    "jsonl": b'{"id":"1","terms":[{"text":"fever","language":"en"}]}\n',
    "utx": b"#UTX 1.11; en/ja; 2025-01-01;\n#src\ttgt\tsrc:pos\nfever\tx\tnoun\n",
    "tmx": b'<tmx version="1.4"><body><tu><tuv xml:lang="en"><seg>fever</seg></tuv></tu></body>'
    b"</tmx>",
    "tbx": b'<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">'
    b'<text><body><conceptEntry id="1"><langSec xml:lang="en"><termSec><term>fever</term>'
    b"</termSec>"
    b"</langSec></conceptEntry></body></text></tbx>",
    "obo": b"format-version: 1.2\n\n[Term]\nid: X:1\nname: fever\n",
    "po": b'msgid ""\nmsgstr ""\n"Language: ja\\n"\n\nmsgid "fever"\nmsgstr "x"\n',
    "xlsx": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "ttl": b"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n<urn:a> a skos:Concept ; "
    b'skos:prefLabel "fever"@en .\n',
    "xml": b"<JMdict><entry><ent_seq>1</ent_seq><r_ele><reb>x</reb></r_ele><sense><gloss>fever"
    b"</gloss></sense></entry></JMdict>",
}
NOISE = st.sampled_from(
    [b"\0", b"\xff", b"\n", b"\t", b'"', b"<", b">", b"&a;", b"]]>", b"[" * 40, b"<a>" * 200]
) | st.binary(max_size=6)


CHANGES = st.lists(
    st.tuples(st.integers(0, 999), st.integers(0, 20), NOISE), min_size=1, max_size=4
)


def mutated(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with some taken out and others put in: places are thousandths of the length."""
    for place, count, noise in changes:
        start = len(content) * place // 1000
        content = content[:start] + noise + content[start + count :]
    return content


@pytest.mark.parametrize("form", sorted(SAMPLES))
@within
@given(changes=CHANGES)
def test_a_term_file_is_read_or_refused(
    tmp_path: Path, form: str, changes: list[tuple[int, int, bytes]]
) -> None:
    file = tmp_path / f"terms.{form}"
    file.write_bytes(mutated(SAMPLES[form], changes))
    refused(lambda: read_concepts([file]))


ADAPTER = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 4,
    "use_rslora": False,
    "fan_in_fan_out": False,
    "bias": "none",
    "init_lora_weights": True,
    "rank_pattern": {"q_proj": 4},
    "alpha_pattern": {"q_proj": 8},
    "target_modules": ["q_proj"],
}


@within
@given(content=changed(ADAPTER))
def test_an_adapters_configuration_is_read_or_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(content), encoding="utf-8")
    refused(lambda: scaling_of(read_config(tmp_path), "model.layers.0.self_attn.q_proj", 2))


FILES = (
    "lock.json",
    "written.json",
    "costs.jsonl",
    "items.jsonl",
    "stages/merge.json",
    "answers/d/model.json",
    "answers/d/items-1.jsonl",
    "answers/d/written.json",
)


def a_run(folder: Path) -> None:
    """Write a folder as `evaluate` and `adopt` leave it."""
    from lexgraft.evaluation.load_runs import ModelIdentity
    from lexgraft.files.checked_files import write_checked
    from lexgraft.records import Answer, Item

    item = Item("i", "c", "cloze", "en", "ja", 0, "q", "n", ("a", "b"), 0)
    write_checked(folder / "items.jsonl", [item])
    write_checked(folder / "answers" / "d" / "model.json", [ModelIdentity("m", "d")])
    answer = Answer("i", (0.0, -1.0), (0.0, 0.0), (1, 1))
    write_checked(folder / "answers" / "d" / "items-1.jsonl", [answer])
    RunFolder(folder).finish("merge", "key", Term("a", "en"))
    with CostLog(folder, Prices()).measure("merge"):
        pass


@within
@given(name=st.sampled_from(FILES), changes=CHANGES)
def test_a_runs_folder_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    a_run(folder)
    file = folder / name
    before = file.read_bytes()
    file.write_bytes(mutated(before, changes))
    if file.read_bytes() == before:
        return
    refused(lambda: RunFolder(folder).finished("merge", "key", Term))
    refused(lambda: CostLog(folder, Prices()).cost("merge"))
    if name in ("items.jsonl", "answers/d/items-1.jsonl", "answers/d/model.json"):
        with pytest.raises(LexgraftError, match="not as it was written"):
            read_run(folder)
    else:
        refused(lambda: read_run(folder))


@pytest.mark.slow
@settings(max_examples=300, deadline=10_000)
@given(content=changed(PROJECT))
def test_the_plan_of_a_project_that_was_changed_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    file = tmp_path_factory.mktemp("project") / "project.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["plan", str(file)]) == 2
