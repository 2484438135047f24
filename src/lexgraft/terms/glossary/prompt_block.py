"""The block of matched entries that goes before a prompt, and its control with random entries."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from lexgraft.records import digest
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.term_matcher import entry_matcher, match_entries
from lexgraft.terms.text.normalize import folded_text
from lexgraft.terms.wordings.language_file import BlockWording, spoken_file

ENTRIES, CHARACTERS = 30, 4000  # of a block, at most


class GlossaryBlock(Struct, frozen=True):
    """What stands before the prompt, the entries in it, and those there was no room for."""

    text: str
    used: tuple[GlossaryEntry, ...]
    dropped: tuple[GlossaryEntry, ...]


def glossary_block(
    entries: Sequence[GlossaryEntry],
    language: str,
    *,
    limit: int = ENTRIES,
    room: int = CHARACTERS,
    size: Callable[[str], int] = len,
    definitions: bool = False,
) -> GlossaryBlock:
    """Return the block of matched entries in a language; empty without entries.

    It has at most `limit` entries and `room` characters, or tokens where `size` counts these.
    Above that the shortest sources are left out first: they are the least technical, and what was
    left out is named. The marks hold a digest of the block, so that no entry can close it.
    """
    wording = spoken_file(language).glossary
    order = sorted(range(len(entries)), key=lambda index: (-len(entries[index].source), index))
    chosen, dropped = order[:limit], order[limit:][::-1]

    def text() -> str:
        return _render(
            wording.head, [entries[index] for index in sorted(chosen)], wording, definitions
        )

    while chosen and size(text()) > room:
        dropped.append(chosen.pop())
    used = tuple(entries[index] for index in sorted(chosen))
    return GlossaryBlock(text() if chosen else "", used, tuple(entries[index] for index in dropped))


def repair_request(entries: Sequence[GlossaryEntry], language: str) -> str:
    """Return the request, after an answer, for the same answer with these entries' terms."""
    wording = spoken_file(language).glossary
    return _render(wording.repair, entries, wording, definitions=False)


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has: four ASCII characters, or one other, are one."""
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // 4) + len(text) - plain


def random_entries(
    text: str, count: int, entries: Sequence[GlossaryEntry], seed: int
) -> list[GlossaryEntry]:
    """Return `count` entries that have nothing to do with a text: a control, as in WMT25.

    Their sources are not in the text, nor do they share a source or target with one that is; the
    choice is keyed by text and seed.
    """
    matched = match_entries(text, entry_matcher(entries))
    matched_texts = {
        folded_text(side) for entry in matched for side in (entry.source, entry.target)
    }
    unrelated = [
        entry
        for entry in dict.fromkeys(entries)
        if folded_text(entry.source) not in matched_texts
        and folded_text(entry.target) not in matched_texts
    ]
    unrelated.sort(key=lambda entry: digest("random terms", seed, text, entry))
    return unrelated[:count]


def _render(
    head: str,
    entries: Sequence[GlossaryEntry],
    wording: BlockWording,
    definitions: bool,  # noqa: FBT001 (private)
) -> str:
    """Return the block's text: one JSON object a line."""
    lines = [_line(entry, wording, definitions) for entry in entries]
    mark = digest("glossary block", lines)[:12]
    return "\n".join([head, f"<<{mark}", *lines, f"{mark}>>", ""])


def _line(entry: GlossaryEntry, wording: BlockWording, definitions: bool) -> str:  # noqa: FBT001 (private)
    """Return one entry as a JSON object: nothing in it can end the line or the string."""
    fields: dict[str, object] = {"term": entry.source, wording.required: entry.target}
    if entry.forbidden:
        fields[wording.forbidden] = entry.forbidden
    if definitions and entry.definition:
        fields[wording.definition] = entry.definition
    return msgspec.json.encode(fields).decode()
