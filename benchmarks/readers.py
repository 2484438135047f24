"""Speed and memory of the readers on large invented files, beside duckdb and polars, row by row.

    python benchmarks/readers.py [--scale 0.1] [--only rf2]

Scale 1 is a whole release: 1.5 million RF2 descriptions, 5 million MRCONSO rows, a 300 MB TBX file.
Each figure is CPU seconds and peak memory of a fresh process. Peers that are not installed are
named and left out; what they read must be what we read.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from lexgraft.readers import Asked, Import
from lexgraft.records import digest, write_lines

HEADER = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcase"
SYNONYM, FULL = "900000000000013009", "900000000000003001"
PREFERRED, AMERICAN = "900000000000548007", "900000000000509007"
LANGUAGES = ("ENG",) * 15 + ("SPA", "JPN", "GER", "FRE", "POR")
SIZES = {"rf2": 1_500_000, "rrf": 5_000_000, "tbx": 190_000}  # rows, or entries of 1.6 kB
PEERS = ("lexgraft", "duckdb", "polars")


def rf2(folder: Path, rows: int) -> Path:
    """Return a Snapshot folder: three active names and a retired one per concept, shuffled."""
    terminology = folder / "Snapshot" / "Terminology"
    terminology.mkdir(parents=True)
    concepts = rows // 4
    with (terminology / "sct2_Description_Snapshot-en_X_20250101.txt").open("w") as file:
        file.write(HEADER + "\r\n")
        for number in range(rows):
            concept = (number * 7919) % concepts + 10_000_000
            kind = FULL if number // concepts == 0 else SYNONYM
            active = int(number // concepts != 3)
            quote = '"' if number % 500 == 0 else ""
            term = f"{quote}Disorder of structure {number * 31 % 99991} type {number}"
            file.write(f"{number}\t20250101\t{active}\t1\t{concept}\ten\t{kind}\t{term}\t1\r\n")
    with (terminology / "sct2_Concept_Snapshot_X_20250101.txt").open("w") as file:
        file.write("id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\r\n")
        file.writelines(f"{n + 10_000_000}\t20250101\t1\t1\t1\r\n" for n in range(concepts))
    with (terminology / "der2_cRefset_LanguageSnapshot-en_X_20250101.txt").open("w") as file:
        file.write("id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacc\r\n")
        for number in range(rows // 2):
            file.write(f"u{number}\t20250101\t1\t1\t{AMERICAN}\t{number}\t{PREFERRED}\r\n")
    return folder


def rrf(folder: Path, rows: int) -> Path:
    """Return a folder with MRCONSO: twenty rows per concept, of six languages."""
    with (folder / "MRCONSO.RRF").open("w") as file:
        for number in range(rows):
            language = LANGUAGES[number % len(LANGUAGES)]
            quote = '"' if number % 500 == 0 else ""
            suppress = "O" if number % 50 == 0 else "N"
            file.write(
                f"C{number // 20:07d}|{language}|P|L{number}|PF|S{number}|Y|A{number}||||XX|PT|"
                f"{number}|{quote}Disorder of structure {number}|0|{suppress}||\n"
            )
    return folder


def tbx(folder: Path, entries: int) -> Path:
    """Return a TBX file with four languages and two terms in each."""
    path = folder / "large.tbx"
    with path.open("w") as file:
        file.write('<martif type="TBX" xml:lang="en"><text><body>\n')
        for number in range(entries):
            file.write(f'<termEntry id="e{number}"><descrip type="subjectField">med</descrip>\n')
            for language in ("en", "ja", "de", "fr"):
                file.write(
                    f'<langSet xml:lang="{language}"><descripGrp><descrip type="definition">What '
                    f"is meant by entry {number} in {language}.</descrip></descripGrp>\n"
                )
                for term in range(2):
                    file.write(
                        f"<tig><term>term {number} {term}</term><termNote "
                        'type="partOfSpeech">noun</termNote></tig>\n'
                    )
                file.write("</langSet>\n")
            file.write("</termEntry>\n")
        file.write("</body></text></martif>\n")
    return path


def by_lexgraft(kind: str, path: Path) -> int:
    """Return how many terms the project reads (and writes as JSON lines)."""
    asked = Asked(languages=("ja",)) if kind == "rrf" else Asked()
    total = 0

    def counted() -> Iterator[object]:
        nonlocal total
        for concept in Import([path], asked):
            total += len(concept.terms)
            yield concept

    write_lines(path.parent / "out.jsonl", counted())  # type: ignore[arg-type]
    return total


def by_duckdb(kind: str, path: Path) -> int:
    """Return how many rows duckdb keeps by the same rules."""
    import duckdb  # noqa: PLC0415 (only where it is installed)

    options = "quote='', escape='', all_varchar=true, null_padding=false"
    if kind == "rf2":
        file = next(path.rglob("sct2_Description*"))
        query = (
            f"select count(*) from read_csv('{file}', delim='\t', header=true, {options}) "
            f"where active = '1' and typeId = '{SYNONYM}'"
        )
    else:
        query = (
            f"select count(*) from read_csv('{path / 'MRCONSO.RRF'}', delim='|', header=false, "
            f"{options}) where column01 = 'JPN' and column16 = 'N'"
        )
    found = duckdb.execute(query).fetchone()
    assert found is not None
    return int(found[0])


def by_polars(kind: str, path: Path) -> int:
    """Return how many rows polars keeps by the same rules."""
    import polars as pl  # noqa: PLC0415 (only where it is installed)  # pyright: ignore[reportMissingImports] (only for this comparison)

    if kind == "rf2":
        file = next(path.rglob("sct2_Description*"))
        rows = pl.scan_csv(file, separator="\t", quote_char=None, infer_schema=False)
        kept = rows.filter((pl.col("active") == "1") & (pl.col("typeId") == SYNONYM))
    else:
        file = path / "MRCONSO.RRF"
        rows = pl.scan_csv(
            file, separator="|", quote_char=None, has_header=False, infer_schema=False
        )
        kept = rows.filter((pl.col("column_1") == "JPN") & (pl.col("column_16") == "N"))
    return kept.select(pl.len()).collect(engine="streaming").item()


BY: dict[str, Callable[[str, Path], int]] = {
    "lexgraft": by_lexgraft,
    "duckdb": by_duckdb,
    "polars": by_polars,
}


def measured(kind: str, peer: str, path: Path) -> dict[str, float]:
    """Return rows, CPU seconds and peak memory of one peer in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", kind, peer, str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def child(kind: str, peer: str, path: Path) -> None:
    """Print what one peer reads and takes."""
    rows = BY[peer](kind, path)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = usage.ru_utime + usage.ru_stime
    print(json.dumps({"rows": rows, "seconds": seconds, "megabytes": usage.ru_maxrss / 1024}))


def main() -> None:
    """Print one line per file and peer; fail where a peer reads other rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", choices=tuple(SIZES))
    parser.add_argument("--child", nargs=3)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], given.child[1], Path(given.child[2]))
        return
    for kind, size in SIZES.items():
        if given.only in {None, kind}:
            with tempfile.TemporaryDirectory() as name:
                compared(kind, {"rf2": rf2, "rrf": rrf, "tbx": tbx}[kind], size, given.scale, name)


def compared(
    kind: str, make: Callable[[Path, int], Path], size: int, scale: float, name: str
) -> None:
    """Print the figures of one kind of file."""
    path = make(Path(name), int(size * scale))
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    total = sum(one.stat().st_size for one in files) / 1e6
    print(f"{kind}: {int(size * scale):,} rows, {total:.0f} MB, {digest(kind, size, scale)}")
    rows: set[float] = set()
    for peer in PEERS if kind != "tbx" else PEERS[:1]:
        if find_spec(peer) is None:
            print(f"  {peer}: not installed, left out")
            continue
        found = measured(kind, peer, path)
        rows.add(found["rows"])
        print(
            f"  {peer:9s} {found['rows']:>10,} terms  {found['seconds']:6.1f} CPU s  "
            f"{found['megabytes']:6.0f} MB"
        )
    assert len(rows) == 1, f"other rows: {rows}"


if __name__ == "__main__":
    main()
