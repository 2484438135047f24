"""Speed and memory of the readers on large invented files, beside duckdb and polars, row by row.

    python benchmarks/readers.py [--scale 0.1] [--only rf2]

Scale 1 is a whole release: 1.5 million RF2 descriptions, 5 million MRCONSO rows, a 300 MB TBX file.
Each figure is CPU seconds and peak memory of a fresh process that reads, filters and writes JSON
lines; lexgraft also joins names, tags, refsets and `is a`. Peers that are not installed are named
and left out. The rows (concept, term) that each wrote must be the same.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from lexgraft.records import write_lines
from lexgraft.terms.readers import ImportOptions, TermImport

HEADER = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcase"
SYNONYM, FULL = "900000000000013009", "900000000000003001"
IS_A, FINDING_SITE = "116680003", "363698007"
PREFERRED, AMERICAN = "900000000000548007", "900000000000509007"
LANGUAGES = ("ENG",) * 15 + ("SPA", "JPN", "GER", "FRE", "POR")
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
    with (terminology / "sct2_Relationship_Snapshot_X_20250101.txt").open("w") as file:
        file.write(
            "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\tgroup\ttypeId\tx\ty\r\n"
        )
        for number in range(rows // 2):
            child, parent = (n % concepts + 10_000_000 for n in (number, number * 31))
            active, kind = int(number % 3 > 0), IS_A if number % 4 else FINDING_SITE
            file.write(f"{number}\t20250101\t{active}\t1\t{child}\t{parent}\t0\t{kind}\t1\t1\r\n")
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


def by_lexgraft(kind: str, path: Path, output: Path) -> None:
    """Import a term base, as `lexgraft terms import` does."""
    asked = ImportOptions(languages=("ja",)) if kind == "rrf" else ImportOptions()
    write_lines(output, TermImport([path], asked))


def by_duckdb(kind: str, path: Path, output: Path) -> None:
    """Write the rows that duckdb keeps by the same rules."""
    import duckdb

    options = "quote='', escape='', all_varchar=true, null_padding=false"
    if kind == "rf2":
        file = next(path.rglob("sct2_Description*"))
        query = (
            f"select conceptId as id, term as text from read_csv('{file}', delim='\t', "
            f"header=true, {options}) where active = '1' and typeId = '{SYNONYM}'"
        )
    else:
        query = (
            f"select column00 as id, column14 as text from read_csv('{path / 'MRCONSO.RRF'}', "
            f"delim='|', header=false, {options}) where column16 = 'N'"
        )
        query += " and column01 = 'JPN'" if kind == "rrf" else ""
    duckdb.execute(f"copy ({query}) to '{output}' (format json)")


def by_polars(kind: str, path: Path, output: Path) -> None:
    """Write the rows that polars keeps by the same rules."""
    import polars as pl  # pyright: ignore[reportMissingImports] (a peer, installed by hand)

    if kind == "rf2":
        file = next(path.rglob("sct2_Description*"))
        rows = pl.scan_csv(file, separator="\t", quote_char=None, infer_schema=False)
        kept = rows.filter((pl.col("active") == "1") & (pl.col("typeId") == SYNONYM))
        named = kept.select(id="conceptId", text="term")
    else:
        file = path / "MRCONSO.RRF"
        rows = pl.scan_csv(
            file, separator="|", quote_char=None, has_header=False, infer_schema=False
        )
        kept = rows.filter(pl.col("column_16") == "N")
        kept = kept.filter(pl.col("column_1") == "JPN") if kind == "rrf" else kept
        named = kept.select(id="column_0", text="column_14")
    named.sink_ndjson(output)


FILES: dict[str, tuple[Callable[[Path, int], Path], int]] = {
    "rf2": (rf2, 1_500_000),
    "rrf": (rrf, 5_000_000),  # Japanese only
    "rrf-all": (rrf, 5_000_000),  # every language
    "tbx": (tbx, 240_000),  # entries of 1.3 kB
}
"""Kind → what makes its file, and its rows or entries at scale 1."""
BY: dict[str, Callable[[str, Path, Path], None]] = {
    "lexgraft": by_lexgraft,
    "duckdb": by_duckdb,
    "polars": by_polars,
}


def rows_of(output: Path) -> tuple[int, int]:
    """Return how many rows were written and the sum of their digests: equal for equal rows."""
    count = total = 0
    with output.open("rb") as file:
        for line in file:
            found = json.loads(line)
            identifier = found["id"].rpartition(":")[2]
            texts = [term["text"] for term in found.get("terms", [found])]
            for text in texts:
                row = f"{identifier}\t{text}".encode()
                total += int.from_bytes(blake2b(row, digest_size=8).digest())
            count += len(texts)
    return count, total % 2**64


def measured(kind: str, peer: str, path: Path, output: Path) -> tuple[float, float]:
    """Return CPU seconds and peak megabytes of one peer in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", kind, peer, str(path), str(output)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def child(kind: str, peer: str, path: Path, output: Path) -> None:
    """Let one peer read, and print what it took."""
    BY[peer](kind, path, output)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))


def main() -> None:
    """Print one line per file and peer; fail where a peer reads other rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", choices=tuple(FILES))
    parser.add_argument("--child", nargs=4)
    given = parser.parse_args()
    if given.child:
        kind, peer, path, output = given.child
        child(kind, peer, Path(path), Path(output))
        return
    for kind, (make, size) in FILES.items():
        if given.only in {None, kind}:
            with tempfile.TemporaryDirectory() as name:
                compared(kind, make, int(size * given.scale), Path(name))


def compared(kind: str, make: Callable[[Path, int], Path], size: int, folder: Path) -> None:
    """Print the figures of one kind of file."""
    path = make(folder, size)
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    total = sum(one.stat().st_size for one in files) / 1e6
    print(f"{kind}: {size:,} rows, {total:.0f} MB")
    found: dict[str, tuple[int, int]] = {}
    for peer in PEERS if kind != "tbx" else PEERS[:1]:
        if find_spec(peer) is None:
            print(f"  {peer}: not installed, left out")
            continue
        seconds, megabytes = measured(kind, peer, path, folder / "out.jsonl")
        found[peer] = rows_of(folder / "out.jsonl")
        print(
            f"  {peer:9s} {found[peer][0]:>10,} terms  {seconds:6.1f} CPU s  {megabytes:6.0f} MB",
            flush=True,
        )
    assert len(set(found.values())) == 1, f"other rows: {found}"
    if len(found) > 1:
        print(f"  the same rows: {', '.join(found)}")


if __name__ == "__main__":
    main()
