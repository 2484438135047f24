"""The running text that comes with the package is what its sources gave, and is fit to measure."""

from hashlib import sha256

import pytest

from lexgraft.files.shipped_texts import FOLDER, shipped_file, shipped_languages, shipped_texts

LANGUAGES = ["de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "zh"]
MADE = "c51083fb8746a84bffd3012aa325b2693244d9ab87560539a498035b2008e230"
"""SHA-256 of all files in order, as `python examples/general-texts/prepare.py --check` has them."""


def test_every_file_is_what_the_packages_gave() -> None:
    assert shipped_languages() == LANGUAGES
    whole = sha256()
    for path in sorted(FOLDER.glob("*.jsonl")):
        whole.update(path.read_bytes())
    assert whole.hexdigest() == MADE


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_enough_documents_of_several_sources(language: str) -> None:
    texts = shipped_texts(language)
    assert len(texts) >= 60
    assert len({text.id for text in texts}) == len({text.text for text in texts}) == len(texts)
    sources = {
        text.register: {one.source for one in texts if one.register == text.register}
        for text in texts
    }
    assert len(sources) >= 2
    assert all(len(of_register) == 1 for of_register in sources.values())
    for text in texts:
        assert text.language == language
        assert 300 <= len(text.text) <= 1500
        assert text.licence
        assert text.text == " ".join(text.text.split())


def test_a_variety_has_the_texts_of_its_language_and_another_script_has_none() -> None:
    assert shipped_texts("en-GB") == shipped_texts("en")
    assert shipped_file("zh-Hant") is None
    assert shipped_texts("tlh") == []


def test_whose_the_texts_are_stands_beside_them() -> None:
    owners = (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    for register in {text.register for text in shipped_texts("en")}:
        assert f"`{register}`" in owners
    assert "Redistribution and use" in owners
