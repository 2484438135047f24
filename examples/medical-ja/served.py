"""Asks the served base model over HTTP, with and without the medical glossary before the prompt.

    python examples/medical-ja/served.py [--openings 16] [--tokens 12]

Starts `lexgraft serve` with the example's terms and asks it with the official `openai` client:
general openings in two languages, in which no term stands (their answers must be the same byte for
byte as with `x-glossary: off`), and translations of medical terms, with the terms and without.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from openai import OpenAI

from lexgraft.records import Concept, read_lines
from lexgraft.tuning.training_examples import openings_of

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / ".cache" / "models" / "gemma-3-270m"
TERMS = ROOT / ".cache" / "medical-ja" / "terms.jsonl"
ASKED = 3  # medical terms


def main() -> None:
    """Print what came, with a digest of the general answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openings", type=int, default=16, help="per language half of them")
    parser.add_argument("--tokens", type=int, default=12)
    given = parser.parse_args()
    with gateway() as address, OpenAI(base_url=address, api_key="none", timeout=600) as client:
        plain = general(client, given.openings, given.tokens, "on")
        off = general(client, given.openings, given.tokens, "off")
        same = sum(one == other for one, other in zip(plain, off, strict=True))
        mark = sha256("\0".join(plain).encode()).hexdigest()[:16]
        print(f"general answers: {same} of {len(plain)} the same byte for byte; sha256 {mark}")
        for concept in read_lines(TERMS, Concept)[:ASKED]:
            prompt = f"English: {concept.names('en')[0]}\nJapanese:"
            for switch in ("on", "off"):
                text, used = answer(client, prompt, given.tokens, switch)
                first = text.strip().partition("\n")[0]
                print(
                    f"{concept.names('en')[0]}, glossary {switch} ({used or 'no entry'}): {first}"
                )
        print(f"in a stream: {streamed(client, given.tokens)} pieces")


@contextmanager
def gateway() -> Generator[str]:
    """Serve the model with the terms while this lasts; give the address."""
    command = [
        sys.executable,
        "-m",
        "lexgraft",
        "serve",
        str(MODEL),
        "--glossary",
        str(TERMS),
        "--from",
        "en",
        "--to",
        "ja",
        "--port",
        "0",
        "--threads",
        "1",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            for line in process.stderr:
                if line.startswith("{"):
                    print(line.strip())
                    yield json.loads(line)["address"]
                    return
            sys.exit("the gateway did not start")
        finally:
            process.terminate()


def general(client: OpenAI, count: int, tokens: int, switch: str) -> list[str]:
    """Return the answers to general openings, none of which may have brought a term."""
    pairs = zip(openings_of("en"), openings_of("ja"), strict=True)
    found: list[str] = []
    for opening in [one for pair in pairs for one in pair][:count]:
        text, used = answer(client, opening, tokens, switch)
        assert not used, opening
        found.append(text)
    return found


def answer(client: OpenAI, prompt: str, tokens: int, switch: str) -> tuple[str, str]:
    """Return what the model says, and the ids of the terms before its prompt."""
    raw = client.completions.with_raw_response.create(
        model=MODEL.name, prompt=prompt, max_tokens=tokens, extra_headers={"x-glossary": switch}
    )
    return raw.parse().choices[0].text, raw.headers.get("x-glossary-terms", "")


def streamed(client: OpenAI, tokens: int) -> int:
    """Return in how many pieces a streamed answer came."""
    events = client.completions.create(
        model=MODEL.name, prompt="The weather", max_tokens=tokens, stream=True
    )
    return sum(bool(event.choices and event.choices[0].text) for event in events)


if __name__ == "__main__":
    main()
