"""Files that a package client brings: put in place when whole, and checked by digest."""

import subprocess
import tempfile
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path

from lexgraft.errors import LexgraftError


def checked(path: Path, sha256_hex: str) -> Path:
    """Return a file's path.

    Raises:
        LexgraftError: its content has another digest.
    """
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != sha256_hex:
        raise LexgraftError(
            f"digest {found} instead of {sha256_hex}",
            where=str(path),
            cure="delete it and try again",
        )
    return path


def bring(command: Sequence[str], pattern: str, folder: Path, what: str, cure: str) -> Path:
    """Return the one file of this pattern that a client writes into an empty working folder.

    It is moved into `folder` under the client's own name for it. `what` is the package, for the
    message; `cure` is what to do where it does not come.

    Raises:
        LexgraftError: no such file came, or several.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as aside:
        try:
            done = subprocess.run(command, cwd=aside, capture_output=True, text=True, check=False)
            reason = (done.stderr.strip() or "no package came").splitlines()[-1]
        except OSError as error:
            reason = str(error)
        found = sorted(Path(aside).glob(pattern))
        if len(found) != 1:
            raise LexgraftError(f"cannot download {what}: {reason}", cure=cure)
        return found[0].replace(folder / found[0].name)
