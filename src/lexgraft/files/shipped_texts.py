"""Running text that comes with the package, so that general ability is measured unasked."""

from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.files.running_text import read_running_text
from lexgraft.records import Document

FOLDER = Path(__file__).resolve().parent / "shipped"
"""A file of Document per language; made by examples/general-texts, licences in LICENCES.md."""
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")  # another script than that of `zh`


def shipped_languages() -> list[str]:
    """Return the languages that texts come with, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.jsonl"))


def expected_file(language: str) -> Path:
    """Return where a language's texts are, or would be: `refuse_missing` tells which."""
    return shipped_file(language) or FOLDER / f"{language}.jsonl"


def is_shipped(path: Path) -> bool:
    """Return whether a file is one of those that come with lexgraft."""
    return path.parent == FOLDER


def refuse_missing(path: Path) -> None:
    """Refuse a file of shipped texts that there is not.

    Raises:
        LexgraftError: none come with the package in that language.
    """
    if is_shipped(path) and not path.is_file():
        raise LexgraftError(
            f"no running text comes with lexgraft for `{path.stem}`: what general ability is lost "
            "would not be seen",
            where="general.texts",
            cure="give files of Document, 60 or more of some 600 characters that no parent was "
            "trained on; `general.texts: []` goes without",
        )


def shipped_file(language: str) -> Path | None:
    """Return the file of a language or of what it is a variety of; None where there is none.

    Example:
        >>> shipped_file("pt-BR").name, shipped_file("zh-TW")
        ('pt.jsonl', None)
    """
    if language.lower().startswith(_TRADITIONAL):
        return None
    path = FOLDER / f"{language.partition('-')[0].lower()}.jsonl"
    return path if path.is_file() else None


def shipped_texts(language: str) -> list[Document]:
    """Return the documents of a language, register by register; none where none come with it.

    Every document is 300 to 1,500 characters of one source: what Home Assistant asks and advises
    (`setup`) and does (`actions`), Electron's guides, the Universal Declaration of Human Rights; a
    language has the registers that it has enough of.

    Example:
        >>> sorted({text.register for text in shipped_texts("ja")})
        ['actions', 'guide', 'setup']
    """
    path = shipped_file(language)
    return read_running_text(path).documents if path else []


def shipped_files(target: str, domain: str) -> list[str]:
    """Return the files that come for two languages; that of the target also if there is none."""
    files = [expected_file(target), shipped_file(domain)]
    return list(dict.fromkeys(str(file) for file in files if file))
