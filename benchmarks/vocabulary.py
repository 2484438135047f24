"""Growing a byte-level vocabulary, beside mergekit's union of the same tokens, in one run.

    python benchmarks/vocabulary.py [--largest 100000] [--peer PYTHON]

The base is trained here on invented words; the new ones are other invented words. `--peer` is the
Python of an environment with mergekit: it is given the base and the grown tokenizer as a donor.
"""

import argparse
import json
import platform
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from lexgraft.records import digest
from lexgraft.weights.vocabulary.expanded_files import expanded_content
from lexgraft.weights.vocabulary.expansion_plan import (
    ExpansionRequest,
    ExpansionSettings,
    plan_vocabulary,
)

PEER = [740, 1_740, 3_740, 7_740]
LETTERS = "aeioumnrstlkpdgbvzfh"
PEER_CODE = """
import json, sys, time
import transformers
from transformers import AutoTokenizer
from mergekit.common import ModelReference
from mergekit.tokenizer.build import build_tokenizer
refs = [ModelReference.parse(path) for path in sys.argv[1:3]]
start = time.process_time()
made = build_tokenizer(refs[0], refs, "union", False, ()).tokenizer
taken = time.process_time() - start
words = json.load(open(sys.argv[3], encoding="utf-8"))
base = len(AutoTokenizer.from_pretrained(sys.argv[1]))
ids = {n for row in made(words, add_special_tokens=False)["input_ids"] for n in row if n >= base}
print(json.dumps([taken, len(ids), len(made) - base]))
"""


def main() -> None:
    """Print one line per size: CPU seconds, peak memory, words produced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--peer", type=Path)
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as work:
        base = Path(work) / "base"
        write(base, train())
        for size in [*PEER, 15_000, 30_000, given.largest]:
            measure(base, Path(work), size, given.peer if size in PEER else None)


def measure(base: Path, work: Path, size: int, peer: Path | None) -> None:
    """Print what one size takes, here and with the peer."""
    terms = [("en", invented("new", number)) for number in range(size)]
    start = time.process_time()
    planned = plan_vocabulary(ExpansionRequest(base, terms, settings=ExpansionSettings(size)))
    content = expanded_content(planned.expansion)
    taken = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = planned.report
    print(
        f"{report.words + report.steps:7,} tokens: {taken:6.1f} CPU s, peak so far {peak:5.0f} MB, "
        f"{report.produced_alone:,} of {report.words:,} words produced",
        flush=True,
    )
    if peer is not None:
        donor = work / f"donor{size}"
        write(donor, content)
        words = [word.text for word in planned.expansion.words]
        (work / "words.json").write_text(json.dumps(words), encoding="utf-8")
        command = [str(peer), "-c", PEER_CODE, str(base), str(donor), str(work / "words.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"        mergekit: failed: {done.stderr.strip().splitlines()[-1:]}")
            return
        seconds, produced, added = json.loads(done.stdout.splitlines()[-1])
        print(
            f"        mergekit: {seconds:6.1f} CPU s, {added:,} tokens added, "
            f"{produced:,} of {len(words):,} words produced"
        )


def invented(kind: str, number: int) -> str:
    """Return a word that no language has, the same in every run."""
    value = int(digest("word", kind, number), 16)
    size = 7 + value % 6
    return "".join(LETTERS[(value >> (5 * place + 8)) % len(LETTERS)] for place in range(size))


def train() -> dict[str, object]:
    """Return a byte-level tokenizer.json of 2,000 tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2_000,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [
        " ".join(invented("base", 20 * line + word) for word in range(20)) for line in range(500)
    ]
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())


def write(folder: Path, content: object) -> None:
    """Write a tokenizer folder that transformers loads as well."""
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 2_000}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


if __name__ == "__main__":
    main()
