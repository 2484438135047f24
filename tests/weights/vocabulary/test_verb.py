import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_tokenizers import DOMAIN, GENERAL, TERMS, train

from lexgraft.cli import main
from lexgraft.cli.progress import ProgressBars
from lexgraft.weights.vocabulary.fit.output_embeddings import KEEP


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Return a term base and texts, as arguments."""
    terms = [
        {"id": f"{language}{number}", "terms": [{"text": term, "language": language}]}
        for language, words in TERMS.items()
        for number, term in enumerate(words)
    ]
    documents = [
        {"id": str(number), "language": "en", "register": "x", "text": text}
        for number, text in enumerate(DOMAIN)
    ]
    found: dict[str, str] = {}
    for name, rows in (("terms", terms), ("text", documents)):
        found[name] = str(tmp_path / f"{name}.jsonl")
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        Path(found[name]).write_text(lines, encoding="utf-8")
    found["general"] = str(tmp_path / "general.txt")
    Path(found["general"]).write_text("\n".join(GENERAL), encoding="utf-8")
    return found


def test_plan_prints_the_proof_and_writes_nothing(
    folder_of: Callable[[str], Path], files: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    base = folder_of("byte-level")
    before = sorted(base.parent.rglob("*"))
    given = ["--terms", files["terms"], "--general-text", files["general"]]
    assert main(["vocabulary", "plan", str(base), *given]) == 0
    shown = capsys.readouterr().out
    assert "tokens per term, ja" in shown
    assert "first words:" in shown
    assert sorted(base.parent.rglob("*")) == before


@pytest.mark.slow
def test_extend_and_align_write_folders_that_belong_together(
    model_of: Callable[..., Path],
    files: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    base, output = model_of("byte-level", "base"), tmp_path / "grown"
    given = ["--terms", files["terms"], "--text", files["text"], "--held-out", files["text"]]
    more = ["--general-text", files["general"], "--bits", "--distil", "1", "--json"]
    more += ["-o", str(output)]
    more += ["--read", files["text"], "--ahead", "3", "--fit-dtype", "float32"]
    assert main(["vocabulary", "extend", str(base), *given, *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["proof"]["words"] == len(said["words"]) > 0
    assert said["rows"]["model.embed_tokens.weight"]["fitted"] > 0
    assert said["fitted"]["texts"] > said["fitted"]["read besides"] > 0  # terms are texts too
    off = said["fitted"]["nats a new token is off"]  # one batch of a random model may worsen it
    assert len(off) == 2
    assert min(off) > 0
    assert len(said["fitted"]["nats apart after it"]) == 2
    assert len(said["bits per byte"]["general"]) == len(said["bits per byte"]["held-out"]) == 2
    aligned = tmp_path / "aligned"
    given = [str(output), str(base), "-o", str(aligned), "--check-answers", "--json"]
    assert main(["vocabulary", "align", *given]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"]["base"]["the base's"] == said["proof"]["words"] + said["proof"]["steps"]
    assert found["written"] == [str(aligned / "grown"), str(aligned / "base")]
    for label in ("grown", "base"):
        answers = found["answers"][label]
        assert answers["prompts"] > 6
        assert answers["logits"] < 1e-4  # the same rows under other numbers
        manifest = json.loads((aligned / label / "manifest.json").read_text())
        assert manifest["answers"] == answers


@pytest.mark.slow
def test_a_stopped_fit_goes_on_where_it_was_and_a_taken_folder_is_refused_before_it(
    model_of: Callable[..., Path],
    files: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    base, heard = model_of("byte-level", "base"), list[tuple[str, int]]()
    stops = {
        "going on with further texts": 2,
        "asking how likely new tokens are": KEEP,
        "distilling": 22,
    }
    pending = dict(stops)
    told = ProgressBars.__call__

    def stop(self: ProgressBars, what: str, done: int, total: int) -> None:
        heard.append((what, done))
        if pending.get(what) == done:
            del pending[what]
            raise KeyboardInterrupt
        told(self, what, done, total)

    monkeypatch.setattr("lexgraft.weights.vocabulary.fit.fit_rows.BATCH", 2)
    given = ["--terms", files["terms"], "--text", files["text"], "--general-text", files["general"]]
    given += ["--distil", "24", "--read", files["text"], "--ahead", "3", "-o"]
    start = ["vocabulary", "extend", str(base), *given]
    assert main([*start, str(tmp_path / "whole")]) == 0
    monkeypatch.setattr(ProgressBars, "__call__", stop)
    for _ in stops:
        assert main([*start, str(tmp_path / "stopped")]) == 130
        assert (tmp_path / "stopped.fit").is_dir()
    heard.clear()
    assert main([*start, str(tmp_path / "stopped")]) == 0
    assert heard.count(("going on with further texts", 0)) == 0
    assert ("asking how likely new tokens are", 0) not in heard
    whole, stopped = (tmp_path / name / "model.safetensors" for name in ("whole", "stopped"))
    assert whole.read_bytes() == stopped.read_bytes()
    assert not (tmp_path / "stopped.fit").exists()
    heard.clear()
    assert main([*start, str(tmp_path / "stopped")]) == 0  # finished: it is checked and kept
    assert {what.partition(",")[0] for what, _ in heard} == {"vocabulary"}  # planned, not fitted
    capsys.readouterr()
    assert main([*start, str(tmp_path / "stopped"), "--distil", "26"]) == 2
    assert "another grown model" in capsys.readouterr().err
    (tmp_path / "stopped" / "tokenizer.json").write_text("{}")
    assert main([*start, str(tmp_path / "stopped")]) == 2
    assert "not as it was written: tokenizer.json" in capsys.readouterr().err


@pytest.mark.slow
def test_quiet_rows_need_general_text(
    model_of: Callable[..., Path],
    files: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    base, output = model_of("byte-level", "base"), tmp_path / "grown"
    given = ["--terms", files["terms"], "--suppress", "-o", str(output)]
    assert main(["vocabulary", "extend", str(base), *given]) == 2
    assert "too little general text" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.slow
def test_align_writes_whole_models_of_one_vocabulary_as_chosen(
    model_of: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    medical = train("byte-level", 460, [*GENERAL, *DOMAIN])
    japanese = train("byte-level", 440, DOMAIN * 4)
    folders = [
        model_of("byte-level", "general", tied=False),
        model_of("byte-level", "medical", seed=2, content=medical),
        model_of("byte-level", "japanese", tied=False, seed=3, content=japanese),
    ]
    (tmp_path / "choices.yaml").write_text(
        '"Ġthe": {source: medical, force: true}\n"a": japanese\n', encoding="utf-8"
    )
    given = [
        "--policy",
        "union",
        "--choices",
        str(tmp_path / "choices.yaml"),
        "--token",
        "</s>=zero",
        "--pad-to-multiple-of",
        "8",
        "-o",
        str(tmp_path / "out"),
    ]
    assert main(["vocabulary", "align", *map(str, folders), *given]) == 0
    assert "Rows of" in capsys.readouterr().out
    rows: list[Any] = []
    for folder in folders:
        model: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / folder.name)
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out" / folder.name)
        ids = tokenizer(DOMAIN[3], return_tensors="pt", add_special_tokens=False)["input_ids"]
        assert model(ids).logits.isfinite().all()
        assert model.config.vocab_size % 8 == 0
        rows.append(model.get_input_embeddings().weight[tokenizer.convert_tokens_to_ids("Ġthe")])
    assert rows[0].equal(rows[1])
    assert rows[0].equal(rows[2])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["align", "BASE", "BASE", "-o", "OUT"], "one folder name"),
        (["align", "BASE", "OTHER", "-o", "OUT", "--token", "kidney"], "is no choice"),
        (["align", "BASE", "OTHER", "-o", "OUT", "--choices", "LIST"], "cannot read these choices"),
        (["extend", "BASE", "-o", "OUT", "--read", "TERMS"], "without --distil"),
        (["extend", "BASE", "-o", "OUT", "--fit-dtype", "bfloat16"], "without --distil"),
        (["extend", "BASE", "-o", "OUT", "--terms", "TERMS", "--ahead", "1"], "without --read"),
        (["extend", "BASE", "-o", "OUT", "--distil", "--suppress"], "beside --distil"),
        (["extend", "BASE", "-o", "OUT", "--terms", "TERMS", "--bits"], "without weights"),
        (["align", "BASE", "OTHER", "-o", "OUT", "--general-text", "TERMS"], "--policy union"),
        (["plan", "BASE", "--policy", "union"], "unknown argument `--policy`"),
        (["plan", "BASE"], "nothing says what to add"),
        (["plan", "MISSING", "--terms", "TERMS"], "no such folder"),
    ],
)
def test_mistakes_are_said_with_a_cure(
    folder_of: Callable[[str], Path],
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    why: str,
):
    base = str(folder_of("unigram"))
    general = Path(files["general"])
    (general.parent / "list.yaml").write_text("- kidney\n", encoding="utf-8")
    known = {
        "BASE": base,
        "TERMS": files["terms"],
        "MISSING": base + "-none",
        "OTHER": str(general.parent / "other"),
        "OUT": str(general.parent / "out"),
        "LIST": str(general.parent / "list.yaml"),
    }
    assert main(["vocabulary", *(known.get(one, one) for one in arguments)]) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("number", ["--tokens=0", "--pieces=-1", "--pieces=x"])
def test_a_number_that_means_nothing_is_refused(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["vocabulary", "plan", "base", number])
    assert "is not a number from" in capsys.readouterr().err
