"""From the glossary that a company has to a report, nothing edited: init, plan, adopt."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pairs import translated

from lexgraft.adoption.report import read_report
from lexgraft.cli import main
from lexgraft.records import Concept, write_lines

Company = Callable[[Path], tuple[Path, str, str]]
"""Writes its glossary into a folder; the file, and from and into which language."""


def rows(source: str, target: str, count: int = 60) -> list[Concept]:
    return [translated(source, target, number) for number in range(count)]


def as_table(concepts: list[Concept], *languages: str) -> list[list[str]]:
    return [[one.id, *(one.names(tag)[0] for tag in languages)] for one in concepts]


def written(path: Path, table: list[list[str]], encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def cp932_from_excel(folder: Path) -> tuple[Path, str, str]:
    table = [[*row, "承認"] for row in as_table(rows("en", "ja"), "en", "ja")]
    header = ["ID", "英語", "日本語", "状態"]
    return written(folder / "用語集.csv", [header, *table], "cp932"), "en", "ja"


def workbook_with_merged_headers(folder: Path) -> tuple[Path, str, str]:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["ID", "Deutsch", "", "Englisch"])
    sheet.append(["", "Benennung", "Definition", "Benennung"])
    for cells in ("A1:A2", "B1:C1"):
        sheet.merge_cells(cells)
    for one in rows("de", "en"):
        german, english = one.names("de")[0], one.names("en")[0]
        sheet.append([one.id, german, one.definitions["de"], english])
    book.save(folder / "glossar.xlsx")
    return folder / "glossar.xlsx", "de", "en"


def deepl_without_header(folder: Path) -> tuple[Path, str, str]:
    table = [[*row[1:], "EN", "FR"] for row in as_table(rows("en", "fr"), "en", "fr")]
    return written(folder / "deepl.csv", table), "en", "fr"


def tbx_of_a_tool(folder: Path) -> tuple[Path, str, str]:
    write_lines(folder / "rows.jsonl", rows("en", "ko"))
    out = str(folder / "terms.tbx")
    assert main(["terms", "export", str(folder / "rows.jsonl"), "--format", "tbx", "-o", out]) == 0
    return Path(out), "en", "ko"


def skos_of_a_library(folder: Path) -> tuple[Path, str, str]:
    lines = ["@prefix skos: <http://www.w3.org/2004/02/skos/core#> ."]
    for one in rows("en", "zh"):
        labels = "; ".join(f'skos:prefLabel "{term.text}"@{term.language}' for term in one.terms)
        definition = f'skos:definition "{one.definitions["en"]}"@en'
        lines.append(f"<http://example.org/{one.id}> a skos:Concept; {labels}; {definition} .")
    file = folder / "thesaurus.ttl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file, "en", "zh"


def french_without_definitions(folder: Path) -> tuple[Path, str, str]:
    table = as_table(rows("fr", "en", 150), "fr", "en")
    return written(folder / "termes.csv", [["id", "français", "anglais"], *table]), "fr", "en"


COMPANIES: tuple[Company, ...] = (
    cp932_from_excel,
    workbook_with_merged_headers,
    tbx_of_a_tool,
    deepl_without_header,
    skos_of_a_library,
    french_without_definitions,
)


NUMBERED = ["--column", "1=term en", "--column", "2=term fr"]
IGNORED = ["--column", "3=ignore", "--column", "4=ignore"]
SAID: dict[Company, list[str]] = {deepl_without_header: ["--no-header", *NUMBERED, *IGNORED]}
"""What a file does not say by itself."""


@pytest.mark.slow
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.__name__)
def test_a_company_s_glossary_ends_in_a_report_without_editing(
    company: Company, material: Path, tiny_model: Path, tmp_path: Path
):
    glossary, source, target = company(tmp_path)
    project = tmp_path / "project.yaml"
    flags = ["--base", tiny_model, "--language-model", material / "language"]
    flags += ["--domain-model", material / "domain", "--terms", glossary]
    flags += ["--source-language", source, "--target-language", target, "-o", project]
    flags += SAID.get(company, [])
    assert main(["init", *map(str, flags)]) == 0
    assert main(["plan", str(project)]) == 0
    assert main(["adopt", str(project)]) == 0
    report = read_report(tmp_path / "runs" / "project" / "report.json")
    assert report.verdicts
    assert (report.domain, report.target) == (source, target)
