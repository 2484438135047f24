"""How the shipped running text is put together from packages with translations."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lexgraft.records import Document

FOLDER = Path(__file__).parents[2] / "examples" / "general-texts"


@pytest.fixture(scope="module")
def passages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("passages", FOLDER / "passages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["passages"] = module
    spec.loader.exec_module(module)
    return module


GERMAN = "Der Fehler konnte nicht behoben werden, und die Datei ist nicht mehr da."
LIKE = Document("", "de", "setup", "", "a source", "a licence")


def test_a_text_is_told_from_what_was_never_translated(passages: ModuleType) -> None:
    assert passages.is_written_in(GERMAN, "de")
    assert not passages.is_written_in("The error could not be fixed and is not for you.", "de")
    assert passages.is_written_in("この機器は接続されていません。", "ja")
    assert not passages.is_written_in("此设备未连接到网络。", "ja")


def test_markup_and_places_to_fill_in_are_no_prose(passages: ModuleType) -> None:
    assert passages.is_prose(GERMAN, 40)
    for unfit in (GERMAN[:-1], "Der Wert {value} ist falsch und wird nicht genommen.", "Kurz."):
        assert not passages.is_prose(unfit, 40)


def test_a_place_is_in_one_document_and_a_sentence_counts_once(passages: ModuleType) -> None:
    sentences = [f"{GERMAN[:-1]} seit dem {'abcdefghij'[n % 10] * (n + 2)} Tag." for n in range(40)]
    places = [(str(n), sentences[n : n + 4]) for n in range(0, 40, 4)]
    made = passages.documents([*places, *places], LIKE, 60)
    assert [document.id for document in made[:2]] == ["setup-de-000", "setup-de-001"]
    assert all(300 <= len(document.text) <= 1500 for document in made)
    joined = " ".join(document.text for document in made)
    assert all(joined.count(sentence) <= 1 for sentence in sentences)
    assert len(passages.documents(places, LIKE, 2)) == 2
