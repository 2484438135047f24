"""Gemma 3 270M with Japanese medical words as tokens: extended, distilled, measured.

    python examples/medical-ja/vocabulary.py [--tokens 300] [--steps 700] [--dtype float32]

The words are the example's terms; the text they stand in are the Japanese names of ICD-10, two
thirds to choose and distil on, one third to measure on; to read further, every term in twenty plain
beginnings and in four after its English name, none of them a wording of the test, which the base
itself goes on with. Every step is
kept under `runs/medical-ja-vocabulary/` and is not done again.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.general_texts import bits_per_byte, relative_change
from lexgraft.models.continuation import continue_prompts
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import (
    Concept,
    Document,
    TextScore,
    digest,
    read_lines,
    write_bytes,
    write_lines,
)
from lexgraft.terms.readers.po import read_po
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".cache" / "medical-ja"
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
RUN = ROOT / "runs" / "medical-ja-vocabulary"
NAMES = 4  # of ICD-10 in one passage
HELD_OUT = 3  # every so many passages
PIECES = 3  # of the base, that a new token may stand for: one row holds no more
LONGEST = 160  # characters of a text that is measured
MEASURED = 24  # documents of every kind
PROMPTS, AHEAD = 40, 6  # places before a new word; tokens written there
SENTENCES = (  # the base goes on with each of them
    "{}とは、体のどこに起こる病気でしょうか。",
    "医師は{}と診断し、治療を始めた。",
    "患者は{}のため入院した。症状は",
    "この論文では{}について述べる。",
    "{}：定義と原因",
    "{}に対する治療は",
    "{}の原因は",
    "{}は",
    "「{}」を英語に訳すと",
    "英語で{}のことを",
    "{}は英語では",
    "{}の英語名は",
    "病名：{}、英名：",
    "{}（英語：",
    "{}（",
    "{} (",
    "{} = ",
    "{}, also known as",
    "{} means",
    "{} is the Japanese term for",
)
PAIRS = (  # the same, after a term's English name: how it is written there
    "英語の{1}は、日本語で「{0}",
    '"{1}" の和訳は「{0}',
    "{1}（和名：{0}",
    "{1} (Japanese: {0}",
)
PROJECT = """\
name: medical-ja-vocabulary
models: {base: BASE, language: BASE, domain: BASE}
languages: {target: ja, domain: en}
terms: {files: [FILE], parts_of_speech: [noun, adjective], max_zipf: 3.0, max_definition_words: 30}
testset:
  forms:
    - {kind: definition-to-term, question: en, answer: ja}
    - {kind: term-to-term, question: ja, answer: en}
  choose: 1
  confirm: COUNT
merge: {candidates: [{method: linear}]}
output: OUT
"""


def main() -> None:
    """Run every step that is not there yet, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=300, help="new rows at most")
    parser.add_argument("--steps", type=int, default=700, help="batches of reading")
    parser.add_argument("--concepts", type=int, default=200, help="asked about")
    parser.add_argument("--dtype", default="float32", help="to read in: bfloat16 where it is fast")
    given = parser.parse_args()
    torch.set_num_threads(1)
    write_inputs()
    extend("quiet", given.tokens, "--suppress")
    extend(
        "grown",
        given.tokens,
        "--distil",
        str(given.steps),
        "--fit-dtype",
        given.dtype,
        "--read",
        str(RUN / "sentences.jsonl"),
    )
    found: dict[str, Any] = {"proof": json.loads((RUN / "grown.json").read_text(encoding="utf-8"))}
    for name, measure in (("texts", measure_texts), ("written", measure_written)):
        found[name] = kept(name, measure)
        print(json.dumps({name: found[name]}, ensure_ascii=False, indent=1), flush=True)
    ask(given.concepts)


def write_inputs() -> None:
    """Write terms, sentences with them, and names: to learn from and to measure on."""
    concepts = read_lines(DATA / "terms.jsonl", Concept)
    rows = [
        structs.replace(one, terms=tuple(t for t in one.terms if t.language == "ja"))
        for one in concepts
    ]
    write_lines(RUN / "terms-ja.jsonl", [one for one in rows if one.terms])
    told = [s.format(term.text) for one in rows for term in one.terms for s in SENTENCES]
    for english, japanese in zip(concepts, rows, strict=True):
        names = english.names("en")[:1]
        told += [s.format(t.text, n) for n in names for t in japanese.terms for s in PAIRS]
    write_lines(RUN / "sentences.jsonl", [Document(digest("s", s), "ja", "term", s) for s in told])
    diseases = [name for _, _, name in read_po(next((DATA / "raw").glob("*-ja_JP.po")))]
    passages = ["、".join(diseases[at : at + NAMES]) for at in range(0, len(diseases), NAMES)]
    documents = [Document(digest("icd", text), "ja", "icd-10", text) for text in passages]
    held = [int(one.id, 16) % HELD_OUT == 0 for one in documents]
    pairs = list(zip(documents, held, strict=True))
    write_lines(RUN / "names.jsonl", [one for one, out in pairs if not out])
    write_lines(RUN / "held-out.jsonl", [one for one, out in pairs if out])


def extend(name: str, tokens: int, *more: str) -> None:
    """Write a grown folder and beside it what was said about it."""
    if (RUN / f"{name}.json").is_file():
        return
    said = lexgraft(
        "vocabulary",
        "extend",
        str(BASE),
        "--terms",
        str(RUN / "terms-ja.jsonl"),
        "--text",
        str(RUN / "names.jsonl"),
        "--held-out",
        str(RUN / "held-out.jsonl"),
        "--general-text",
        *(str(DATA / f"{part}.jsonl") for part in ("train", "text-ja", "text-en")),
        "--tokens",
        str(tokens),
        "--pieces",
        str(PIECES),
        "--threads",
        "1",
        "--json",
        "-o",
        str(RUN / name),
        *more,
    )
    write_bytes(RUN / f"{name}.json", said)


def ask(concepts: int) -> None:
    """Ask base and grown model for the terms whose cut has changed, and compare."""
    before, after = engines()
    rows = read_lines(DATA / "terms.jsonl", Concept)
    names = [one.names("ja")[:1] for one in rows]
    flat = [name for own in names for name in own]
    pairs = zip(flat, before.encode(flat), after.encode(flat), strict=True)
    changed = {name for name, old, new in pairs if old != new}
    write_lines(
        RUN / "changed.jsonl",
        [one for one, own in zip(rows, names, strict=True) if changed.intersection(own)],
    )
    text = PROJECT.replace("COUNT", str(concepts)).replace("BASE", str(BASE))
    text = text.replace("FILE", str(RUN / "changed.jsonl"))
    text = text.replace("OUT", str(RUN / "unused"))
    write_bytes(RUN / "project.yaml", text.encode())
    lexgraft("testset", str(RUN / "project.yaml"), "-o", str(RUN / "testset"))
    for model in (BASE, RUN / "grown"):
        lexgraft(
            "evaluate",
            str(model),
            "--items",
            str(RUN / "testset"),
            "--threads",
            "1",
            "-o",
            str(RUN / "answers"),
        )
    print(lexgraft("compare", str(RUN / "answers"), "--against", BASE.name).decode())


def measure_texts() -> dict[str, Any]:
    """Return bits per byte of the three models on text with and without new words."""
    documents = texts()
    scores = {
        folder.name: scored(folder, documents) for folder in (BASE, RUN / "quiet", RUN / "grown")
    }
    found: dict[str, Any] = {
        "exact": exact([one for one in documents if one.register == "without"])
    }
    for name, own in scores.items():
        found[name] = {k: list(v) for k, v in bits_per_byte(documents, own, 0).items()}
        if name != BASE.name:
            change = relative_change(documents, scores[BASE.name], own)
            found[f"{name} / base - 1"] = {k: list(v) for k, v in change.items()}
    return found


def texts() -> list[Document]:
    """Return short documents: general ones with and without new words, and names with them."""
    before, after = engines()
    general = [
        one
        for name in ("text-ja", "text-en", "train")
        for one in read_lines(DATA / f"{name}.jsonl", Document)
    ]
    found: list[Document] = []
    for kind, rows in (
        ("general", general),
        ("icd-10", read_lines(RUN / "held-out.jsonl", Document)),
    ):
        short = [structs.replace(one, text=one.text[:LONGEST]) for one in rows]
        whole = [one.text for one in short]
        new = [a != b for a, b in zip(before.encode(whole), after.encode(whole), strict=True)]
        pairs = list(zip(short, new, strict=True))
        found += [structs.replace(one, register=f"{kind} with") for one, now in pairs if now][
            :MEASURED
        ]
        if kind == "general":
            for language in ("ja", "en"):
                plain = [one for one, now in pairs if not now and one.language == language]
                found += [structs.replace(one, register="without") for one in plain[:MEASURED]]
    return found


def scored(folder: Path, documents: Sequence[Document]) -> list[TextScore]:
    """Return what a model makes of documents."""
    model = TransformersModel.load(folder, folder.name, 1)
    bits = model.text_bits([one.text for one in documents], 512)
    return [
        TextScore(one.id, value, size) for one, (value, size) in zip(documents, bits, strict=True)
    ]


def exact(documents: Sequence[Document]) -> dict[str, Any]:
    """Return whether the base's logits are the same to the last bit, and what new rows take."""
    base = TransformersModel.load(BASE, "base", 1)
    found: dict[str, Any] = {"documents": len(documents)}
    for name in ("quiet", "grown"):
        other = TransformersModel.load(RUN / name, name, 1)
        same, taken, count, most = 0, 0.0, 0, 0.0
        for one in documents:
            ids = torch.tensor([base.encode(one.text)])
            with torch.inference_mode():
                old, new = (m.module(ids).logits[0] for m in (base, other))
            same += torch.equal(old, new[:, : old.shape[1]])
            apart = new.double().logsumexp(1) - old.double().logsumexp(1)
            taken, count = taken + float(apart.sum()), count + len(apart)
            most = max(most, float(apart.abs().max()))
        found[name] = {
            "documents with equal logits": same,
            "nats a token taken": taken / count,
            "nats at most at one place": most,
        }
    return found


def measure_written() -> dict[str, Any]:
    """Return how often the grown model writes a new token, before a new word of held-out names."""
    _, after = engines()
    size = read_document(BASE).size
    model = TransformersModel.load(RUN / "grown", "grown", 1)
    prompts: list[list[int]] = []
    wanted: list[int] = []
    for one in read_lines(RUN / "held-out.jsonl", Document):
        (ids,) = after.encode([one.text])
        place = next((at for at, number in enumerate(ids) if number >= size and at > 3), None)
        if place is not None and len(prompts) < PROMPTS:
            prompts.append([*model.start_tokens, *ids[:place]])
            wanted.append(ids[place])
    with torch.inference_mode():
        lines = continue_prompts(model.module, prompts, AHEAD, lambda _: False)
    pairs = list(zip(lines, wanted, strict=True))
    emitted = sorted({number for line in lines for number in line if number >= size})
    return {
        "prompts": len(prompts),
        "with a new token written": sum(any(n >= size for n in line) for line in lines),
        "with the very word written first": sum(line[0] == number for line, number in pairs),
        "different new tokens": len(emitted),
        "examples": [after.decode(line) for line in lines[:5]],
    }


def engines() -> tuple[TokenizerEngine, TokenizerEngine]:
    """Return the tokenizers before and after."""
    return TokenizerEngine(read_document(BASE)), TokenizerEngine(read_document(RUN / "grown"))


def kept(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a measurement found, from its file where it was done before."""
    path = RUN / f"{name}.json"
    if not path.is_file():
        write_bytes(path, json.dumps(measure(), ensure_ascii=False, indent=1).encode())
    return json.loads(path.read_text(encoding="utf-8"))


def lexgraft(*arguments: str) -> bytes:
    """Return what a command of lexgraft prints."""
    done = subprocess.run(
        [sys.executable, "-m", "lexgraft", *arguments], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise LexgraftError(f"`lexgraft {arguments[0]}` ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
