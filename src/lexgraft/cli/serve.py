"""The verb `serve`: a model behind the gateway."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraft.cli.compute_options import compute_arguments, run_options
from lexgraft.cli.glossary import (
    block_arguments,
    entries_not_used,
    languages_arguments,
    matching_arguments,
    open_named,
)
from lexgraft.cli.output import print_json_line
from lexgraft.cli.verb_parser import VerbParser, above_zero, from_one, from_zero, port_number, verb
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import real_path

if TYPE_CHECKING:
    from lexgraft.serving import GatewayLimits
    from lexgraft.serving.engine_interface import AnswerEngine
    from lexgraft.serving.gateway import AppliedTerms


def _serve(parser: VerbParser) -> None:
    parser.add_argument("model", help="a model folder; with --upstream the model's name there")
    parser.add_argument("--glossary", type=Path, dest="file", help="a term file or a project")
    parser.add_argument(
        "--upstream", help="an OpenAI-compatible server, e.g. http://127.0.0.1:8001/v1"
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=port_number, default=8000, help="where to listen (8000)")
    parser.add_argument("--keys", type=Path, help="a file made by `lexgraft key`")
    parser.add_argument("--concurrent", type=from_one, default=32, help="requests at a time (32)")
    parser.add_argument(
        "--per-minute", type=from_zero, default=0, help="requests of each key a minute (no limit)"
    )
    parser.add_argument("--max-tokens", type=from_one, default=1024, help="of an answer (1024)")
    parser.add_argument(
        "--max-body", type=from_one, default=1 << 20, help="bytes of a request (1 MiB)"
    )
    parser.add_argument("--timeout", type=above_zero, default=120, help="seconds of silence (120)")
    parser.add_argument(
        "--max-seconds", type=above_zero, default=900, help="of a whole answer (900)"
    )
    local = parser.without_option("--upstream")
    compute_arguments(local, limited=False)
    terms = parser.with_option("--glossary")
    languages_arguments(terms)
    matching_arguments(terms)
    block_arguments(terms)
    terms.add_argument("--repair", action="store_true", help="ask once more if terms are wrong")


@verb(_serve)
def serve(arguments: argparse.Namespace) -> int:
    """Serve a model over HTTP as OpenAI's clients expect it, with the glossary before prompts.

    Examples:
      lexgraft serve runs/medical-ja/model --glossary terms.csv
      lexgraft serve gpt --upstream http://127.0.0.1:8001/v1 --glossary project.yaml
      lexgraft serve model --glossary terms.csv --host 0.0.0.0 --keys keys.jsonl

    The upstream's own key is read from the environment: LEXGRAFT_UPSTREAM_KEY.
    """
    import asyncio

    try:
        from lexgraft.serving.server import listen, run
    except ImportError as error:
        raise LexgraftError(
            "serving needs the package h11", cure="pip install 'lexgraft[serve]'"
        ) from error
    from lexgraft.serving import GatewayLimits
    from lexgraft.serving.bearer_keys import read_keys
    from lexgraft.serving.gateway import Gateway

    limits = GatewayLimits(
        body_bytes=arguments.max_body,
        tokens=arguments.max_tokens,
        concurrent=arguments.concurrent,
        silent_seconds=arguments.timeout,
        answer_seconds=arguments.max_seconds,
        per_minute=arguments.per_minute,
    )
    keys = read_keys(arguments.keys) if arguments.keys else ()
    if not arguments.upstream:
        _refuse_no_model(Path(arguments.model))
    listening = listen(arguments.host, arguments.port, guarded=bool(keys))
    terms = _terms(arguments)
    engine, name = _engine(arguments, limits)
    gateway = Gateway(name, engine, terms, limits, keys, log=_say)
    _say(
        {
            "serving": name,
            "address": f"http://{arguments.host}:{listening.getsockname()[1]}/v1",
            "entries": len(terms.glossary.entries) if terms else 0,
            "refused": len(terms.glossary.findings) if terms else 0,
            "not_used": entries_not_used(terms.glossary) if terms else [],
        }
    )
    asyncio.run(run(gateway, limits, listening, arguments.keys))
    return 0


def _refuse_no_model(folder: Path) -> None:
    """Raise for what is no model's folder, before seconds of importing."""
    if not (folder / "config.json").is_file():
        raise LexgraftError(
            "no config.json there: not a model's folder",
            where=str(folder),
            cure="give a Hugging Face model folder, or --upstream ADDRESS for a server",
        )


def _terms(arguments: argparse.Namespace) -> "AppliedTerms | None":
    """Return the glossary to serve with."""
    from lexgraft.serving.gateway import AppliedTerms

    if arguments.file is None:
        return None
    return AppliedTerms(
        open_named(arguments),
        arguments.entries,
        arguments.block_tokens,
        definitions=arguments.definitions,
        repair=arguments.repair,
    )


def _engine(arguments: argparse.Namespace, limits: "GatewayLimits") -> "tuple[AnswerEngine, str]":
    """Return the engine and the name it is served under."""
    if arguments.upstream:
        from lexgraft.serving.upstream_engine import UPSTREAM_KEY, UpstreamEngine

        key = os.environ.get(UPSTREAM_KEY, "")
        return UpstreamEngine(arguments.upstream, key, limits), arguments.model
    from lexgraft.models.transformers import TransformersModel
    from lexgraft.serving.local_engine import LocalEngine

    folder = Path(arguments.model)
    options: dict[str, Any] = {"threads": 2, "device": "auto"} | run_options(arguments)
    model = TransformersModel.load(folder, "served", **options)
    name = real_path(folder).name
    engine = LocalEngine(model, name, limits)
    if fault := engine.warm_up():
        _say({"chat": fault, "answered": "completions alone"})
    return engine, name


def _say(record: dict[str, object]) -> None:
    print_json_line(record, errors=True)
