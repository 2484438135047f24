"""The model folder's README.md (model card) and NOTICE, from the report."""

import re

import msgspec

from lexgraft.adoption.report.formats import (
    confidence,
    difference,
    plain,
    points,
    share,
    share_text,
    unit,
)
from lexgraft.adoption.report.licences import (
    attributions,
    combined,
    ingredients,
    is_merge,
    terms_of,
)
from lexgraft.adoption.report.markdown import code, line, quoted, table, text
from lexgraft.adoption.report.report_record import Parent, Report
from lexgraft.adoption.report.report_words import LANGUAGES, grouped, language_name, named, say
from lexgraft.evaluation.measures import BITS
from lexgraft.records import Score

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)

_CHANGED = (
    "This model was made by modifying the models named in README.md: their weights were merged, "
    "and where README.md says so fine-tuned. All weight files were changed."
)
_STORED = (
    "This model is one of those named in README.md, stored as a whole: its adapter, if it was one, "
    "was added to the base. All weight files were changed."
)


def model_card(report: Report) -> str:
    """Return README.md with the metadata that model hubs read; digests stand for every claim."""
    paragraphs = (
        _front_matter(report),
        f"# {text(report.project)}\n\n{_introduction(report)}",
        _heading("Models that went in", _parents(report)),
        _heading("Method", _method(report)),
        _heading("What was measured", _scores(report)),
        _heading("Verdicts", _verdicts(report)),
        _heading("Limits of use", _limits(report)),
        _heading("Licences", _licences(report)),
        _heading("Digests", _digests(report)),
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def notice(report: Report) -> str:
    """Return NOTICE for the model folder; empty where no licence asks for one."""
    paragraphs = [*terms_of(report), *attributions(report)]
    if not paragraphs:
        return ""
    changed = _CHANGED if is_merge(report) else _STORED
    return "\n\n".join([line(report.project), changed, *paragraphs]) + "\n"


def _front_matter(report: Report) -> str:
    """Return the metadata as YAML; every text is a quoted scalar, so that nothing can break out."""
    licence = combined(report)
    lines = [
        "---",
        "base_model:",
        *(f"- {quoted(_hub_name(parent))}" for parent in ingredients(report)),
        *(["base_model_relation: merge"] if is_merge(report) else []),
        "language:",
        *(f"- {quoted(code)}" for code in dict.fromkeys((report.target, report.domain))),
        f"license: {quoted(licence.identifier)}",
        *([f"license_name: {quoted(licence.name)}"] if licence.identifier == "other" else []),
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags:",
        *(["- merge"] if is_merge(report) else []),
        "- lexgraft",
        "---",
    ]
    return "\n".join(lines)


def _hub_name(parent: Parent) -> str:
    """Return `owner/name` where the source is one, else the plain name: no path leaves here."""
    return parent.source if _HUB.fullmatch(parent.source) else parent.name


def _introduction(report: Report) -> str:
    if not is_merge(report):
        purpose = (
            f"{report.shipped} as it was: no merge passed its gates. Written by lexgraft "
            f"{report.version}; what was tried and measured is in the report beside this folder."
        )
        return "\n\n".join([purpose, *_recommendation(report)])
    purpose = (
        f"A merge that brings vocabulary known in {language_name(report.domain, 'en')} into "
        f"{language_name(report.target, 'en')}, made with lexgraft {report.version}."
    )
    return "\n\n".join([purpose, *_recommendation(report)])


def _recommendation(report: Report) -> list[str]:
    spoken = [report.recommendation, *(mark.sentence for mark in report.marks)]
    sentences = [words.get(language, "") for language in LANGUAGES for words in spoken]
    return [f"> {text(sentence)}" for sentence in sentences if sentence]


def _heading(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _parents(report: Report) -> str:
    rows = [
        [text(p.role), text(p.name), text(p.licence or "unknown"), f"`{p.digest[:32]}`"]
        for p in report.parents
    ]
    return table(["role", "model", "licence", "digest"], rows)


def _method(report: Report) -> str:
    if not report.method or not is_merge(report):
        return ""
    lines = [
        f"- method: `{code(report.method)}`",
        f"- parameters: `{code(msgspec.json.encode(report.parameters).decode())}`",
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
    models = ("G", report.shipped or report.result)
    rows = [
        [
            named(score.name, "en"),
            text(grouped(score.group, "en")),
            text(score.model),
            _value(score),
            "" if score.chance is None else share(score.chance),
            str(score.n),
        ]
        for score in report.scores
        if score.model in models
    ]
    heads = [
        "what",
        "where",
        "model",
        f"value [interval of {confidence(report.alpha)} or more]",
        "chance",
        "n",
    ]
    note = (
        "Measured on concepts that were not used to choose the merge. Bits per byte: less is "
        "better; all others: more is better."
    )
    return f"{note}\n\n{table(heads, rows)}" if rows else ""


def _value(score: Score) -> str:
    if score.name == BITS:
        return f"{plain(score.value)} [{plain(score.low)}, {plain(score.high)}]"
    return share_text(score.value, score.low, score.high)


def _verdicts(report: Report) -> str:
    rows = [
        [
            named(verdict.stage, "en"),
            f"{named(c.name, 'en')}, {text(grouped(c.group, 'en'))}",
            difference(c.value, c.low, c.high, c.name),
            f"≥ {points(c.threshold, unit(c.name))}",
            c.outcome,
            str(c.n),
        ]
        for verdict in report.verdicts
        for c in verdict.criteria
    ]
    return table(["stage", "requirement", "difference", "threshold", "outcome", "n"], rows)


def _limits(report: Report) -> str:
    warnings = [f"- {text(warning.get('en', ''))}" for warning in report.warnings]
    return "\n\n".join([say("limits", "en"), *(["\n".join(warnings)] if warnings else [])])


def _licences(report: Report) -> str:
    strictest = text(combined(report).name)
    sentence = (
        f"Named in the metadata, as the most restrictive: **{strictest}**. All licences of the "
        "models above apply together."
    )
    if not all(parent.licence for parent in report.parents):
        sentence += " Where a licence is unknown, settle it before passing this model on."
    rows = [
        [text(source.name), named(source.use, "en"), text(source.version), text(source.licence)]
        for source in report.sources
    ]
    return f"{sentence}\n\n{table(['source', 'use', 'version', 'licence'], rows)}".rstrip()


def _digests(report: Report) -> str:
    pairs = {"findings": report.digest, "thresholds": report.gates, **report.data}
    return "\n".join(f"- {text(what)}: `{code(value)}`" for what, value in pairs.items() if value)
