"""The verb `vocabulary`."""

import argparse
import json
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.compute_options import device_name
from lexgraft.cli.output import print_json_line, print_line, print_table, print_text
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.token_choices import token_choices
from lexgraft.cli.verb_parser import (
    VerbParser,
    from_one,
    from_zero,
    json_argument,
    not_negative,
    refuse,
    verb,
    verb_of_jobs,
)
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.records import AnswerParity
    from lexgraft.weights.vocabulary.expand import VocabularyExpansion
    from lexgraft.weights.vocabulary.expansion_plan import ExpansionSettings, VocabularyPlan

SHOWN = 12  # words printed; all of them stand in vocabulary.json


verb_of_jobs(
    "vocabulary",
    r"""Add technical words to a tokenizer and its model, or align models by token.

    Examples:
      lexgraft vocabulary plan gemma/ --terms terms.jsonl --general-text news.jsonl --tokens 500
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/ \
        --general-text news.jsonl --distil 700 --read sentences.txt --fit-dtype bfloat16
      lexgraft vocabulary align gemma/ japanese-gemma/ -o aligned/ --check-answers
      lexgraft vocabulary align gemma/ ja/ med/ --policy union --token "▁腎=med" -o aligned/

    `plan` writes nothing. A folder with a tokenizer and no weights is extended as that.""",
)


def _choice(parser: VerbParser) -> None:
    """Add what says which words become tokens."""
    add = parser.add_argument
    add("base", type=Path, help="the model (or tokenizer) folder that grows")
    add("--terms", type=Path, nargs="+", default=[], help="term bases, in any format read here")
    add("--text", type=Path, nargs="+", default=[], help="the user's text, JSON lines or .txt")
    add("--donor", type=Path, help="a model folder whose tokens and rows are used")
    _general_text(parser)
    add("--held-out", type=Path, nargs="+", default=[], help="text for the proof alone")
    add("--tokens", type=from_one, default=500, help="new tokens at most, steps included (500)")
    add("--pieces", type=from_zero, default=0, help="of the base, that a word may stand for (any)")
    add("--least", type=not_negative, default=1.0, help="tokens a word must save over the text (1)")
    add(
        "--common",
        type=not_negative,
        default=20.0,
        help="per million general tokens a word may have (20)",
    )
    json_argument(parser)


def _general_text(parser: VerbParser) -> None:
    parser.add_argument(
        "--general-text",
        type=Path,
        nargs="+",
        default=[],
        dest="general",
        help="text that must be cut as before",
    )


def _padding(parser: VerbParser) -> None:
    parser.add_argument(
        "--pad-to-multiple-of", type=from_one, default=1, help="pad the vocabulary's rows (1)"
    )


@verb(_choice, of="vocabulary")
def plan(arguments: argparse.Namespace) -> int:
    """Show which words would become tokens, and what that saves; nothing is written.

    Example:
      lexgraft vocabulary plan gemma/ --terms terms.jsonl --general-text news.jsonl --tokens 500
    """
    from lexgraft.weights.vocabulary.expand import expand_vocabulary

    with ProgressBars() as bars:
        expanded = expand_vocabulary(
            arguments.base,
            arguments.terms,
            arguments.text,
            donor=arguments.donor,
            general=arguments.general,
            held_out=arguments.held_out,
            settings=_settings(arguments),
            progress=bars,
        )
    return _print_plan(arguments, expanded.plan, {})


def _extend(parser: VerbParser) -> None:
    _choice(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--rows",
        choices=("auto", "mean", "donor", "sparse"),
        default="auto",
        help="where new rows come from (auto)",
    )
    _padding(parser)
    parser.add_argument(
        "--distil",
        type=from_zero,
        nargs="?",
        const=0,
        metavar="STEPS",
        help="fit new rows to be as likely as their pieces, and for so many batches to "
        "read like them (slow)",
    )
    parser.add_argument(
        "--bits", action="store_true", help="bits per byte and answers before and after (slow)"
    )
    parser.without_option("--distil").add_argument(
        "--suppress",
        action="store_true",
        help="lower new rows until general text is as likely as before (slow)",
    )
    distil = parser.with_option("--distil")
    distil.add_argument(
        "--read",
        type=Path,
        nargs="+",
        default=[],
        help="further text with the words to learn on; nothing is chosen by it",
    )
    distil.add_argument(
        "--fit-dtype",
        choices=("float32", "bfloat16"),
        default="float32",
        help="bfloat16 is faster where the processor has it (float32)",
    )
    parser.with_option("--read").add_argument(
        "--ahead",
        type=from_zero,
        default=16,
        metavar="TOKENS",
        help="by which the base itself goes on with each of these texts: what it knows (16)",
    )
    parser.with_option("--bits").add_argument(
        "--device",
        type=device_name,
        default="auto",
        metavar="auto|cpu|cuda[:N]|mps",
        help="where both are measured; rows are fitted on the processor (a GPU if any)",
    )
    parser.with_option("--distil", "--suppress", "--bits").add_argument(
        "--threads", type=from_one, default=2, help="of the processor (2)"
    )


@verb(_extend, of="vocabulary")
def extend(arguments: argparse.Namespace) -> int:
    r"""Add the words to the tokenizer and a row for each to the model.

    Examples:
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/
      lexgraft vocabulary extend gemma/ --terms terms.jsonl --text notes.jsonl -o grown/ \
        --general-text news.jsonl --distil 700 --read sentences.txt --fit-dtype bfloat16
    """
    from lexgraft.weights.vocabulary.expand import expand_vocabulary
    from lexgraft.weights.vocabulary.fit.fit_settings import FitSettings

    _check_weights(arguments)
    fit = None
    if arguments.suppress or arguments.distil is not None:
        fit = FitSettings(arguments.distil, arguments.ahead, arguments.fit_dtype, arguments.threads)
    with ProgressBars() as bars:
        expanded = expand_vocabulary(
            arguments.base,
            arguments.terms,
            arguments.text,
            arguments.output,
            donor=arguments.donor,
            general=arguments.general,
            held_out=arguments.held_out,
            further=arguments.read,
            settings=_settings(arguments),
            rows=arguments.rows,
            pad_to_multiple_of=arguments.pad_to_multiple_of,
            fit=fit,
            progress=bars,
        )
    return _print_plan(arguments, expanded.plan, _written(arguments, expanded))


def _settings(arguments: argparse.Namespace) -> "ExpansionSettings":
    """Return which candidates become tokens."""
    from lexgraft.weights.vocabulary.expansion_plan import ExpansionSettings

    return ExpansionSettings(
        tokens=arguments.tokens,
        min_saving=arguments.least,
        max_pieces=arguments.pieces or inf,
        max_per_million=arguments.common,
    )


def _align(parser: VerbParser) -> None:
    parser.add_argument("base", type=Path, help="the model folder that the others are aligned to")
    parser.add_argument("other", type=Path, nargs="+", help="models that get its vocabulary")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--policy",
        default="base",
        metavar="base|union|MODEL",
        help="whose vocabulary all get; a model by its folder's name (base)",
    )
    parser.add_argument(
        "--token",
        action="append",
        default=[],
        metavar="TOKEN=MODEL",
        help="whose row this token gets where a model lacks it, or `zero`; may be repeated",
    )
    parser.add_argument("--choices", type=Path, help="such choices in a file, YAML or JSON")
    _general_text(parser)
    _padding(parser)
    parser.add_argument(
        "--check-answers",
        action="store_true",
        help="ask each model before and after on a dozen prompts, by the tokens that it keeps",
    )
    json_argument(parser)


def _print_plan(
    arguments: argparse.Namespace, planned: "VocabularyPlan", written: dict[str, object]
) -> int:
    """Print what is added and what it saves, and what was written."""
    from lexgraft.weights.vocabulary.expansion_check import report_json

    if arguments.json:
        words = [
            {"id": word.id, "text": word.text, "count": word.count}
            for word in planned.expansion.words
        ]
        print_text(report_json(planned.report, {**written, "words": words}).decode())
        return 0
    print_table("Vocabulary", planned.report.rows())
    best = sorted(planned.expansion.words, key=lambda word: (-word.count, word.id))[:SHOWN]
    print_line("first words: " + " · ".join(word.text.strip() for word in best))
    for name, value in written.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        print_line(f"{name}: {text}")
    return 0


def _check_weights(arguments: argparse.Namespace) -> None:
    """Refuse options about rows where the folder has no weights, only a tokenizer.

    Raises:
        LexgraftError: one of them is given.
    """
    from lexgraft.files.hub import named_model
    from lexgraft.weights.vocabulary.expanded_folder import has_weights

    if has_weights(named_model(str(arguments.base), Path())):
        return
    for option, value, default in (
        ("--rows", arguments.rows, "auto"),
        ("--pad-to-multiple-of", arguments.pad_to_multiple_of, 1),
        ("--distil", arguments.distil, None),
        ("--suppress", arguments.suppress, False),
        ("--bits", arguments.bits, False),
    ):
        if value != default:
            refuse(
                option, "on a folder without weights", "give the model's folder, or leave it out"
            )


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    """Return all files and folders that are read."""
    paths = [arguments.base, *arguments.other, *arguments.general]
    return paths if arguments.choices is None else [*paths, arguments.choices]


def _written(arguments: argparse.Namespace, expanded: "VocabularyExpansion") -> dict[str, object]:
    """Return what is printed about a written folder."""
    import msgspec

    from lexgraft.weights.vocabulary.expand import measure_bits
    from lexgraft.weights.vocabulary.written_answers import grown_answers

    written: dict[str, object] = {"written": str(arguments.output)}
    if expanded.fit is not None:
        written["fitted"] = expanded.fit
    if expanded.rows:
        written["rows"] = expanded.rows
    if arguments.bits:
        before, after = (
            measure_bits(folder, expanded.texts, arguments.threads, arguments.device)
            for folder in (expanded.base, arguments.output)
        )
        written["bits per byte"] = {kind: [bits, after[kind]] for kind, bits in before.items()}
        answers = grown_answers(
            expanded.base, arguments.output, arguments.threads, arguments.device
        )
        written["answers"] = msgspec.to_builtins(answers) if arguments.json else str(answers)
    return written


@verb(_align, of="vocabulary")
def align(arguments: argparse.Namespace) -> int:
    """Write the base and other models in one vocabulary, so that they can be merged.

    Examples:
      lexgraft vocabulary align gemma/ japanese-gemma/ -o aligned/ --check-answers
      lexgraft vocabulary align gemma/ ja/ med/ --policy union --token "▁腎=med" -o aligned/
    """
    import msgspec

    from lexgraft.files.ownership import check_outputs, real_path
    from lexgraft.weights.checkpoint.full_precision import open_full_precision
    from lexgraft.weights.vocabulary.align import AlignmentMember, align_vocabularies
    from lexgraft.weights.vocabulary.expansion_texts import read_passages

    if arguments.general and arguments.policy != "union":
        refuse("--general-text", "without --policy union", "give --policy union too")
    check_outputs([arguments.output], _inputs(arguments), folders=True)
    folders = {real_path(path).name: path for path in (arguments.base, *arguments.other)}
    if len(folders) <= len(arguments.other):
        raise LexgraftError(
            "two models have one folder name", cure="the name is the label: rename one"
        )
    choices = token_choices(arguments.choices, arguments.token)
    with ProgressBars() as bars:
        common = align_vocabularies(
            [
                AlignmentMember(label, open_full_precision(path), path)
                for label, path in folders.items()
            ],
            arguments.output,
            arguments.policy,
            choices,
            arguments.pad_to_multiple_of,
            [text for _, text in read_passages(arguments.general)],
            bars,
            whole_models=True,
        )
    written = [str(arguments.output / label) for label in common.counts]
    answers = _aligned_answers(folders, arguments.output) if arguments.check_answers else {}
    if arguments.json:
        found = {"rows": common.size, "models": common.counts, "written": written}
        print_json_line(found | ({"answers": msgspec.to_builtins(answers)} if answers else {}))
        return 0
    sources = list(dict.fromkeys(name for counts in common.counts.values() for name in counts))
    table = [
        [label, *(f"{counts.get(name, 0):,}" for name in sources)]
        for label, counts in common.counts.items()
    ]
    if table:
        print_table(f"Rows of {common.size:,}", [["model", *sources], *table])
    for folder in written:
        print_line(f"written: {folder}")
    for label, parity in answers.items():
        print_line(f"{label}: {parity}")
    if not written:
        print_line("these models number alike already")
    return 0


def _aligned_answers(folders: Mapping[str, Path], output: Path) -> "dict[str, AnswerParity]":
    """Return how each model that was written computes, beside what it was made of."""
    from lexgraft.weights.vocabulary.written_answers import aligned_answers

    return {
        label: aligned_answers(path, output / label, 1)
        for label, path in folders.items()
        if (output / label).is_dir()
    }
