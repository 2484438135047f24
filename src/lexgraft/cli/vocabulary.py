"""The verb `vocabulary`."""

import argparse
import json
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraft.cli.bars import Bars
from lexgraft.cli.registry import verb
from lexgraft.cli.show import print_table
from lexgraft.errors import UserError
from lexgraft.records import Document, digest, read_lines

if TYPE_CHECKING:
    from torch import Tensor

    from lexgraft.checkpoint.index import Checkpoint
    from lexgraft.checkpoint.vocabulary.common import Choice
    from lexgraft.checkpoint.vocabulary.engine import Engine
    from lexgraft.checkpoint.vocabulary.plan import Request, VocabularyPlan
    from lexgraft.checkpoint.vocabulary.rows import Donor
    from lexgraft.models.lessons import Lesson
    from lexgraft.models.quiet import Rows
    from lexgraft.models.transformers import TransformersModel

GENERAL = 128  # general texts that rows are fitted on
CONTINUED = 256  # further texts at a time
DRAWN = 50  # likeliest tokens that a further text is continued from
SHOWN = 12  # words printed; all of them stand in vocabulary.json


def _vocabulary(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("action", choices=("plan", "extend", "align"))
    add("base", type=Path, help="the model (or tokenizer) folder that grows, or is aligned to")
    add("other", type=Path, nargs="*", help="align: the models that get one vocabulary with base")
    add("--terms", type=Path, nargs="+", default=[], help="term bases, in any format read here")
    add("--text", type=Path, nargs="+", default=[], help="the user's text, JSON lines or .txt")
    add("--donor", type=Path, help="a model folder whose tokens and rows are used")
    add("--general", type=Path, nargs="+", default=[], help="text that must be cut as before")
    add("--held-out", type=Path, nargs="+", default=[], help="text for the proof alone")
    add("--tokens", type=int, default=500, help="new tokens at most, steps included (500)")
    add("--pieces", type=int, default=0, help="of the base, that a word may stand for (any number)")
    add("--least", type=float, default=1.0, help="tokens a word must save over the text (1)")
    add(
        "--common", type=float, default=20.0, help="per million general tokens a word may have (20)"
    )
    rows = ("auto", "mean", "donor", "sparse")
    add("--rows", choices=rows, default="auto", help="where new rows come from (auto)")
    add("--pad-to-multiple-of", type=int, default=1, help="pad the vocabulary's rows (1)")
    add(
        "--distil", type=int, nargs="?", const=0, metavar="STEPS",
        help="extend: fit new rows to write like the text, and for so many batches to read (slow)",
    )  # fmt: skip
    add(
        "--read", type=Path, nargs="+", default=[],
        help="further text with the words: --distil learns to read on it, nothing is chosen by it",
    )  # fmt: skip
    add(
        "--ahead", type=int, default=16, metavar="TOKENS",
        help="by which the base itself goes on with each text of --read: what it knows (16)",
    )  # fmt: skip
    add(
        "--dtype", choices=("float32", "bfloat16"), default="float32",
        help="to read in; bfloat16 is faster where the processor has it (float32)",
    )  # fmt: skip
    add(
        "--quiet", action="store_true",
        help="extend: lower new rows until general text is as likely as before (slow)",
    )  # fmt: skip
    add("--bits", action="store_true", help="extend: bits per byte before and after (slow)")
    add("--threads", type=int, default=2, help="of the processor, for the three above (2)")
    add(
        "--policy", default="base", metavar="base|union|MODEL",
        help="align: whose vocabulary all get; a model by its folder's name (base)",
    )  # fmt: skip
    add("--token", action="append", default=[], metavar="TOKEN=MODEL",
        help="align: whose row this token gets where a model lacks it, or `zero`; may be repeated",
    )  # fmt: skip
    add("--choices", type=Path, help="align: such choices in a file, YAML or JSON")
    add("-o", "--output", type=Path, help="the folder to write")
    add("--json", action="store_true", help="print the result as JSON")


@verb(_vocabulary)
def vocabulary(arguments: argparse.Namespace) -> int:
    r"""Add technical words to a tokenizer and its model, or align models by token.

    Examples:
      lexgraft vocabulary plan gemma/ --terms terms.jsonl --general news.jsonl --tokens 500
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/ \
        --general news.jsonl --distil 250 --read sentences.txt --dtype bfloat16
      lexgraft vocabulary align gemma/ japanese-gemma/ -o aligned/
      lexgraft vocabulary align gemma/ ja/ med/ --policy union --token "▁腎=med" -o aligned/

    `plan` writes nothing. A folder with a tokenizer and no weights is extended as that.
    """
    if min(arguments.tokens, arguments.pad_to_multiple_of) < 1:
        raise UserError("a number below 1", cure="give --tokens and --pad-to-multiple-of from 1 on")
    if min(arguments.ahead, arguments.pieces) < 0:
        raise UserError("a number below 0", cure="give --ahead and --pieces from 0 on")
    if (arguments.read or arguments.dtype != "float32") and not arguments.distil:
        raise UserError(
            "--read or --dtype without batches of reading", cure="give --distil with a number"
        )
    if arguments.action == "align":
        return _align(arguments)
    if arguments.action == "extend" and arguments.output is None:
        raise UserError("`vocabulary extend` writes a folder", cure="name it with -o")
    from lexgraft.checkpoint.vocabulary.plan import plan_vocabulary
    from lexgraft.checkpoint.vocabulary.proof import proof_json

    with Bars() as bars:
        planned = plan_vocabulary(_request(arguments), bars)
        extra = _extend(arguments, planned, bars) if arguments.action == "extend" else {}
    if arguments.json:
        words = [
            {"id": word.id, "text": word.text, "count": word.count} for word in planned.growth.words
        ]
        print(proof_json(planned.proof, {**extra, "words": words}).decode())
        return 0
    print_table("Vocabulary", planned.proof.rows())
    best = sorted(planned.growth.words, key=lambda word: (-word.count, word.id))[:SHOWN]
    print("first words: " + " · ".join(word.text.strip() for word in best))
    for name, value in extra.items():
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return 0


def _request(arguments: argparse.Namespace) -> "Request":
    """Return what was asked for, its files read."""
    from lexgraft.checkpoint.vocabulary.plan import Request

    return Request(
        base=arguments.base,
        terms=_terms(arguments),
        texts=_passages(arguments.text),
        donor=arguments.donor,
        general=[text for _, text in _passages(arguments.general)],
        held_out=_passages(arguments.held_out),
        tokens=arguments.tokens,
        least=arguments.least,
        pieces=arguments.pieces or inf,
        common=arguments.common,
    )


def _extend(
    arguments: argparse.Namespace, planned: "VocabularyPlan", bars: Bars
) -> dict[str, object]:
    """Write the grown folder and return what is to be said about it."""
    from lexgraft.checkpoint.index import open_checkpoint
    from lexgraft.checkpoint.vocabulary.folder import (
        has_weights,
        open_donor,
        write_model,
        write_tokenizer,
    )

    said: dict[str, object] = {"written": str(arguments.output)}
    if not has_weights(arguments.base):
        write_tokenizer(planned.growth, arguments.base, arguments.output)
        return said
    donor = arguments.donor
    source = open_donor(donor) if donor is not None and has_weights(donor) else None
    base = open_checkpoint(arguments.base)
    fitted = None
    if arguments.quiet or arguments.distil is not None:
        fitted, said["fitted"] = _fitted(arguments, planned, base, source, bars)
    said["rows"] = write_model(
        planned.growth,
        base,
        arguments.output,
        source,
        arguments.rows,
        arguments.pad_to_multiple_of,
        fitted,
        bars,
    )
    if arguments.bits:
        said["bits per byte"] = _bits(arguments)
    return said


def _fitted(
    arguments: argparse.Namespace,
    planned: "VocabularyPlan",
    base: "Checkpoint",
    source: "Donor | None",
    bars: Bars,
) -> "tuple[dict[str, Tensor], dict[str, Any]]":
    """Return rows fitted on text by tensor, and what is to be said about them."""
    from lexgraft.checkpoint.vocabulary.content import grown_document
    from lexgraft.checkpoint.vocabulary.engine import Engine
    from lexgraft.checkpoint.vocabulary.rows import (
        bias_name,
        embedding_name,
        head_name,
        new_rows,
        opening_rows,
    )  # fmt: skip
    from lexgraft.models.lessons import plain_lessons
    from lexgraft.models.quiet import Rows, quieted
    from lexgraft.models.transformers import TransformersModel

    growth = planned.growth

    def begin(name: str) -> "Tensor":
        entry = base.tensors[name]
        return new_rows(entry, growth.additions, growth.base, source, arguments.rows).values

    embedding, head, bias = embedding_name(base), head_name(base), bias_name(base)
    rows = Rows(begin(embedding), begin(head) if head else None, begin(bias) if bias else None)
    model = TransformersModel.load(arguments.base, str(arguments.base), arguments.threads)
    engines = Engine(growth.base), Engine(grown_document(growth))
    general = _general(arguments)
    plain = plain_lessons(*engines, general, model.start_tokens)
    if arguments.distil is None:
        rows, most = quieted(model.module, plain, rows, bars)
        said = {"nats taken at most": most, "general texts": len(plain)}
    else:
        opening = opening_rows(base.tensors[head or embedding], growth.additions)
        pieces = [one.parts for one in growth.additions]
        rows, said = _distilled(arguments, model, engines, rows, pieces, opening, plain, bars)
    pairs = zip((embedding, head, bias), rows, strict=True)
    return {name: one for name, one in pairs if name and one is not None}, said


def _distilled(
    arguments: argparse.Namespace,
    model: "TransformersModel",
    engines: "tuple[Engine, Engine]",
    start: "Rows",
    pieces: "list[tuple[int, ...]]",
    opening: "Tensor",
    plain: "list[Lesson]",
    bars: Bars,
) -> "tuple[Rows, dict[str, Any]]":
    """Return rows that write and read like the old cut, and what is to be said about them."""
    from lexgraft.models.distil import distil_rows
    from lexgraft.models.lessons import make_lessons, showing
    from lexgraft.models.transformers import TransformersModel

    given = (*_passages(arguments.text), *_terms(arguments))
    texts = [*(text for _, text in given), *_general(arguments)]
    lessons = make_lessons(*engines, texts, model.start_tokens)
    reader = model
    if arguments.dtype != "float32":
        base, threads = arguments.base, arguments.threads
        reader = TransformersModel.load(base, str(base), threads, dtype=arguments.dtype)
    first = engines[0].document.size
    told = showing(engines[1], [text for _, text in _passages(arguments.read)], first)
    told = _continued(reader, told, arguments.ahead, bars)
    read = make_lessons(*engines, told, model.start_tokens)
    fitted = distil_rows(
        model.module, [*lessons, *read], start, pieces, first, arguments.distil, plain, opening,
        reader.module, bars,
    )  # fmt: skip
    return fitted.rows, {
        "nats a new token is off": fitted.writing,
        "nats apart after it": fitted.reading,
        "nats a token taken": fitted.taken,
        "texts": len(lessons),
        "read besides": len(read),
        "general texts": len(plain),
    }


def _continued(model: "TransformersModel", texts: list[str], tokens: int, bars: Bars) -> list[str]:
    """Return texts with what the model says next, drawn from what is likeliest there."""
    from lexgraft.models.writing import likeliest

    pick, found = likeliest(DRAWN, 0), list[str]()
    for start in range(0, len(texts), CONTINUED):
        bars("going on with further texts", start, len(texts))
        some = texts[start : start + CONTINUED]
        said = model.generate(some, tokens, (), pick)
        # a character that is not complete says nothing
        found += [text + more.rstrip("\ufffd") for text, more in zip(some, said, strict=True)]
    return found


def _general(arguments: argparse.Namespace) -> list[str]:
    """Return some general texts, the same in every run."""
    texts = {text for _, text in _passages(arguments.general)}
    return sorted(texts, key=lambda text: digest("general", text))[:GENERAL]


def _bits(arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Return bits per byte before and after, on the first texts of each kind given."""
    from lexgraft.models.transformers import TransformersModel

    kinds = {"general": arguments.general, "held-out": arguments.held_out or arguments.text}
    texts = {kind: [text for _, text in _passages(paths)][:24] for kind, paths in kinds.items()}
    found: dict[str, list[float]] = {kind: [] for kind, rows in texts.items() if rows}
    for folder in (arguments.base, arguments.output):
        model = TransformersModel.load(folder, str(folder), arguments.threads)
        for kind, values in found.items():
            scores = model.text_bits(texts[kind], 160)
            values.append(sum(bits for bits, _ in scores) / max(1, sum(n for _, n in scores)))
    return found


def _align(arguments: argparse.Namespace) -> int:
    """Write the base and other models in one vocabulary."""
    from lexgraft.checkpoint.index import open_checkpoint
    from lexgraft.checkpoint.vocabulary.common import Member, bring_together

    if not arguments.other or arguments.output is None:
        raise UserError("`vocabulary align` needs base, others and -o", cure="name all of them")
    folders = {path.resolve().name: path for path in (arguments.base, *arguments.other)}
    if len(folders) <= len(arguments.other):
        raise UserError("two models have one folder name", cure="the name is the label: rename one")
    choices = _choices(arguments)
    with Bars() as bars:
        common = bring_together(
            [Member(label, open_checkpoint(path), path) for label, path in folders.items()],
            arguments.output,
            arguments.policy,
            choices,
            arguments.pad_to_multiple_of,
            [text for _, text in _passages(arguments.general)],
            bars,
            whole=True,
        )
    written = [str(arguments.output / label) for label in common.counts]
    if arguments.json:
        print(json.dumps({"rows": common.size, "models": common.counts, "written": written}))
        return 0
    sources = list(dict.fromkeys(name for counts in common.counts.values() for name in counts))
    table = [
        [label, *(f"{counts.get(name, 0):,}" for name in sources)]
        for label, counts in common.counts.items()
    ]
    if table:
        print_table(f"Rows of {common.size:,}", [["model", *sources], *table])
    print("\n".join(f"written: {one}" for one in written) or "these models number alike already")
    return 0


def _choices(arguments: argparse.Namespace) -> "dict[str, Choice]":
    """Return whose row each token gets, of a file and of `--token`, which comes before it."""
    from msgspec import ValidationError, convert

    from lexgraft.checkpoint.vocabulary.common import Choice
    from lexgraft.project import read_yaml

    found: dict[str, str | Choice] = {}
    if (path := arguments.choices) is not None:
        try:
            read = read_yaml(path.read_text(encoding="utf-8"), str(path))
            found |= convert(read, dict[str, str | Choice])
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise UserError(
                f"cannot read these choices: {error}",
                where=str(path),
                cure="write TOKEN: MODEL, or TOKEN: {source: MODEL, token: …, force: true}",
            ) from error
    for given in arguments.token:
        token, sign, source = given.rpartition("=")
        if not (token and sign and source):
            raise UserError(f"`--token {given}` is no choice", cure="write --token TOKEN=MODEL")
        found[token] = source
    return {token: Choice(one) if isinstance(one, str) else one for token, one in found.items()}


def _terms(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """Return the terms that may be used, with their languages."""
    from lexgraft.readers import read_concepts

    concepts = read_concepts(arguments.terms) if arguments.terms else []
    return [
        (term.language, term.text)
        for concept in concepts
        for term in concept.terms
        if term.status != "forbidden"
    ]


def _passages(paths: list[Path]) -> list[tuple[str, str]]:
    """Return the texts of files with their languages: JSON lines of Document, or plain text."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.suffix == ".txt":
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(
                    f"cannot read this text: {error}", cure="give a UTF-8 file"
                ) from error
            found += [("", line) for line in lines if line.strip()]
        else:
            found += [(row.language, row.text) for row in read_lines(path, Document)]
    return found
