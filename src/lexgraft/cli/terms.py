"""The verb `terms`: term bases in, checked, joined and out."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.import_report import show_import
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.table_options import table_arguments, table_settings, until_clear
from lexgraft.cli.verb_parser import (
    VerbParser,
    from_zero,
    json_argument,
    refuse,
    verb,
    verb_of_jobs,
)
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.records import Concept
    from lexgraft.terms.readers import ImportOptions

FORMS = ("tbx", "utx", "skos", "csv", "deepl", "google", "aws")
UNDIRECTED = ("tbx", "skos", "csv")  # they hold all languages at once
_SHOWN = 40  # findings and reasons on the screen; all are in the JSON


verb_of_jobs(
    "terms",
    """Read term bases of any format, check, join and export them.

    Examples:
      lexgraft terms import glossary.xlsx -o terms.jsonl
      lexgraft terms import SnomedCT_Release/ --languages en,ja -o snomed.jsonl
      lexgraft terms import 用語集.csv --column "訳=term en" --separator ";" -o terms.jsonl
      lexgraft terms lint terms.jsonl
      lexgraft terms join hp.obo medical-ja.csv -o joined.jsonl
      lexgraft terms export terms.jsonl --format deepl --from en --to ja -o glossary.csv

    `import` says which format it took a file for and why, and accounts for every row; what was
    not taken stands with reasons and lines in OUT.import.json. `lint` ends with status 1 on
    errors.""",
)


def _files(parser: VerbParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", help="term bases: files or folders")
    json_argument(parser)


def _reading(parser: VerbParser) -> None:
    parser.add_argument("--languages", default="", help="take only these, e.g. en,ja")
    table_arguments(parser)
    parser.add_argument("--language", help="of texts that name none, outside tables (default: en)")
    parser.add_argument(
        "--reliability", type=from_zero, default=0, help="the least code of IATE terms"
    )
    parser.add_argument("--source", default="", help="what the terms come from")
    parser.add_argument("--source-version", default="", help="of what version or date it is")
    parser.add_argument("--licence", default="", help="under which licence it may be used")


def _import(parser: VerbParser) -> None:
    _files(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines to write")
    parser.add_argument("--project", type=Path, help="whose `terms.tables` are used")
    _reading(parser)


def _options(arguments: argparse.Namespace) -> "ImportOptions":
    """Return how to read: by the command line, and by the project where one is given."""
    import msgspec

    from lexgraft.project import read_project
    from lexgraft.terms.readers import ImportOptions

    tables = read_project(arguments.project).terms.tables if arguments.project else None
    options = ImportOptions(
        languages=tuple(tag for tag in arguments.languages.split(",") if tag),
        language=arguments.language or "en",
        reliability=arguments.reliability,
        source=arguments.source,
        version=arguments.source_version,
        licence=arguments.licence,
    )
    return msgspec.structs.replace(options, **table_settings(arguments, tables))


def _beside(output: Path, ending: str) -> Path:
    """Return the file that accounts for an output."""
    if not output.name:
        raise LexgraftError("this names no new file", where=str(output), cure="give it a name")
    return output.with_name(output.name + ending)


@verb(_import, of="terms")
def import_(arguments: argparse.Namespace) -> int:
    """Read term bases of any format into JSON lines, accounting for every row.

    Examples:
      lexgraft terms import glossary.xlsx -o terms.jsonl
      lexgraft terms import 用語集.csv --column "訳=term en" --separator ";" -o terms.jsonl
      lexgraft terms import pairs.tsv --no-header --column "1=term de" --column "2=term en" -o o
      lexgraft terms import 用語.xlsx --sheet 機械 --header-rows 3,4 --status 済=approved -o o

    What was understood of each table is printed with the command that says it; where a guess would
    not be safe you are asked on a terminal, and a script stops with what to add. Meanings of a
    column: id, term, synonyms, forbidden, definition, status, approved, part_of_speech, field,
    note, reading, language, licence, broader, same_as, sentence, ignore; most with a language
    (`term pt-BR`). Cells: lines=terms|one, brackets=rule|take, struck=leave-out|take,
    hidden=take|leave-out, placeholder=leave-out|take, ditto=leave-out|above|take,
    error=leave-out|take, markup=clean|take.
    """
    from lexgraft.files.ownership import writing

    inputs = [*arguments.files, *([arguments.project] if arguments.project else ())]
    report = _beside(arguments.output, ".import.json")
    with writing("terms import", [arguments.output, report], inputs):
        return _imported(arguments, report)


def _imported(arguments: argparse.Namespace, report: Path) -> int:
    """Read, write, and print what was done."""
    import msgspec
    from msgspec.structs import replace

    from lexgraft.records import write_bytes, write_lines
    from lexgraft.terms.readers import TermImport
    from lexgraft.terms.readers.rights import RightsLog

    def read(options: "ImportOptions") -> tuple[TermImport, RightsLog]:
        rights = RightsLog()
        with ProgressBars() as bars:
            concepts = TermImport(arguments.files, replace(options, progress=bars))
            if arguments.language and concepts.are_tables:
                refuse("--language", "on tables", "say it of a column: --column 'HEADER=term ja'")
            write_lines(arguments.output, (rights.note(concept) for concept in concepts))
        return concepts, rights

    concepts, rights = until_clear(read, _options(arguments), may_ask=not arguments.json)
    record = {
        "files": concepts.readings,
        "licences": rights.found(),
        "warnings": rights.warnings(),
    }
    data = msgspec.json.format(msgspec.json.encode(record), indent=1)
    write_bytes(report, data + b"\n")
    if arguments.json:
        return print_json(record)
    show_import(concepts.readings)
    for warning in rights.warnings():
        print_line(f"licence: {warning}")
    print_line(f"written: {arguments.output}, {report.name}")
    return 0


def _lint(parser: VerbParser) -> None:
    _files(parser)
    _refused(parser)
    parser.add_argument("--common-words", type=Path, help="a file of words that stand in any text")


@verb(_lint, of="terms")
def lint(arguments: argparse.Namespace) -> int:
    """Find duplicates, cycles, contradictions, spelling variants and useless terms.

    Example:
      lexgraft terms lint terms.jsonl --common-words everyday.txt
    """
    from lexgraft.terms.glossary.lint_concepts import lint_concepts

    common = _lines(arguments.common_words) if arguments.common_words else ()
    placed = _placed(arguments.files, arguments)
    places = {concept.id: place for place, concept in placed}
    findings = lint_concepts([concept for _, concept in placed], common, places)
    errors = sum(finding.grade == "error" for finding in findings)
    if arguments.json:
        print_json(findings)
    else:
        rows = [("place", "concept", "language", "term", "problem", "detail")]
        rows += [
            (
                *(Path(row.place).name, row.concept, row.language, row.term),
                *(f"{row.grade}: {row.problem}", row.detail),
            )
            for row in sorted(findings, key=lambda finding: finding.grade)[:_SHOWN]
        ]
        if findings:
            print_table("Findings", rows)
        hidden = f"; {len(findings) - _SHOWN} more with --json" if len(findings) > _SHOWN else ""
        print_line(f"{errors} errors, {len(findings) - errors} warnings{hidden}")
    return int(errors > 0)


def _lines(path: Path) -> list[str]:
    from lexgraft.terms.readers.file_start import lines_of
    from lexgraft.terms.readers.text_tables import read_text

    if not path.is_file():
        raise LexgraftError("no such word list", where=str(path))
    return [line.strip() for line in lines_of(read_text(path)) if line.strip()]


def _refused(parser: VerbParser) -> None:
    parser.add_argument(
        "--leave-out-refused", action="store_true", help="go on without rows that cannot be used"
    )


def _concepts(
    files: Sequence[Path], arguments: argparse.Namespace, called: Sequence[str] = ()
) -> list["Concept"]:
    """Return the concepts of files; rows that cannot be used stop it, or are counted."""
    return [concept for _, concept in _placed(files, arguments, called)]


def _placed(
    files: Sequence[Path], arguments: argparse.Namespace, called: Sequence[str] = ()
) -> list[tuple[str, "Concept"]]:
    """Return the concepts of files, each with its file and line."""
    from lexgraft.terms.readers import ImportOptions, TermImport

    go_on = arguments.leave_out_refused
    with ProgressBars() as bars:
        options = ImportOptions(progress=bars, called=tuple(called))
        reading = TermImport(files, options, strict=not go_on)
        placed = [(reading.place, concept) for concept in reading]
    for one in reading.readings if go_on else ():
        if count := one.tally.refusals + one.tally.text_refusals:
            print_line(f"left out: {count:,} refused rows or texts of {one.path}", errors=True)
    return placed


def _export(parser: VerbParser) -> None:
    _files(parser)
    _refused(parser)
    parser.add_argument("--format", choices=FORMS, required=True, help="the form to write")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to write")
    parser.add_argument("--from", dest="source", default="", help="language to translate from")
    parser.add_argument("--to", dest="target", default="", help="language to translate into")
    parser.add_argument("--date", default="", help="for the header of UTX, e.g. 2025-02-17")


@verb(_export, of="terms")
def export(arguments: argparse.Namespace) -> int:
    """Write a term base as TBX-Basic, UTX, SKOS, CSV, or a service's glossary.

    Example:
      lexgraft terms export terms.jsonl --format deepl --from en --to ja -o glossary.csv
    """
    from lexgraft.files.ownership import writing

    directed = [("--from", arguments.source), ("--to", arguments.target)]
    for option, value in directed if arguments.format in UNDIRECTED else ():
        if value:
            refuse(option, f"on {arguments.format}: it holds all languages", "leave it out")
    if arguments.date and arguments.format != "utx":
        refuse("--date", f"on {arguments.format}", "leave it out: it stands in the header of UTX")
    notice = _beside(arguments.output, ".licences.md")
    with writing("terms export", [arguments.output, notice], arguments.files):
        return _exported(arguments, notice)


def _exported(arguments: argparse.Namespace, notice: Path) -> int:
    """Read, write, and print what was done."""
    from lexgraft.records import write_bytes
    from lexgraft.terms.glossary.export_tables import LanguagePair, export_concepts
    from lexgraft.terms.readers.rights import rights_of

    called = [language for language in (arguments.source, arguments.target) if language]
    concepts = _concepts(arguments.files, arguments, called)
    pair = LanguagePair(arguments.source, arguments.target, arguments.date)
    exported = export_concepts(concepts, arguments.format, pair)
    write_bytes(arguments.output, exported.data)
    rights = rights_of(concepts)
    write_bytes(notice, rights.notice())
    warnings = rights.warnings()
    if arguments.json:
        return print_json(
            {
                "entries": exported.entries,
                "refused": exported.refused,
                "lost": exported.lost,
                "contradictory": exported.contradictory,
                "warnings": warnings,
            }
        )
    for entry in exported.refused[:_SHOWN]:
        print_line(f"not exported: {entry.concept}: {entry.term}: {entry.reason}")
    for entry in exported.contradictory[:_SHOWN]:
        print_line(f"contradictory: {entry.concept}: {entry.term}: {entry.reason}")
    for loss in exported.lost[:_SHOWN]:
        print_line(f"no place in {arguments.format}: {loss.concept}: {', '.join(loss.what)}")
    for warning in warnings:
        print_line(f"licence: {warning}")
    print_line(
        f"{exported.entries:,} entries, {len(exported.refused):,} not exported, "
        f"{len(exported.lost):,} concepts without all they have"
    )
    print_line(f"written: {arguments.output}, {notice.name}")
    return 0


def _join(parser: VerbParser) -> None:
    json_argument(parser)
    _refused(parser)
    parser.add_argument("first", type=Path, help="the term base whose ids are kept")
    parser.add_argument("second", type=Path, help="the one that is joined to it")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines to write")
    parser.add_argument(
        "--all", action="store_true", help="keep those of the first without a link too"
    )


@verb(_join, of="terms")
def join(arguments: argparse.Namespace) -> int:
    """Join two term bases by id, cross-reference, term or spelling; list what is ambiguous.

    Example:
      lexgraft terms join hp.obo medical-ja.csv -o joined.jsonl
    """
    from lexgraft.files.ownership import writing

    report = _beside(arguments.output, ".links.json")
    with writing("terms join", [arguments.output, report], [arguments.first, arguments.second]):
        return _joined(arguments, report)


def _joined(arguments: argparse.Namespace, report: Path) -> int:
    """Read, write, and print what was done."""
    import msgspec

    from lexgraft.records import write_bytes, write_lines
    from lexgraft.terms.glossary.export_tables import contradictions
    from lexgraft.terms.readers.link_termbases import CONFIDENCE, link
    from lexgraft.terms.readers.rights import rights_of

    first = _concepts([arguments.first], arguments)
    second = _concepts([arguments.second], arguments)
    joined = link(first, second, keep_unlinked=arguments.all)
    write_lines(arguments.output, joined.concepts)
    warnings = rights_of(joined.concepts).warnings()
    contradictory = contradictions(joined.concepts)
    record = {
        "links": joined.links,
        "ambiguous": joined.ambiguous,
        "unlinked": joined.unlinked,
        "contradictory": contradictory,
        "warnings": warnings,
    }
    data = msgspec.json.format(msgspec.json.encode(record), indent=1)
    write_bytes(report, data + b"\n")
    if arguments.json:
        return print_json(record)
    rows = [["evidence", "confidence", "links", "ambiguous"]]
    for how, confidence in CONFIDENCE.items():
        counts = [
            sum(pair.how == how for pair in group) for group in (joined.links, joined.ambiguous)
        ]
        rows.append([how, f"{confidence:.2f}", *(f"{count:,}" for count in counts)])
    print_table("Links", rows)
    for entry in contradictory[:_SHOWN]:
        print_line(f"contradictory: {entry.concept}: {entry.term}: {entry.reason}")
    for warning in warnings:
        print_line(f"licence: {warning}")
    fate = "kept" if arguments.all else "left out"
    print_line(f"{joined.unlinked:,} concepts of {arguments.first.name} without a link, {fate}")
    alone = len(second) - len(joined.links)
    print_line(f"{alone:,} concepts of {arguments.second.name} without a link, left out")
    print_line(f"written: {arguments.output}, {report.name}")
    return 0
