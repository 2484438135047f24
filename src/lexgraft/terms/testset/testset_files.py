"""A test set's files: items and concepts per split, the audit, the licences, a canary line."""

from pathlib import Path

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import write_checked
from lexgraft.files.ownership import claim, refuse_foreign
from lexgraft.records import Split, write_bytes
from lexgraft.terms.testset.audit import audit_record
from lexgraft.terms.testset.dealing import write_dealing
from lexgraft.terms.testset.lm_eval_files import write_tasks
from lexgraft.terms.testset.split import SPLITS
from lexgraft.terms.testset.testset_record import TestSet

LICENCES = "LICENCES.md"


def write_testset(bundle: TestSet, folder: Path) -> None:
    """Write the test set's files: items and concepts per split, the audit, a canary line.

    Raises:
        LexgraftError: the folder holds what is no test set of ours.
    """
    if not _is_testset(folder):
        claim(folder, "testset", folder)
    write_dealing(bundle.dealing, folder)  # first: what is asked must be on record as dealt
    for split in SPLITS:
        write_checked(folder / f"items-{split}.jsonl", bundle.items[split])
        write_checked(folder / f"concepts-{split}.jsonl", bundle.concepts[split])
    write_checked(folder / "items-general.jsonl", bundle.general)
    about = {
        "canary": bundle.canary,
        "digest": bundle.digest,
        "refused": bundle.refused,
        "part of speech unknown": bundle.unknown,
        "rarity": bundle.rarity,
        "licences": bundle.rights.found(),
        "rights": bundle.rights.warnings(),
        "warnings": bundle.warnings,
        "power": bundle.power,
        "guessing": bundle.guessing,
        "needs the term": {split: bundle.needing_term(split) for split in SPLITS},
        "audit": bundle.audit,
    }
    record = audit_record(bundle.audit, bundle.details, bundle.warnings, bundle.digest)
    write_bytes(folder / "audit.json", record.encoded())
    write_bytes(folder / "testset.json", msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    write_bytes(folder / LICENCES, bundle.rights.notice())


def refuse_other(folder: Path) -> None:
    """Raise for a folder that `write_testset` would refuse: before any work."""
    if not _is_testset(folder):
        refuse_foreign(folder, "testset", folder)


def _is_testset(folder: Path) -> bool:
    """Return whether a folder holds a test set that was written before there were marks."""
    file = folder / "testset.json"
    return not folder.is_symlink() and file.is_file() and b'"canary"' in file.read_bytes()


def write_harness(bundle: TestSet, name: str, split: Split, folder: Path) -> list[str]:
    """Write one split as task files of lm-evaluation-harness; return the tasks' names.

    Raises:
        LexgraftError: the split is empty.
    """
    if not bundle.items[split]:
        raise LexgraftError(f"no items in `{split}`", cure=f"ask for some: `testset.{split}`")
    claim(folder, "lm-eval", folder)
    write_bytes(folder / LICENCES, bundle.rights.notice())
    return write_tasks(name, bundle.items[split], split, bundle.canary, bundle.digest, folder)
