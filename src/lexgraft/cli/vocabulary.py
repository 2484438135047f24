"""The verb `vocabulary`."""

import argparse
import json
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.verb_parser import verb
from lexgraft.cli.vocabulary_fit import FitInputs, fitted_rows, kept_for, passages, read_given
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.weights.vocabulary.align import TokenSource
    from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest, VocabularyPlan

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
        "--distil",
        type=int,
        nargs="?",
        const=0,
        metavar="STEPS",
        help="extend: fit new rows to be as likely as their pieces, and for so many batches to "
        "read like them (slow)",
    )
    add(
        "--read",
        type=Path,
        nargs="+",
        default=[],
        help="further text with the words: --distil learns on it, nothing is chosen by it",
    )
    add(
        "--ahead",
        type=int,
        default=16,
        metavar="TOKENS",
        help="by which the base itself goes on with each text of --read: what it knows (16)",
    )
    add(
        "--dtype",
        choices=("float32", "bfloat16"),
        default="float32",
        help="for --distil; bfloat16 is faster where the processor has it (float32)",
    )
    add(
        "--quiet",
        action="store_true",
        help="extend: lower new rows until general text is as likely as before (slow)",
    )
    add("--bits", action="store_true", help="extend: bits per byte before and after (slow)")
    add("--threads", type=int, default=2, help="of the processor, for the three above (2)")
    add(
        "--policy",
        default="base",
        metavar="base|union|MODEL",
        help="align: whose vocabulary all get; a model by its folder's name (base)",
    )
    add(
        "--token",
        action="append",
        default=[],
        metavar="TOKEN=MODEL",
        help="align: whose row this token gets where a model lacks it, or `zero`; may be repeated",
    )
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
        --general news.jsonl --distil 700 --read sentences.txt --dtype bfloat16
      lexgraft vocabulary align gemma/ japanese-gemma/ -o aligned/
      lexgraft vocabulary align gemma/ ja/ med/ --policy union --token "▁腎=med" -o aligned/

    `plan` writes nothing. A folder with a tokenizer and no weights is extended as that.
    """
    if min(arguments.tokens, arguments.pad_to_multiple_of) < 1:
        raise LexgraftError(
            "a number below 1", cure="give --tokens and --pad-to-multiple-of from 1 on"
        )
    if min(arguments.ahead, arguments.pieces, arguments.distil or 0) < 0:
        raise LexgraftError(
            "a number below 0", cure="give --ahead, --pieces and --distil from 0 on"
        )
    if (arguments.read or arguments.dtype != "float32") and arguments.distil is None:
        raise LexgraftError("--read or --dtype without --distil", cure="add --distil 700, or less")
    if arguments.action == "align":
        return _align(arguments)
    if arguments.action == "extend":
        _check_output(arguments)
    from lexgraft.weights.vocabulary.expansion_check import proof_json
    from lexgraft.weights.vocabulary.expansion_plan import plan_vocabulary

    given = read_given(arguments)
    with ProgressBars() as bars:
        planned = plan_vocabulary(_request(arguments, given), bars)
        extra = _extend(arguments, given, planned, bars) if arguments.action == "extend" else {}
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


def _check_output(arguments: argparse.Namespace) -> None:
    """Raise without a folder to write, or with one that is taken: before any work."""
    from lexgraft.files.ownership import check_outputs, refuse_foreign
    from lexgraft.weights.checkpoint.folder_writer import refuse_taken

    if arguments.output is None:
        raise LexgraftError("`vocabulary extend` writes a folder", cure="name it with -o")
    output, inputs = arguments.output, _inputs(arguments)
    check_outputs([output], inputs, folders=True)
    refuse_taken(output, inputs)
    if arguments.quiet or arguments.distil is not None:
        beside = output.resolve().with_name(f"{output.name}.fit")
        check_outputs([beside], inputs, folders=True)
        refuse_foreign(beside, "fit", output.resolve())


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    """Return all files and folders that are read."""
    lists = ("other", "terms", "text", "general", "held_out", "read")
    given = [path for name in lists for path in getattr(arguments, name)]
    single = (arguments.base, arguments.donor, arguments.choices)
    return [*given, *(path for path in single if path is not None)]


def _request(arguments: argparse.Namespace, given: FitInputs) -> "ExpansionRequest":
    """Return what was asked for."""
    from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest

    return ExpansionRequest(
        base=arguments.base,
        terms=given.terms,
        texts=given.texts,
        donor=arguments.donor,
        general=[text for _, text in given.general],
        held_out=given.held_out,
        tokens=arguments.tokens,
        least=arguments.least,
        pieces=arguments.pieces or inf,
        common=arguments.common,
    )


def _extend(
    arguments: argparse.Namespace, given: FitInputs, planned: "VocabularyPlan", bars: ProgressBars
) -> dict[str, object]:
    """Write the grown folder and return what is to be said about it."""
    from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
    from lexgraft.weights.vocabulary.expanded_folder import (
        has_weights,
        open_donor,
        write_model,
        write_tokenizer,
    )

    said: dict[str, object] = {"written": str(arguments.output)}
    if not has_weights(arguments.base):
        write_tokenizer(planned.growth, arguments.base, arguments.output)
        return said
    donor, output = arguments.donor, arguments.output
    source = open_donor(donor) if donor is not None and has_weights(donor) else None
    base = open_checkpoint(arguments.base)
    kept, fitted = None, None
    if arguments.quiet or arguments.distil is not None:
        kept = kept_for(arguments, given, planned.growth, base, source)
        fitted, said["fitted"] = fitted_rows(
            arguments, given, planned.growth, base, source, kept, bars
        )
    said["rows"] = write_model(
        planned.growth,
        base,
        output,
        source,
        arguments.rows,
        arguments.pad_to_multiple_of,
        fitted,
        bars,
    )
    if kept is not None:
        kept.drop()
    if arguments.bits:
        said["bits per byte"] = _bits(arguments, given)
    return said


def _bits(arguments: argparse.Namespace, given: FitInputs) -> dict[str, list[float]]:
    """Return bits per byte before and after, on the first texts of each kind given."""
    from lexgraft.models.transformers import TransformersModel

    kinds = {"general": given.general, "held-out": given.held_out or given.texts}
    texts = {kind: [text for _, text in rows[:24]] for kind, rows in kinds.items()}
    found: dict[str, list[float]] = {kind: [] for kind, rows in texts.items() if rows}
    for folder in (arguments.base, arguments.output):
        model = TransformersModel.load(folder, str(folder), arguments.threads)
        for kind, values in found.items():
            scores = model.text_bits(texts[kind], 160)
            values.append(sum(bits for bits, _ in scores) / max(1, sum(n for _, n in scores)))
    return found


def _align(arguments: argparse.Namespace) -> int:
    """Write the base and other models in one vocabulary."""
    from lexgraft.files.ownership import check_outputs
    from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
    from lexgraft.weights.vocabulary.align import AlignmentMember, bring_together

    if not arguments.other or arguments.output is None:
        raise LexgraftError("`vocabulary align` needs base, others and -o", cure="name all of them")
    check_outputs([arguments.output], _inputs(arguments), folders=True)
    folders = {path.resolve().name: path for path in (arguments.base, *arguments.other)}
    if len(folders) <= len(arguments.other):
        raise LexgraftError(
            "two models have one folder name", cure="the name is the label: rename one"
        )
    choices = _choices(arguments)
    with ProgressBars() as bars:
        common = bring_together(
            [
                AlignmentMember(label, open_checkpoint(path), path)
                for label, path in folders.items()
            ],
            arguments.output,
            arguments.policy,
            choices,
            arguments.pad_to_multiple_of,
            [text for _, text in passages(arguments.general)],
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


def _choices(arguments: argparse.Namespace) -> "dict[str, TokenSource]":
    """Return whose row each token gets, of a file and of `--token`, which comes before it."""
    from msgspec import ValidationError, convert

    from lexgraft.files.safe_text import read_text
    from lexgraft.files.safe_yaml import read_yaml
    from lexgraft.weights.vocabulary.align import TokenSource

    found: dict[str, str | TokenSource] = {}
    if (path := arguments.choices) is not None:
        try:
            read = read_yaml(read_text(path), str(path))
            found |= convert(read, dict[str, str | TokenSource])
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise LexgraftError(
                f"cannot read these choices: {error}",
                where=str(path),
                cure="write TOKEN: MODEL, or TOKEN: {source: MODEL, token: …, force: true}",
            ) from error
    for given in arguments.token:
        token, sign, source = given.rpartition("=")
        if not (token and sign and source):
            raise LexgraftError(f"`--token {given}` is no choice", cure="write --token TOKEN=MODEL")
        found[token] = source
    return {
        token: TokenSource(one) if isinstance(one, str) else one for token, one in found.items()
    }
