"""chrF: the overlap of character n-grams of a text and a reference (pure)."""

from collections import Counter

ORDER = 6  # longest n-gram, in characters
BETA = 2  # recall counts twice as much as precision


def chrf(text: str, reference: str) -> float:
    """Return chrF2 in [0, 1], white space left out (Popović 2015, WMT, section 2).

    Precision and recall are means over the lengths of n-gram that both texts have, F as
    (1 + β²)·P·R / (β²·P + R). It ranks form above truth: a secondary figure.

    >>> round(chrf("心筋梗塞", reference="心筋梗塞症"), 2)
    0.73
    """
    candidate, target = ("".join(string.split()) for string in (text, reference))
    shares = [_shares(candidate, target, size) for size in range(1, ORDER + 1)]
    defined = [share for share in shares if share is not None]
    precision = sum(p for p, _ in defined) / max(1, len(defined))
    recall = sum(r for _, r in defined) / max(1, len(defined))
    below = BETA**2 * precision + recall
    return (1 + BETA**2) * precision * recall / below if below else 0.0


def _shares(candidate: str, target: str, size: int) -> tuple[float, float] | None:
    """Return precision and recall of one length, or None where a text is shorter."""
    counts, target_counts = _counts(candidate, size), _counts(target, size)
    if not counts or not target_counts:
        return None
    common = (counts & target_counts).total()
    return common / counts.total(), common / target_counts.total()


def _counts(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
