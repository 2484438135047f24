import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_tokenizers import DOMAIN, GENERAL, TERMS

from lexgraft.cli import main


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
    given = ["--terms", files["terms"], "--general", files["general"]]
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
    more = ["--general", files["general"], "--bits", "--distil", "1", "--json", "-o", str(output)]
    assert main(["vocabulary", "extend", str(base), *given, *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["proof"]["words"] == len(said["words"]) > 0
    assert said["rows"]["model.embed_tokens.weight"]["distilled"] > 0
    assert len(said["bits per byte"]["general"]) == len(said["bits per byte"]["held-out"]) == 2
    aligned = tmp_path / "aligned"
    assert main(["vocabulary", "align", str(output), str(base), "-o", str(aligned), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["only in the base"] == said["proof"]["words"] + said["proof"]["steps"]
    assert counts["only in the other, dropped"] == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["extend", "BASE", "--terms", "TERMS"], "writes a folder"),
        (["align", "BASE"], "needs base, other"),
        (["plan", "BASE"], "nothing says what to add"),
        (["plan", "BASE", "--terms", "TERMS", "--tokens", "0"], "a number below 1"),
        (["plan", "MISSING", "--terms", "TERMS"], "no such file"),
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
    known = {"BASE": base, "TERMS": files["terms"], "MISSING": base + "-none"}
    assert main(["vocabulary", *(known.get(one, one) for one in arguments)]) == 2
    assert why in capsys.readouterr().err
