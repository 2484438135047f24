"""Debian packages as plain data: fetched by apt-get, checked by digest, read in place."""

import io
import tarfile
from pathlib import Path

from brought_files import bring, checked

from lexgraft.errors import LexgraftError

_HEADER = 60  # bytes before each member of an ar archive
_MAGIC = b"!<arch>\n"


def fetch_deb(name: str, version: str, sha256_hex: str, folder: Path) -> Path:
    """Return the path of a package for all architectures, downloaded when it is not there yet.

    Nothing is installed and no script of the package is run.

    Raises:
        LexgraftError: apt-get cannot get it, or its digest is another.
    """
    path = folder / f"{name}_{version.replace(':', '%3a')}_all.deb"  # as apt-get names it
    if not path.is_file():
        command = ["apt-get", "--quiet", "download", f"{name}={version}"]
        cure = f"run `apt-get update`, or put the package there by hand: {path}"
        bring(command, "*.deb", folder, f"`{name}` {version}", cure)
    return checked(path, sha256_hex)


def read_deb_member(deb: Path, inner: str) -> bytes:
    """Return the content of one file that a package would install.

    Raises:
        LexgraftError: not a Debian package, or it has no such file.
    """
    for name, content in _members(deb):
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                if f"./{inner}" in tar.getnames() and (file := tar.extractfile(f"./{inner}")):
                    return file.read()
    raise LexgraftError(f"no file `{inner}` in the package", where=str(deb))


def _members(deb: Path) -> list[tuple[str, bytes]]:
    """Return the members of an ar archive: (name, content)."""
    data = deb.read_bytes()
    if not data.startswith(_MAGIC):
        raise LexgraftError("not a Debian package", where=str(deb), cure="delete it and try again")
    members: list[tuple[str, bytes]] = []
    at = len(_MAGIC)
    while at + _HEADER <= len(data):
        name = data[at : at + 16].decode("ascii", "replace").strip().rstrip("/")
        size = int(data[at + 48 : at + 58])
        members.append((name, data[at + _HEADER : at + _HEADER + size]))
        at += _HEADER + size + size % 2
    return members
