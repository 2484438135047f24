"""How a table is laid out: header, columns, tables side by side; and what is not clear about it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.terms.readers.cell_rules import checked_choices
from lexgraft.terms.readers.column_headers import TERMS, ColumnMeaning, given_meanings
from lexgraft.terms.readers.header_rows import Header, find_header, header_at
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.own_csv import HEADER
from lexgraft.terms.readers.raw_table import RawTable, cell_at
from lexgraft.terms.readers.rows_apart import RowsApart, apart_of
from lexgraft.terms.readers.table_account import (
    SOME_LANGUAGE,
    ColumnAccount,
    Question,
    column_key,
    shortened,
)
from lexgraft.terms.readers.text_language import (
    has_odd_letters,
    language_by_letters,
    most_likely,
)
from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.language_data import script_of_letter
from lexgraft.terms.text.language_tags import tag_of_code

_EXAMPLES = 2
_LANGUAGES = {
    "Kore": "ko",
    "Hani": "zh",
    "Cyrl": "ru",
    "Grek": "el",
    "Arab": "ar",
    "Hebr": "he",
    "Thai": "th",
    "Deva": "hi",
    "Geor": "ka",
    "Armn": "hy",
}
_NONE = ColumnMeaning(reason="no header")


class Column(Struct, frozen=True):
    """One column of a table that is read: where it stands and what it holds."""

    position: int
    header: str
    key: str  # what names it in `--column`
    role: str
    language: str = ""
    is_flag: bool = False  # its cells say yes or no
    crosses_deny: bool = False  # an x says no: others have an o


class Layout(Struct):
    """How a table is to be read."""

    columns: list[Column]
    accounts: tuple[ColumnAccount, ...]
    data: list[Cells]  # rows of the head below the header
    header: tuple[str, ...] = ()
    header_rows: tuple[int, ...] = ()
    title_rows: tuple[int, ...] = ()
    questions: list[Question] = []
    meanings: list[ColumnMeaning] = []
    apart: RowsApart | None = None  # tells rows that are no entries
    entries: list[Cells] = []  # the rows of `data` that are
    unread: str = ""  # why this is no table of terms at all
    owners: frozenset[str] = frozenset()  # languages that a status without one is of

    @property
    def is_own(self) -> bool:
        """Whether it is what `terms export` writes, of which nothing is doubtful."""
        return self.header == HEADER

    def cells(self, position: int) -> list[str]:
        """Return the filled cells of a column in the head's entries."""
        return [cell for _, cells in self.entries if (cell := cell_at(cells, position))]

    def blocks(self) -> list[list[Column]]:
        """Return the columns of tables side by side: of each repeated header one."""
        for length in range(2, len(self.columns) // 2 + 1):
            if len(self.columns) % length == 0:
                names = [(column.role, column.language, column.header) for column in self.columns]
                if all(names[at] == names[at % length] for at in range(len(names))):
                    return [
                        self.columns[at : at + length] for at in range(0, len(self.columns), length)
                    ]
        return [self.columns]


def lay_out(table: RawTable, head: Sequence[Cells], options: ImportOptions) -> Layout:
    """Return how a table is laid out, as far as its first rows and the user say."""
    layout = _laid_out(head, options)
    rows = [row for row in layout.data if not layout.header or not _same(row[1], layout.header)]
    layout.entries = rows
    if len(layout.accounts) > 1 and not layout.is_own:
        terms = {one.position: one.language for one in layout.columns if one.role == "term"}
        layout.apart = apart_of(rows, table.merged, checked_choices(options.cells), terms)
        after = [*(cells for _, cells in rows[1:]), list[str]()]
        pairs = zip(rows, after, strict=False)
        layout.entries = [row for row, below in pairs if not layout.apart.reason(*row, below)]
    layout.accounts = tuple(
        replace(account, examples=_examples(layout.entries, account.number - 1))
        for account in layout.accounts
    )
    return layout


def _laid_out(head: Sequence[Cells], options: ImportOptions) -> Layout:
    given = given_meanings(options.columns)
    if options.no_header:
        return _without_header(head, given, options)
    listed = _without_header(head, {}, options)
    if listed.columns and not options.header_rows:
        return listed
    header = (
        header_at(head, options.header_rows) if options.header_rows else find_header(head, given)
    )
    if header is None:
        return _no_header_found(head, given, options)
    return _below(header, head, given, is_named=bool(options.header_rows))


def _below(
    header: Header, head: Sequence[Cells], given: dict[str, ColumnMeaning], *, is_named: bool
) -> Layout:
    """Return the layout of a table with a header, which the user has named or not."""
    cells = header.cells
    meanings = [_said_of(cells, position, header.columns, given) for position in range(len(cells))]
    layout = Layout(
        columns=[],
        accounts=(),
        data=list(head[header.rows[-1] + 1 :]),
        header=tuple(cells),
        header_rows=tuple(head[index][0] for index in header.rows),
        title_rows=tuple(line for line, _ in head[: header.rows[0]]),
        meanings=meanings,
    )
    layout.columns = _columns(cells, meanings)
    layout.accounts = _accounts(cells, meanings)
    if is_named:
        return layout
    if (header.rows[0] and _looks_like_data(head[: header.rows[0]], layout.columns)) or (
        not header.certain and len(layout.blocks()) == 1 and not _is_said(meanings)
    ):
        layout.questions.append(_question_of_header(layout, head))
    return layout


def _is_said(meanings: Iterable[ColumnMeaning]) -> bool:
    return any(meaning.reason == "as you say" for meaning in meanings)


def _said_of(
    cells: Sequence[str],
    position: int,
    detected: Sequence[ColumnMeaning],
    given: dict[str, ColumnMeaning],
) -> ColumnMeaning:
    """Return what the user says of a column, else what its header says."""
    header = cells[position].strip()
    said = given.get(header) or given.get(str(position + 1))
    return said or (detected[position] if position < len(detected) else _NONE)


def _columns(cells: Sequence[str], meanings: Sequence[ColumnMeaning]) -> list[Column]:
    return [
        Column(
            position,
            cells[position].strip(),
            column_key(cells, position + 1),
            meaning.role,
            meaning.language,
        )
        for position, meaning in enumerate(meanings)
        if meaning.role not in {"", "ignore"}
    ]


def _accounts(
    headers: Sequence[str], meanings: Sequence[ColumnMeaning]
) -> tuple[ColumnAccount, ...]:
    return tuple(
        ColumnAccount(
            number,
            header.strip(),
            meaning.name,
            meaning.reason if meaning.role or not meaning.doubt else meaning.doubt,
        )
        for number, (header, meaning) in enumerate(zip(headers, meanings, strict=False), 1)
    )


def _examples(rows: Sequence[Cells], position: int) -> tuple[str, ...]:
    filled = (cell_at(cells, position) for _, cells in rows)
    return tuple(list(dict.fromkeys(shortened(cell) for cell in filled if cell))[:_EXAMPLES])


def _looks_like_data(above: Sequence[Cells], columns: Sequence[Column]) -> bool:
    """Tell rows above a header that fill two columns of terms: titles do not."""
    terms = [column.position for column in columns if column.role == "term"]
    return any(len({cell_at(cells, at) for at in terms} - {""}) > 1 for _, cells in above)


def _question_of_header(layout: Layout, head: Sequence[Cells]) -> Question:
    above = len(layout.title_rows)
    first = " | ".join(shortened(cell) for cell in head[0][1][:4])
    lines = "-".join(str(line) for line in layout.header_rows)
    what = f"line {lines} looks like a header"
    if above:
        what += f", but {above} rows stand above it and would be left out ({first})"
    else:
        what += ", but most of its cells are not known, or two are alike"
    return Question(what, "header-rows", lines, ("--no-header",))


def _without_header(
    head: Sequence[Cells], given: dict[str, ColumnMeaning], options: ImportOptions
) -> Layout:
    """Return the layout of a table whose columns are named by their numbers."""
    data = [(line, cells) for line, cells in head if not is_comment(cells)]
    width = max((len(cells) for _, cells in data), default=0)
    detected = _named_by_cells(data, width)
    meanings = [
        given.get(str(position + 1)) or detected.get(position, _NONE) for position in range(width)
    ]
    columns = _columns([""] * width, meanings)
    layout = Layout(columns, _accounts([""] * width, meanings), list(head), meanings=meanings)
    if not any(column.role == "term" for column in columns):
        layout.questions += _questions_of_numbers(data, width, options)
    return layout


def _named_by_cells(data: Sequence[Cells], width: int) -> dict[int, ColumnMeaning]:
    """Return the columns of a DeepL glossary: two of terms, then the languages of both."""
    if width < 4:
        return {}
    tags = [{cell_at(cells, position) for _, cells in data} for position in (2, 3)]
    tags_known = [tag_of_code(next(iter(values))) if len(values) == 1 else "" for values in tags]
    if not all(tags_known):
        return {}
    reason = "every row names its language in a column of its own"
    named = {position: ColumnMeaning("term", tags_known[position], reason) for position in (0, 1)}
    return named | {position: ColumnMeaning("ignore", "", "a language") for position in (2, 3)}


def _no_header_found(
    head: Sequence[Cells], given: dict[str, ColumnMeaning], options: ImportOptions
) -> Layout:
    """Return the layout of a table in which no row looks like a header."""
    if options.header_rows:
        lines = "-".join(map(str, options.header_rows))
        last = head[-1][0] if head else 0
        what = f"there is no line {lines} that says something among the first {last}"
        return Layout([], (), [], questions=[Question(what, "header-rows", "1")])
    layout = Layout([], (), list(head), unread="no row looks like a header with a column of terms")
    width = max((len(cells) for _, cells in head), default=0)
    layout.accounts = _without_header(head, {}, options).accounts
    layout.questions = _questions_of_numbers(head, width, options)
    if given:
        named = ", ".join(f"`{key}`" for key in given)
        layout.questions.insert(0, Question(f"no header is called {named}", "header-rows", "1"))
    return layout


def _questions_of_numbers(
    data: Sequence[Cells], width: int, options: ImportOptions
) -> list[Question]:
    first = " | ".join(shortened(cell) for cell in data[0][1][:4]) if data else ""
    what = f"no row looks like a header with a column of terms ({first})"
    questions = [Question(what, "no-header", "")]
    if _is_capitalised_alone(data):
        line = str(data[0][0])
        questions = [Question(what, "header-rows", line, ("--no-header",))]
        data = data[1:]
    columns = [
        [cell for _, cells in data if (cell := cell_at(cells, position))]
        for position in range(width)
    ]
    filled = [position for position, cells in enumerate(columns) if cells][:2]
    tags = [language_of_cells(columns[position]) for position in filled]
    if len({*tags}) < len(tags):
        tags = [""] * len(tags)
    open_tags = [tag for tag in options.languages_requested if tag not in tags]
    for position, tag in zip(filled, tags, strict=True):
        cells, proposal = columns[position], tag
        if not tag and tags.count("") == 1:
            in_english = "en" not in tags and not has_odd_letters(cells, "en")
            proposal = open_tags[0] if len(open_tags) == 1 else "en" if in_english else ""
        what = f"column {position + 1} ({', '.join(map(shortened, cells[:2]))}) names no language"
        answer = f"{position + 1}=term {proposal or SOME_LANGUAGE}"
        questions.append(Question(what, "column", answer))
    return questions


def _is_capitalised_alone(data: Sequence[Cells]) -> bool:
    """Tell rows of which only the first has capitals, as a header of unknown words has."""
    first, *others = [[cell[0] for cell in map(str.strip, cells) if cell] for _, cells in data]
    below = [letter for letters in others for letter in letters if letter.isalpha()]
    return all(map(str.isupper, first)) and bool(below) and not any(map(str.isupper, below))


def is_comment(cells: Sequence[str]) -> bool:
    """Tell a line of a list without a header that is a comment, as OmegaT writes them."""
    return cells[0].lstrip().startswith("# ") or cells[0].strip() == "#"


def _same(cells: Sequence[str], header: Sequence[str]) -> bool:
    return [cell.strip() for cell in cells if cell.strip()] == [
        cell.strip() for cell in header if cell.strip()
    ]


def with_meanings(layout: Layout, changed: dict[int, ColumnMeaning]) -> None:
    """Give some columns another meaning, in place."""
    for position, meaning in changed.items():
        layout.meanings[position] = meaning
    layout.columns = _columns(layout.header or [""] * len(layout.meanings), layout.meanings)
    layout.accounts = tuple(
        replace(
            account,
            meaning=changed[account.number - 1].name,
            reason=changed[account.number - 1].reason,
        )
        if account.number - 1 in changed
        else account
        for account in layout.accounts
    )


def language_by_script(cells: Iterable[str]) -> str:
    """Return the language that the script of some cells leaves no choice about, or nothing."""
    letters = "".join(cells)
    scripts = Counter(script_of_letter(letter) for letter in letters)
    if scripts["Jpan"] or any(_is_of_japan(letter) for letter in {*letters}):
        return "ja"
    script = max(scripts, key=scripts.__getitem__, default="")
    return _LANGUAGES.get(script, "")


def language_of_cells(cells: Sequence[str]) -> str:
    """Return the language that cells seem to be in, by letters, script or small words; or nothing.

    To be proposed, not to be taken.
    """
    return language_by_letters(cells) or language_by_script(cells) or most_likely(cells)


def _is_of_japan(letter: str) -> bool:
    """Tell kanji of the Japanese standard that no Chinese one has: 歯, 駆."""

    def is_in(encoding: str) -> bool:
        return letter.encode(encoding, errors="ignore") != b""

    return (
        script_of_letter(letter) == "Hani"
        and is_in("euc_jp")
        and not is_in("gb2312")
        and not is_in("big5")
    )


def term_columns(columns: Iterable[Column]) -> Iterator[Column]:
    """Yield the columns that hold terms."""
    return (column for column in columns if column.role in TERMS)
