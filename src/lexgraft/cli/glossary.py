"""The verb `glossary`."""

import argparse
import gc
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_content, print_json, print_json_line, print_line
from lexgraft.cli.verb_parser import (
    OptionGroup,
    VerbParser,
    from_zero,
    json_argument,
    refuse,
    verb,
    verb_of_jobs,
)
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.terms.text.letter_case import CASE_RULES

if TYPE_CHECKING:
    from lexgraft.terms.glossary.check_documents import CheckedDocument
    from lexgraft.terms.glossary.termbase import OpenGlossary

Rows = Sequence[dict[str, object]]
_SHOWN = 20  # entries that are not used, on the screen
FAULTS = 1  # the exit status of lint and check when there is something to mend


verb_of_jobs(
    "glossary",
    """Find terms in a text, check the glossary, show its block for a prompt, check documents.

    Examples:
      lexgraft glossary lint terms.csv
      lexgraft glossary match terms.csv letter.txt
      lexgraft glossary prompt project.yaml letter.txt
      lexgraft glossary check terms.csv manual.xliff --html check.html

    Exit status 1 when lint or check finds something to mend.""",
)


def _file(parser: VerbParser) -> None:
    parser.add_argument("file", type=Path, help="a term file, or a project (.yaml) with its own")
    languages_arguments(parser)
    json_argument(parser)


def _file_and_text(parser: VerbParser) -> None:
    _file(parser)
    parser.add_argument("text", type=Path, help="the text")
    _encoding(parser)
    matching_arguments(parser)


def _encoding(parser: VerbParser) -> None:
    parser.add_argument(
        "--encoding", default="", help="of texts that are no UTF-8 and do not say, e.g. cp932"
    )


def languages_arguments(parser: VerbParser | OptionGroup) -> None:
    """Add the languages of a glossary, and whether its refused rows are left out."""
    parser.add_argument(
        "--leave-out-refused", action="store_true", help="go on without rows that cannot be used"
    )
    parser.add_argument("--from", dest="source", default="", help="language of a text, e.g. en")
    parser.add_argument("--to", dest="target", default="", help="language of an answer, e.g. ja")


def matching_arguments(parser: VerbParser | OptionGroup) -> None:
    """Add how terms are found."""
    parser.add_argument("--lemmas", action="store_true", help="find inflected forms (simplemma)")
    parser.add_argument("--compiled", action="store_true", help="match faster, with numba")
    parser.add_argument(
        "--case",
        choices=CASE_RULES,
        default="auto",
        help="when case matters: of terms in capitals (auto), never (fold), always (exact)",
    )


def block_arguments(parser: VerbParser | OptionGroup) -> None:
    """Add what a glossary's block before a prompt may hold."""
    parser.add_argument("--entries", type=from_zero, default=30, help="in a prompt, at most (30)")
    parser.add_argument(
        "--block-tokens", type=from_zero, default=1000, help="of a prompt's block, at most (1000)"
    )
    parser.add_argument("--definitions", action="store_true", help="put definitions in too")


@verb(_file, of="glossary")
def lint(arguments: argparse.Namespace) -> int:
    """Say which entries are refused, and why; status 1 if any is.

    Example:
      lexgraft glossary lint terms.csv --from en --to ja
    """
    opened = open_named(arguments, may_be_empty=True)
    rows: Rows = [
        {
            "entry": finding.number,
            **({"id": finding.id} if finding.id else {}),
            "term": finding.source,
            "problem": finding.problem,
            "detail": finding.detail,
        }
        for finding in opened.findings
    ]
    _show(arguments, rows, opened, "no fault")
    return FAULTS if rows else 0


def _match(parser: VerbParser) -> None:
    _file_and_text(parser)
    parser.add_argument("--edges", action="store_true", help="flag hits inside words (ja)")


@verb(_match, of="glossary")
def match(arguments: argparse.Namespace) -> int:
    """Say which terms stand where in a text.

    Example:
      lexgraft glossary match terms.csv letter.txt
    """
    opened = _opened_aloud(arguments)
    rows = _matches(opened, _text(arguments), edges=arguments.edges)
    return _show(arguments, rows, opened, "no term found")


def _prompt(parser: VerbParser) -> None:
    _file_and_text(parser)
    block_arguments(parser)


@verb(_prompt, of="glossary")
def prompt(arguments: argparse.Namespace) -> int:
    """Show a text with the block of its terms before it, and what there was no room for.

    Example:
      lexgraft glossary prompt terms.csv letter.txt --block-tokens 500
    """
    from lexgraft.terms.glossary.prompt_block import estimated_tokens
    from lexgraft.terms.glossary.termbase import block_for

    text = _text(arguments)
    block = block_for(
        text,
        _opened_aloud(arguments),
        limit=arguments.entries,
        room=arguments.block_tokens,
        size=estimated_tokens,
        definitions=arguments.definitions,
    )
    if arguments.json:
        record = {
            "prompt": block.text + text,
            "used": [entry.source for entry in block.used],
            "dropped": [entry.source for entry in block.dropped],
        }
        print_json_line(record)
        return 0
    for entry in block.dropped:
        print_line(f"# left out: {entry.source}")
    print_content(block.text + text)
    return 0


def _check(parser: VerbParser) -> None:
    _file(parser)
    parser.add_argument("documents", type=Path, nargs="+", help="documents of any format")
    _encoding(parser)
    matching_arguments(parser)
    parser.add_argument("--question", type=Path, help="the text whose terms are required")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to read")
    parser.add_argument("--xlsx", type=Path, metavar="FILE", help="also write findings beside rows")


@verb(_check, of="glossary")
def check(arguments: argparse.Namespace) -> int:
    """Say which required terms documents miss and which forbidden ones they use; status 1 if any.

    Examples:
      lexgraft glossary check terms.csv answer.txt --question letter.txt
      lexgraft glossary check terms.csv manual.xliff strings.po --html check.html
      lexgraft glossary check terms.csv segments.xlsx --xlsx checked.xlsx

    XLIFF, TMX, PO and tables with two columns are read as pairs; DOCX, HTML, Markdown and text
    are looked through for forbidden forms, or paired with the file of --question.
    """
    from lexgraft.files.ownership import writing

    inputs = [arguments.file, *arguments.documents]
    inputs += [arguments.question] if arguments.question else []
    outputs = [file for file in (arguments.html, arguments.xlsx) if file]
    if arguments.xlsx and len(arguments.documents) > 1:
        refuse("--xlsx", "on several documents", "check them one by one")
    with ExitStack() as records:
        for output in outputs:
            records.enter_context(
                writing("glossary check", [output], [*inputs, *(set(outputs) - {output})])
            )
        return _checked(arguments)


def _checked(arguments: argparse.Namespace) -> int:
    """Check, write, and print what was found."""
    from lexgraft.terms.documents.read_document import languages_named, paired, read_document
    from lexgraft.terms.glossary.check_documents import FAULTY, check_document, report_record
    from lexgraft.terms.glossary.lint_glossary import CONTRADICTORY

    if not (arguments.source or arguments.target):
        arguments.source, arguments.target = languages_named(arguments.documents[0])
    opened = open_named(arguments)
    languages = opened.source, opened.target
    encoding = arguments.encoding
    read = [read_document(path, *languages, encoding=encoding) for path in arguments.documents]
    if arguments.question:
        question = read_document(
            arguments.question, *languages, encoding=encoding, spoken=opened.source
        )
        read = [paired(question, document) for document in read]
    checked = [check_document(document, opened) for document in read]
    _write_report(arguments, checked)
    faulty = sum(document.count(problem) for document in checked for problem in FAULTY)
    contradictory = any(finding.problem in CONTRADICTORY for finding in opened.findings)
    if arguments.json:
        print_json(report_record(checked, opened.findings))
    else:
        _print_report(checked, opened)
    return FAULTS if faulty or (contradictory and not arguments.leave_out_refused) else 0


def _write_report(arguments: argparse.Namespace, checked: "Sequence[CheckedDocument]") -> None:
    """Write the page and the workbook that were asked for."""
    from lexgraft.records import write_bytes
    from lexgraft.terms.glossary.check_documents import finding_rows

    if arguments.html:
        from lexgraft.adoption.report.terminology_page import terminology_page

        write_bytes(arguments.html, terminology_page(checked, arguments.file.name).encode())
    if arguments.xlsx:
        from lexgraft.terms.documents.segment_workbook import workbook

        write_bytes(arguments.xlsx, workbook(finding_rows(checked[0])))


def _print_report(checked: "Sequence[CheckedDocument]", opened: "OpenGlossary") -> None:
    """Print counts per document, and what was found."""
    print_line(f"{len(opened.entries):,} entries, `{opened.source}` to `{opened.target}`")
    for line in entries_not_used(opened):
        print_line(f"  {line}")
    for document in checked:
        print_line(f"{document.path}: {document.format}, {document.summary}")
        if document.encoding:
            print_line(f"  read as  {document.encoding}")
        for left_out in document.left_out:
            print_line(f"  left out  {left_out}")
        for fault in document.faults:
            fields = (
                ("segment", fault.segment),
                ("term", fault.term),
                ("use", fault.use),
                ("text", fault.text),
            )
            shown = "  ".join(f"{name}: {value}" for name, value in fields if value)
            print_line(f"  {fault.problem}  {shown}")


def _text(arguments: argparse.Namespace) -> str:
    """Return the text that the arguments name; an encoding that was found out is told."""
    from lexgraft.terms.documents.document_text import document_text

    read = document_text(arguments.text, arguments.encoding)
    if read.encoding:
        print_line(f"{arguments.text}: read as {read.encoding}", errors=True)
    return read.text


def _opened_aloud(arguments: argparse.Namespace) -> "OpenGlossary":
    """Return the glossary that the arguments name; entries that are not used are told."""
    opened = open_named(arguments)
    for line in entries_not_used(opened):
        print_line(line, errors=True)
    return opened


def entries_not_used(opened: "OpenGlossary") -> list[str]:
    """Return a line for each finding about an entry that is not used; of many the first."""
    lines = [
        f"not used: {finding.source}{f' ({finding.id})' if finding.id else ''}: "
        f"{finding.problem}: {finding.detail}"
        for finding in opened.findings
    ]
    hidden = len(lines) - _SHOWN
    more = [f"not used: {hidden:,} more, see lexgraft glossary lint"] if hidden > 0 else []
    return lines[:_SHOWN] + more


def open_named(arguments: argparse.Namespace, *, may_be_empty: bool = False) -> "OpenGlossary":
    """Return the glossary that the arguments name: of a term file, or of a project.

    Raises:
        LexgraftError: none of its entries can be used, and it must not be empty.
    """
    from lexgraft import open_glossary

    file = arguments.file
    opened = open_glossary(
        read_project(file) if file.suffix in {".yaml", ".yml"} else file,
        arguments.source,
        arguments.target,
        lemmas=getattr(arguments, "lemmas", False),  # lint finds nothing in texts
        compiled=getattr(arguments, "compiled", False),
        leave_out_refused=getattr(arguments, "leave_out_refused", False),
        case=getattr(arguments, "case", "auto"),
    )
    if not (opened.entries or may_be_empty):
        raise LexgraftError(
            f"none of its entries can be used; {'; '.join(entries_not_used(opened)[:3])}",
            where=str(file),
            cure="mend it: lexgraft glossary lint says why of each",
        )
    gc.freeze()  # a large glossary is not looked through again and again
    return opened


def _matches(opened: "OpenGlossary", text: str, *, edges: bool) -> Rows:
    """Return a row for every place; with `edges` whether words begin and end there."""
    from lexgraft.terms.glossary.word_boundaries import word_edges

    borders = word_edges(text) if edges else frozenset[int]()
    return [
        {
            "start": hit.start,
            "end": hit.end,
            "text": hit.text,
            "kind": hit.kind,
            "term": hit.entry.source,
            "use": hit.entry.target,
            "id": hit.entry.id,
            **({"edges": hit.start in borders and hit.end in borders} if edges else {}),
        }
        for hit in opened.find(text)
    ]


def _show(arguments: argparse.Namespace, rows: Rows, opened: "OpenGlossary", none: str) -> int:
    """Print rows as JSON or as lines of `key: value`; without any `none`, and the direction."""
    if arguments.json:
        print_json_line(rows)
    for row in () if arguments.json else rows:
        print_line("  ".join(f"{key}: {value}" for key, value in row.items() if value != ""))
    if not (rows or arguments.json):
        # the direction may have been guessed from the file, and the wrong one finds nothing
        print_line(f"{none}: {len(opened.entries)} entries into `{opened.target}`")
    return 0
