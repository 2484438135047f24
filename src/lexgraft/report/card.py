"""The model folder's README.md (model card) and NOTICE, from the report."""

import re
from collections.abc import Sequence

import msgspec

from lexgraft.records import Score
from lexgraft.report.formats import difference, plain, points, share, share_text, unit
from lexgraft.report.licences import attributions, combined, terms_of
from lexgraft.report.record import BITS, Parent, Report
from lexgraft.report.words import LANGUAGES, grouped, named, say, tongue

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>|#!~$&"})


def model_card(report: Report) -> str:
    """Return README.md with the metadata that model hubs read; digests stand for every claim."""
    parts = (
        _front_matter(report),
        f"# {_text(report.project)}\n\n{_introduction(report)}",
        _heading("Models that went in", _parents(report)),
        _heading("Method", _method(report)),
        _heading("What was measured", _scores(report)),
        _heading("Verdicts", _verdicts(report)),
        _heading("Limits of use", _limits(report)),
        _heading("Licences", _licences(report)),
        _heading("Digests", _digests(report)),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def notice(report: Report) -> str:
    """Return NOTICE for the model folder; empty where no licence asks for one."""
    paragraphs = [*terms_of(report), *attributions(report)]
    if not paragraphs:
        return ""
    changed = (
        "This model was made by modifying the models named in README.md: their weights were "
        "merged, and where README.md says so fine-tuned. All weight files were changed."
    )
    return "\n\n".join([_line(report.project), changed, *paragraphs]) + "\n"


def _front_matter(report: Report) -> str:
    """Return the metadata as YAML; every text is a quoted scalar, so that nothing can break out."""
    licence = combined(report)
    lines = [
        "---",
        "base_model:",
        *(f"- {_quoted(_hub_name(parent))}" for parent in report.parents),
        "base_model_relation: merge",
        "language:",
        *(f"- {_quoted(code)}" for code in dict.fromkeys((report.target, report.domain))),
        f"license: {_quoted(licence.identifier)}",
        *([f"license_name: {_quoted(licence.name)}"] if licence.identifier == "other" else []),
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags:",
        "- merge",
        "- lexgraft",
        "---",
    ]
    return "\n".join(lines)


def _hub_name(parent: Parent) -> str:
    """Return `owner/name` where the source is one, else the plain name: no path leaves here."""
    return parent.source if _HUB.fullmatch(parent.source) else parent.name


def _introduction(report: Report) -> str:
    purpose = (
        f"A merge that brings vocabulary known in {tongue(report.domain, 'en')} into "
        f"{tongue(report.target, 'en')}, made with lexgraft {report.version}."
    )
    said = [report.recommendation.get(language, "") for language in LANGUAGES]
    return "\n\n".join([purpose, *(f"> {_text(sentence)}" for sentence in said if sentence)])


def _heading(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _parents(report: Report) -> str:
    rows = [
        [_text(p.role), _text(p.name), _text(p.licence or "unknown"), f"`{p.digest[:32]}`"]
        for p in report.parents
    ]
    return _table(["role", "model", "licence", "digest"], rows)


def _method(report: Report) -> str:
    if not report.method:
        return ""
    lines = [
        f"- method: `{_code(report.method)}`",
        f"- parameters: `{_code(msgspec.json.encode(report.parameters).decode())}`",
        f"- seed: `{report.seed}`",
    ]
    if report.tuning is not None and _tuned(report):
        tuned = report.tuning
        lines.append(f"- partial fine-tuning: {tuned.terms} terms, {tuned.steps} steps")
    return "\n".join(lines)


def _tuned(report: Report) -> bool:
    """Return whether the model that was written is a tuned one."""
    return any(p.kind == "tuned" and p.model == report.shipped for p in report.points)


def _scores(report: Report) -> str:
    """Return the scores of G and of the model that was written, with intervals and n."""
    wanted = ("G", report.shipped or report.result)
    rows = [
        [
            named(score.name, "en"),
            _text(grouped(score.group, "en")),
            _text(score.model),
            _value(score),
            "" if score.chance is None else share(score.chance),
            str(score.n),
        ]
        for score in report.scores
        if score.model in wanted
    ]
    heads = ["what", "where", "model", "value [95 % interval]", "chance", "n"]
    note = (
        "Measured on concepts that were not used to choose the merge. Bits per byte: less is "
        "better; all others: more is better."
    )
    return f"{note}\n\n{_table(heads, rows)}" if rows else ""


def _value(score: Score) -> str:
    if score.name == BITS:
        return f"{plain(score.value)} [{plain(score.low)}, {plain(score.high)}]"
    return share_text(score.value, score.low, score.high)


def _verdicts(report: Report) -> str:
    rows = [
        [
            named(verdict.stage, "en"),
            f"{named(c.name, 'en')}, {_text(grouped(c.group, 'en'))}",
            difference(c.value, c.low, c.high, c.name),
            f"≥ {points(c.threshold, unit(c.name))}",
            c.outcome,
            str(c.n),
        ]
        for verdict in report.verdicts
        for c in verdict.criteria
    ]
    return _table(["stage", "requirement", "difference", "threshold", "outcome", "n"], rows)


def _limits(report: Report) -> str:
    warnings = [f"- {_text(warning.get('en', ''))}" for warning in report.warnings]
    return "\n\n".join([say("limits", "en"), *(["\n".join(warnings)] if warnings else [])])


def _licences(report: Report) -> str:
    most = _text(combined(report).name)
    sentence = (
        f"Named in the metadata, as the most restrictive: **{most}**. All licences of the models "
        "above apply together."
    )
    if not all(parent.licence for parent in report.parents):
        sentence += " Where a licence is unknown, settle it before passing this model on."
    rows = [
        [_text(source.name), named(source.use, "en"), _text(source.version), _text(source.licence)]
        for source in report.sources
    ]
    return f"{sentence}\n\n{_table(['source', 'use', 'version', 'licence'], rows)}".rstrip()


def _digests(report: Report) -> str:
    pairs = {"findings": report.digest, "thresholds": report.gates, **report.data}
    return "\n".join(f"- {_text(what)}: `{_code(value)}`" for what, value in pairs.items() if value)


def _line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def _text(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _line(text).translate(_SPECIAL)


def _code(text: str) -> str:
    """Return a text for between backticks."""
    return _line(text).replace("`", "'").replace("|", "\\|")


def _quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar (YAML 1.2, section 5.7)."""
    signs = (
        f"\\{sign}" if sign in '\\"' else sign if sign.isprintable() else f"\\U{ord(sign):08X}"
        for sign in text
    )
    return f'"{"".join(signs)}"'
