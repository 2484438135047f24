"""Matching a million terms: hits, build, memory and speed beside compiled matchers.

    python benchmarks/matching.py [--terms 1000000] [--megabytes 2] [--only NAME]

Terms and texts are invented from syllables and Han characters, half English, half Japanese. Every
matcher runs in a process of its own; memory is what its index adds, CPU seconds are its own.
`kept` counts the places after the boundary rules and the choice of the longest: equal numbers of
places and one digest mean identical hits.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from lexgraft.records import digest
from lexgraft.terms.glossary.term_matcher import Matcher
from lexgraft.terms.text.character_tables import spacings
from lexgraft.terms.text.normalize import fold, folded_text

Place = tuple[int, int]
ONSETS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "g",
    "gl",
    "h",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "v",
)
ENDINGS = (
    "a",
    "e",
    "i",
    "o",
    "u",
    "al",
    "an",
    "en",
    "er",
    "ic",
    "in",
    "is",
    "on",
    "or",
    "us",
    "ra",
)


def words(count: int, generator: np.random.Generator) -> list[str]:
    """Return different invented words of two to four syllables."""
    syllables = [first + last for first in ONSETS for last in ENDINGS]
    picks = generator.integers(0, len(syllables), (2 * count, 4)).tolist()
    sizes = generator.integers(2, 5, 2 * count).tolist()
    made = (
        "".join(syllables[one] for one in pick[:n]) for pick, n in zip(picks, sizes, strict=True)
    )
    return list(islice(dict.fromkeys(made), count))


def phrases(
    parts: Sequence[str], count: int, shares: dict[int, float], between: str, seed: int
) -> list[str]:
    """Return different terms of so many parts, in these shares of lengths."""
    generator = np.random.default_rng(seed)
    many = 2 * count
    sizes = generator.choice(list(shares), many, p=list(shares.values())).tolist()
    picks: list[list[int]] = generator.integers(0, len(parts), (many, max(shares))).tolist()
    made = (
        between.join(parts[one] for one in pick[:n]) for pick, n in zip(picks, sizes, strict=True)
    )
    return list(islice(dict.fromkeys(made), count))


def make_terms(count: int) -> list[str]:
    """Return invented terms: English of one to four words, Japanese of two to eight characters."""
    known = words(60_000, np.random.default_rng(1))
    signs = [chr(0x4E00 + 3 * number) for number in range(1500)] + list("アイウエオカキクケコ")
    english = phrases(known, count // 2, {1: 0.1, 2: 0.5, 3: 0.3, 4: 0.1}, " ", 2)
    japanese = phrases(
        signs, count - len(english), {2: 0.02, 3: 0.1, 4: 0.5, 6: 0.3, 8: 0.08}, "", 3
    )
    return english + japanese


def make_texts(size: int, terms: Sequence[str]) -> list[str]:
    """Return texts of about 2 kB, of `size` UTF-8 bytes in all: every eighth piece is a term."""
    generator = np.random.default_rng(4)
    half = next(place for place, term in enumerate(terms) if not term.isascii())
    fillers = {True: words(20_000, generator), False: list("のはがをにでとしたるいうれなもか、。")}
    known = {True: list(terms[:half]), False: list(terms[half:])}
    texts: list[str] = []
    written = 0
    while written < size:
        english = len(texts) % 2 == 0
        count = 260 if english else 500
        drawn: list[int] = generator.integers(0, 1 << 30, count).tolist()
        chance = (generator.random(count) < (0.125 if english else 0.04)).tolist()
        pools = [known[english] if one else fillers[english] for one in chance]
        pieces: list[str] = [pool[one % len(pool)] for pool, one in zip(pools, drawn, strict=True)]
        texts.append((" " if english else "").join(pieces))
        written += len(texts[-1].encode()) + 1
    return texts


Find = Callable[[str], list[Place]]


def build_own(terms: Sequence[str]) -> Find:
    """Return lexgraft's matcher in pure Python."""
    matcher = Matcher((term, number) for number, term in enumerate(terms))
    return lambda text: [(one.start, one.end) for one in matcher.find(text)]


def build_compiled(terms: Sequence[str]) -> Find:
    """Return lexgraft's matcher with its search compiled, which is done before the clock starts."""
    matcher = Matcher(((term, number) for number, term in enumerate(terms)), compiled=True)
    return lambda text: [(one.start, one.end) for one in matcher.find(text)]


def build_ahocorasick(terms: Sequence[str]) -> Find:
    """Return ahocorasick_rs in overlapping mode, with our boundaries and choice afterwards."""
    import ahocorasick_rs  # pyright: ignore[reportMissingImports] (only for this comparison)

    automaton = ahocorasick_rs.AhoCorasick([folded_text(term) for term in terms])

    def find(text: str) -> list[Place]:
        folded = fold(text)
        kinds = spacings(folded.text)
        hits = automaton.find_matches_as_indexes(folded.text, overlapping=True)
        good = [(a, b) for _, a, b in hits if bounded(kinds, a, b)]
        return [(folded.starts[a], folded.ends[b - 1]) for a, b in leftmost_longest(good)]

    return find


def build_flashtext(terms: Sequence[str]) -> Find:
    """Return flashtext2, which splits words by its own rules."""
    from flashtext2 import KeywordProcessor  # pyright: ignore[reportMissingImports] (only for this comparison)

    processor = KeywordProcessor(case_sensitive=False)
    for term in terms:
        processor.add_keyword(folded_text(term))

    def find(text: str) -> list[Place]:
        return [(a, b) for _, a, b in processor.extract_keywords_with_span(fold(text).text)]

    return find


def bounded(kinds: str, start: int, end: int) -> bool:
    """Tell that a span does not cut a word of a spaced script, nor begins within Hangul."""
    before = kinds[start - 1 : start]
    if before == kinds[start] and before in ("s", "h"):
        return False
    return kinds[end - 1 : end + 1] != "ss"


def leftmost_longest(places: Sequence[Place]) -> Iterator[Place]:
    """Yield the places that remain when the leftmost, the longest of these, goes first."""
    done = 0
    for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
        if start >= done:
            yield start, end
            done = end


MATCHERS: dict[str, Callable[[Sequence[str]], Find]] = {
    "lexgraft": build_own,
    "lexgraft, compiled": build_compiled,
    "ahocorasick_rs": build_ahocorasick,
    "flashtext2": build_flashtext,
}


def resident() -> float:
    """Return the megabytes this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(name: str, count: int, megabytes: float) -> dict[str, object]:
    """Return what one matcher takes and finds."""
    terms = make_terms(count)
    texts = make_texts(int(megabytes * 1e6), terms)
    size = sum(len(text.encode()) + 1 for text in texts) / 1e6
    MATCHERS[name](terms[:9])(texts[0])  # loads, and compiles, what is loaded once
    before, started = resident(), time.process_time()
    find = MATCHERS[name](terms)
    built, held = time.process_time() - started, resident() - before
    gc.freeze()  # as the command line and the gateway do once a glossary stands
    started = time.process_time()
    places = [find(text) for text in texts]
    seconds = time.process_time() - started
    return {
        "matcher": name,
        "terms": len(terms),
        "build CPU s": round(built, 1),
        "index MB": round(held),
        "MB per CPU s": round(size / seconds, 2),
        "kept": sum(map(len, places)),
        "digest": digest(places)[:8],
    }


def main() -> None:
    """Print a row of JSON per matcher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=float, default=2.0)
    parser.add_argument("--only", choices=list(MATCHERS))
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measure(given.only, given.terms, given.megabytes)))
        return
    shared = [f"--terms={given.terms}", f"--megabytes={given.megabytes}"]
    for name in MATCHERS:
        subprocess.run([sys.executable, "-P", __file__, *shared, "--only", name], check=True)


if __name__ == "__main__":
    main()
