"""The PO reader."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.po import read_po

FILE = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\n"

msgctxt "model:x,name:A00"
msgid "Cholera"
msgstr "コレラ"

#: where
msgid ""
"Two \"quoted\"\n"
"lines"
msgstr ""
"引用"
"二行"

#, fuzzy
msgid "guess"
msgstr "推測"

msgid "open"
msgstr ""

msgid "one"
msgid_plural "many"
msgstr[0] "一"

#~ msgid "old"
#~ msgstr "古い"
"""


def test_finished_messages_are_read_with_context_and_joined_lines(tmp_path: Path):
    path = tmp_path / "ja.po"
    path.write_text(FILE, encoding="utf-8")
    assert read_po(path) == [
        ("model:x,name:A00", "Cholera", "コレラ"),
        ("", 'Two "quoted"\nlines', "引用二行"),
    ]


def test_a_line_that_is_no_po_line_is_refused_by_its_number(tmp_path: Path):
    path = tmp_path / "ja.po"
    path.write_text('msgid "a"\nmsgstr unquoted\n', encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"ja\.po:2"):
        read_po(path)
