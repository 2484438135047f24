"""Generated tables with all traps together: the figures are those of csv and openpyxl."""

import csv
import io
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.terms.readers import ImportOptions, TermImport

HEADERS = (
    ("English", "日本語", "Definition", "Status"),
    ("英語", "日本語", "定義", "状態"),
    ("Englisch", "Japanisch", "Definition (englisch)", "Freigabestatus"),
    ("Terme anglais", "Terme japonais", "Définition en anglais", "Statut"),
    ("inglés", "japonés", "Definición (inglés)", "Estado"),
    ("英文", "日文", "英文定义", "状态"),
    ("영어", "일본어", "영어 정의", "상태"),
    ("en-US", "JP", "def_en", "term status"),
)
STATUSES = {
    "": "preferred",
    "承認": "preferred",
    "standardizedTerm": "preferred",
    "使用禁止": "forbidden",
    "deprecatedTerm-admn-sts": "forbidden",
    "未承認": "pending",
    "in Bearbeitung": "pending",
    "Hmpf": "pending",
    "許容": "admitted",
}
NO_TEXT = ("#N/A", "TBD", "同上", "#REF!", "未定", "N/A")
ENGLISH = [
    *(f"{first} {last}" for first in ("hex", "ball", "NA", "T") for last in ["bolt", "valve"]),
    *("e\u0301crou", "écrou", "ball\u200bvalve", "a\u00a0b", "it's", 'the "nut"', "nut" * 4000),
    *("C:\\new", "{a} valve"),
]
JAPANESE = [
    *(first + last for first in ("六角", "玉", "切", "主") for last in ("ボルト", "弁", "軸受け")),
    *("は\u3099ね", "𠮷野家", "ﾊﾞﾙﾌﾞ", "弁\u200b座"),
]


class Row(NamedTuple):
    """One row as it is written."""

    english: str
    japanese: str
    definition: str
    status: str


class Sheet(NamedTuple):
    """A table as it is written, with what stands around its rows."""

    header: tuple[str, str, str, str]
    titles: int
    rows: list[Row]
    again: int  # before which row the header comes again; none past the end
    ids: bool


def knows_most_statuses(rows: list[Row]) -> bool:
    """Whether more than half of the statuses are known: else the reader asks."""
    given = [row.status for row in rows if row.status]
    return not given or 2 * given.count("Hmpf") < len(given)


ROWS = st.builds(
    Row,
    st.sampled_from(ENGLISH),
    st.one_of(st.sampled_from(JAPANESE), st.sampled_from(NO_TEXT), st.just("")),
    st.sampled_from(["", "a part that holds", "<b>any</b> part &amp; more"]),
    st.sampled_from(list(STATUSES)),
)
SHEETS = st.builds(
    Sheet,
    st.sampled_from(HEADERS),
    st.integers(0, 4),
    st.lists(ROWS, min_size=4, max_size=12, unique_by=lambda row: row.english),
    st.integers(0, 20),
    st.booleans(),
).filter(lambda sheet: knows_most_statuses(sheet.rows))


def lines_of(sheet: Sheet) -> list[list[str]]:
    extra = ["No."] if sheet.ids else []
    lines = [["用語集 第3版"] for _ in range(sheet.titles)]
    lines.append([*extra, *sheet.header])
    for number, row in enumerate(sheet.rows):
        is_title = not sheet.ids and not any(sheet.rows[number - 1][1:])  # alone above a header
        if number and number == sheet.again and not is_title:
            lines.append([*extra, *sheet.header])
        lines.append([*([str(number + 1)] if sheet.ids else []), *row])
    return lines


def expected(cells: list[list[str]], sheet: Sheet) -> tuple[list[tuple[str, ...]], Counter[str]]:
    """Return, of rows that an independent parser read, the usable Japanese terms and the counts."""
    shift = int(sheet.ids)
    names: list[tuple[str, ...]] = []
    counts = Counter[str]()
    header = cells[sheet.titles]
    for row in cells[sheet.titles + 1 :]:
        if row == header:
            continue
        _, japanese, _, status = row[shift : shift + 4]
        rank = STATUSES[status]
        has_text = bool(japanese) and japanese not in NO_TEXT
        # a translation left out forbids nothing
        counts["forbidden"] += rank == "forbidden" and has_text
        counts["pending"] += rank == "pending" and has_text
        counts["kept"] += 1
        names.append((japanese,) if has_text and rank in {"preferred", "admitted"} else ())
    return names, counts


def compare(path: Path, cells: list[list[str]], sheet: Sheet) -> None:
    columns = {str(int(sheet.ids) + 4): "status ja"}
    reading = TermImport([path], ImportOptions(columns=columns))
    concepts = list(reading)
    (tally,) = [one.tally for one in reading.readings]
    (table,) = tally.tables
    names, counts = expected(cells, sheet)
    assert [one.names("ja") for one in concepts] == names
    assert (table.kept, table.forbidden, table.pending) == (
        counts["kept"],
        counts["forbidden"],
        counts["pending"],
    )
    assert table.rows == len(cells) - sheet.titles - 1
    assert table.refused == tally.text_refusals == 0
    assert reading.readings[0].concepts == len({one.id for one in concepts}) == len(concepts)
    languages = {term.language for one in concepts for term in one.terms}
    assert languages <= {"en", "ja"}
    assert all("&amp;" not in text for one in concepts for text in one.definitions.values())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SHEETS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"]), st.sampled_from(",;\t"))
def test_a_text_table_has_the_figures_of_csv(
    tmp_path_factory: pytest.TempPathFactory, sheet: Sheet, encoding: str, mark: str
):
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_NONE if mark == "\t" else csv.QUOTE_MINIMAL
    quote = None if mark == "\t" else '"'
    csv.writer(text, delimiter=mark, quoting=quoting, quotechar=quote).writerows(lines_of(sheet))
    foreign = sum(not letter.isascii() for letter in text.getvalue())
    try:  # of a few letters nobody can tell the encoding: it is asked
        data = text.getvalue().encode(encoding if foreign > 12 else "utf-8")
    except UnicodeEncodeError:  # CP932 has no é, and no 语
        data = text.getvalue().encode()
    path = tmp_path_factory.mktemp("table") / "terms.csv"
    path.write_bytes(data)
    cells = list(csv.reader(io.StringIO(text.getvalue()), delimiter=mark, quoting=quoting))
    compare(path, cells, sheet)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(SHEETS)
def test_a_workbook_has_the_figures_of_openpyxl(
    tmp_path_factory: pytest.TempPathFactory, sheet: Sheet
):
    from openpyxl import Workbook, load_workbook

    book = Workbook()
    assert book.active is not None
    for line in lines_of(sheet):
        book.active.append(line)
    path = tmp_path_factory.mktemp("book") / "terms.xlsx"
    book.save(path)
    rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    compare(path, cells, sheet)


TERM = st.text("abcXYZ 09-弁歯車ポンプжшç".replace(" ", ""), min_size=1, max_size=6)
ENTRIES = st.lists(
    st.tuples(
        st.booleans(),  # has an id
        st.lists(TERM, min_size=1, max_size=3, unique=True),
        st.lists(TERM, max_size=3, unique=True),
        st.sampled_from(["", *STATUSES]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(ENTRIES, st.booleans())
def test_tbx_has_the_figures_of_lxml(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[bool, list[str], list[str], str]],
    one_line: bool,  # noqa: FBT001 (drawn)
):
    etree = import_module("lxml.etree")
    root = etree.Element("martif", type="TBX")
    body = etree.SubElement(etree.SubElement(root, "text"), "body")
    for number, (has_id, english, japanese, status) in enumerate(entries):
        entry = etree.SubElement(body, "termEntry", **({"id": f"c{number}"} if has_id else {}))
        for language, texts in (("en-GB", english), ("ja", japanese)):
            section = etree.SubElement(entry, "langSet")
            section.set("{http://www.w3.org/XML/1998/namespace}lang", language)
            for text in texts:
                group = etree.SubElement(section, "tig")
                etree.SubElement(group, "term").text = text
                if status:
                    note = etree.SubElement(group, "termNote", type="administrativeStatus")
                    note.text = status
    path = tmp_path_factory.mktemp("tbx") / "terms.tbx"
    path.write_bytes(etree.tostring(root, encoding="utf-8", pretty_print=not one_line))
    reading = TermImport([path])
    concepts = list(reading)
    theirs = [
        sorted(term.text for term in entry.iter("term"))
        for entry in etree.parse(str(path)).iter("termEntry")
    ]
    assert [sorted(term.text for term in one.terms) for one in concepts] == theirs
    assert len({one.id for one in concepts}) == len(entries) == reading.readings[0].concepts
    assert {term.language for one in concepts for term in one.terms} <= {"en", "ja"}
    pending = sum(
        len(english) + len(japanese)
        for _, english, japanese, status in entries
        if STATUSES[status] == "pending"
    )
    assert reading.readings[0].tally.pending == pending
