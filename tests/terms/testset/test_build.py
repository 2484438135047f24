"""The whole test set of a project."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tiny_tokenizers import train

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.files.sealed_concepts import openings
from lexgraft.project import Project, read_project
from lexgraft.records import Concept, Item, Score, read_lines, write_lines
from lexgraft.terms.testset import build_testset, write_harness, write_testset
from lexgraft.terms.testset.audit import warnings_of

Maker = Callable[[int], list[Concept]]
PROJECT = """
name: demo
models: {base: b, language: g, domain: d}
languages: {target: ja, domain: en}
terms: {files: [terms.jsonl], max_zipf: 3.0}
testset:
  forms:
    - {kind: definition-to-term, question: en, answer: ja}
    - {kind: term-to-term, question: ja, answer: en}
  choose: 10
  confirm: 30
  sealed: 5
general:
  concepts: [everyday.jsonl]
  forms: [{kind: definition-to-term, question: en, answer: en}]
  items: 12
merge: {candidates: [{method: linear}]}
output: run
"""


@pytest.fixture
def project_file(tmp_path: Path, make_concepts: Maker) -> Path:
    write_lines(tmp_path / "terms.jsonl", make_concepts(60))
    write_lines(tmp_path / "everyday.jsonl", make_concepts(90)[60:])
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    return tmp_path / "project.yaml"


def changed(path: Path, old: str, new: str) -> Project:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return read_project(path)


def test_rows_that_cannot_be_used_stop_a_test_set_unless_the_project_leaves_them_out(
    project_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with (tmp_path / "terms.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "broken"}\n')
    assert main(["testset", str(project_file), "-o", str(tmp_path / "out")]) == 2
    assert "terms.refused: leave-out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    bundle = build_testset(changed(project_file, "terms: {", "terms: {refused: leave-out, "))
    assert len(bundle.concepts["confirm"]) == 30


def test_a_project_becomes_concepts_items_and_an_audit(project_file: Path):
    seen: list[tuple[int, int]] = []

    def watch(_what: str, done: int, total: int) -> None:
        seen.append((done, total))

    bundle = build_testset(read_project(project_file), watch)

    assert {split: len(group) for split, group in bundle.concepts.items()} == {
        "choose": 10,
        "confirm": 30,
        "sealed": 5,
    }
    assert {split: len(group) for split, group in bundle.items.items()} == {
        "choose": 40,
        "confirm": 120,
        "sealed": 20,
    }
    assert len(bundle.general) == 12
    assert bundle.refused == {"not needed": 15}
    assert bundle.audit
    assert seen[-1] == (3, 3)


def test_concepts_are_sealed_by_themselves_where_there_are_enough(project_file: Path):
    few = build_testset(changed(project_file, "  sealed: 5\n", ""))
    assert len(few.concepts["sealed"]) == 0
    many = build_testset(changed(project_file, "confirm: 30", "confirm: 16"))
    assert len(many.concepts["sealed"]) == len(many.concepts["confirm"]) == 16


def test_items_of_a_split_ask_about_its_concepts_only(project_file: Path):
    bundle = build_testset(read_project(project_file))
    for split, items in bundle.items.items():
        assert {item.concept for item in items} == {one.id for one in bundle.concepts[split]}


def test_no_split_shows_a_term_of_another(project_file: Path):
    bundle = build_testset(read_project(project_file))
    shown = {
        split: {text.strip() for item in items for text in item.options}
        for split, items in bundle.items.items()
    }
    for split, group in bundle.concepts.items():
        names = {term.text for one in group for term in one.terms}
        assert all(names.isdisjoint(texts) for other, texts in shown.items() if other != split)


def test_refusals_are_counted_by_reason(project_file: Path, make_concepts: Maker):
    concepts = make_concepts(66)
    replace = msgspec.structs.replace
    concepts[60] = replace(concepts[60], rarity={"en": 4.5, "ja": 0.0})
    concepts[61] = replace(concepts[61], definitions={"en": "word " * 41})
    concepts[62] = replace(concepts[62], definitions={})
    concepts[63] = replace(concepts[63], terms=concepts[63].terms[:1])
    verb = tuple(replace(term, part_of_speech="other") for term in concepts[64].terms)
    concepts[64] = replace(concepts[64], terms=verb)
    name = concepts[65].terms[1].text
    concepts[65] = replace(concepts[65], definitions={"en": f"It is called {name}."})
    write_lines(project_file.parent / "terms.jsonl", concepts)

    assert build_testset(read_project(project_file)).refused == {
        "definition longer than 40 words": 1,
        "no definition in en": 1,
        "no term in ja": 1,
        "not needed": 15,
        "not rare in en (Zipf 3.0 or more)": 1,
        "part of speech: other": 1,
        "the question gives the answer away (definition-to-term en->ja)": 1,
    }


def test_what_gives_its_answer_away_lends_no_wrong_option(project_file: Path, make_concepts: Maker):
    concepts = make_concepts(66)
    name = concepts[65].terms[1].text
    leaky = msgspec.structs.replace(concepts[65], definitions={"en": f"It is called {name}."})
    mute = msgspec.structs.replace(concepts[64], definitions={})
    write_lines(project_file.parent / "terms.jsonl", [*concepts[:20], mute, leaky])
    small = project_file.read_text(encoding="utf-8").replace("choose: 10", "choose: 1")
    small = small.replace("confirm: 30", "confirm: 12").replace("sealed: 5", "sealed: 0")
    project_file.write_text(small, encoding="utf-8")
    bundle = build_testset(read_project(project_file))
    shown = {
        text.strip() for group in bundle.items.values() for item in group for text in item.options
    }
    assert shown.isdisjoint(term.text for term in leaky.terms)
    assert not shown.isdisjoint(term.text for term in mute.terms)


def test_the_set_tells_what_needs_its_term_and_what_guessing_reaches(project_file: Path):
    bundle = build_testset(read_project(project_file))
    needing = bundle.needing_term("confirm")
    assert set(needing) == {"en->ja", "ja->en"}
    assert all(0 < len(concepts) <= 30 for concepts in needing.values())
    level, of_term = (bundle.guessing_level("en->ja", needs_term=need) for need in (False, True))
    assert level is not None
    assert of_term is not None
    assert (level.known.n, level.known.chance) == (45, 0.0625)
    assert of_term.items.n <= 45
    assert level.known.value >= 0.0625
    assert bundle.guessing_level("en->de") is None
    rows = dict(bundle.rows())
    assert rows["confirm en->ja needs the term"].startswith(f"{len(needing['en->ja'])} of 30")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("confirm: 30", "confirm: 300", r"60 concepts(.|\n)*315 are wanted(.|\n)*choose: 1"),
        ("answer: ja", "answer: de", r"no term in `de`; the term base has en, ja"),
        ("items: 12", "items: 500", r"30 everyday concepts(.|\n)*general\.items"),
        ("  concepts: [everyday.jsonl]\n", "", "forms without concepts"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_message_with_a_cure(
    project_file: Path, old: str, new: str, message: str
):
    with pytest.raises(LexgraftError, match=message) as caught:
        build_testset(changed(project_file, old, new))
    assert caught.value.cure


def test_an_empty_term_base_is_refused(project_file: Path):
    (project_file.parent / "terms.jsonl").write_text("")
    with pytest.raises(LexgraftError, match=r"terms\.jsonl: the term base is empty"):
        build_testset(read_project(project_file))


def test_a_test_that_form_alone_decides_is_refused_a_weaker_cue_is_a_warning():
    score = Score("length of the options", "", "term-to-term ja->en", 0.9, 0.8, 0.95, 50, 0.25)
    with pytest.raises(LexgraftError, match="the test would measure form"):
        warnings_of([score])
    (warning,) = warnings_of([msgspec.structs.replace(score, low=0.27)])
    assert "length of the options alone give 0.90 [0.27, 0.95]" in warning
    assert warnings_of([msgspec.structs.replace(score, low=0.24)]) == []


def test_files_are_written_and_read_back(project_file: Path, tmp_path: Path):
    bundle = build_testset(read_project(project_file))
    write_testset(bundle, tmp_path / "out")
    assert tuple(read_lines(tmp_path / "out/items-confirm.jsonl", Item)) == bundle.items["confirm"]
    kept = read_lines(tmp_path / "out/concepts-sealed.jsonl", Concept)
    assert tuple(kept) == bundle.concepts["sealed"]
    about = msgspec.json.decode((tmp_path / "out/testset.json").read_bytes())
    assert about["digest"] == bundle.digest
    assert about["canary"].startswith("lexgraft test set, not for training ")


@pytest.mark.slow
def test_sealed_items_given_to_lm_eval_are_opened(project_file: Path, tmp_path: Path):
    out = tmp_path / "out"
    tasks = ["--lm-eval-tasks", str(tmp_path / "tasks")]
    command = ["testset", str(project_file), "-o", str(out), *tasks]
    assert main(command) == 0
    assert openings(out) == []
    assert main([*command, "--split", "sealed"]) == main([*command, "--split", "sealed"]) == 0
    [opening] = openings(out)
    assert (opening.name, len(opening.concepts)) == ("lm-eval", 5)


def test_rows_are_a_table_with_a_header(project_file: Path):
    rows = build_testset(read_project(project_file)).rows()
    assert rows[0] == ("what", "how much")
    assert ("confirm", "30 concepts, 120 items") in rows


@pytest.mark.slow
def test_items_are_the_same_whatever_the_hash_seed(project_file: Path):
    code = (
        "import sys; from pathlib import Path; from lexgraft.project import read_project; "
        "from lexgraft.terms.testset import build_testset; "
        "print(build_testset(read_project(Path(sys.argv[1]))).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(project_file)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_share_alike_and_restricted_sources_are_said_and_stand_beside_the_items(
    project_file: Path, make_concepts: Maker, tmp_path: Path
):
    licences = ("UMLS Metathesaurus Licence", "CC BY-SA 4.0")
    mixed = [
        msgspec.structs.replace(one, licence=licences[number % 2])
        for number, one in enumerate(make_concepts(60))
    ]
    write_lines(project_file.with_name("terms.jsonl"), mixed)
    bundle = build_testset(read_project(project_file))
    assert "are mixed" in bundle.rights.warnings()[-1]
    assert ("licence", bundle.rights.warnings()[-1]) in bundle.rows()

    write_testset(bundle, tmp_path / "set")
    write_harness(bundle, "demo", "confirm", tmp_path / "tasks")
    for folder in ("set", "tasks"):
        notice = (tmp_path / folder / "LICENCES.md").read_text(encoding="utf-8")
        assert "UMLS Metathesaurus Licence (restricted)" in notice
        assert "are mixed" in notice
    about = msgspec.json.decode((tmp_path / "set" / "testset.json").read_bytes())
    assert {one["kind"] for one in about["licences"]} >= {"restricted", "share-alike"}


@pytest.mark.slow
def test_the_audit_is_reported_by_the_tokens_that_a_tokenizer_gives_a_term(
    project_file: Path, tmp_path: Path
):
    from tokenizers import Tokenizer

    folder = tmp_path / "model"
    folder.mkdir()
    content = json.dumps(train("byte-level"))
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    about = '{"tokenizer_class": "PreTrainedTokenizerFast"}'
    (folder / "tokenizer_config.json").write_text(about, encoding="utf-8")
    output = tmp_path / "set"
    arguments = ["testset", str(project_file), "-o", str(output), "--tokenizer", str(folder)]
    assert main([*arguments, "--json"]) == 0

    theirs = Tokenizer.from_str(content)
    items = read_lines(output / "items-confirm.jsonl", Item)
    sizes = {
        "6+" if len(ids) > 5 else str(len(ids))
        for ids in (theirs.encode(one.options[one.gold]).ids for one in items)
    }
    details = msgspec.json.decode((output / "audit.json").read_bytes())["details"]
    told = {one["group"].rpartition("tokens ")[2] for one in details if "tokens " in one["group"]}
    assert told
    assert told <= sizes
