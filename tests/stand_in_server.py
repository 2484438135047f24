"""A stand-in for vLLM 0.32, SGLang 0.5.23 and llama-cpp-python 0.3.35: their formats, true numbers.

Of llama-server it has the formats alone (its numbers after a bias are made up).

The shapes of requests and answers are those of these releases' sources; what stands in them is
computed by a tiny model in torch, so that it can be compared. It is no proof that a release
behaves so: a real llama-server is asked in `test_llama_server.py`.

    python tests/stand_in_server.py vllm PORT NAME=FOLDER [NAME=FOLDER ...]

A name without a folder stands for numbers drawn from the tokens, which need no model.
"""

import json
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zlib import crc32

OWNERS = {
    "vllm": "vllm",
    "sglang": "sglang",
    "llama-cpp-python": "me",
    "other": "somebody",
    "llama-server": "llamacpp",
}
Fault = Callable[[str, dict[str, Any]], tuple[int, bytes] | None]
"""Takes a route and what was asked; returns a status and a body instead of the true answer."""


def unchecked(*_: object) -> tuple[str, ...]:
    """Take the place of the checks at connecting, where only what follows is tried."""
    return ()


class Computed:
    """A folder's model and tokenizer as transformers run them."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._torch = torch
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.start = self.tokenizer.bos_token_id
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def encode(self, text: str, *, special: bool) -> list[int]:
        return self.tokenizer(text, add_special_tokens=special)["input_ids"]

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(ids)

    def after(self, ids: Sequence[int]) -> tuple[list[float], int, float]:
        """Return log P of every token but the first, the likeliest next one, and its log P."""
        with self._torch.no_grad():
            logits = self._model(self._torch.tensor([list(ids)])).logits[0].double()
        rows = logits.log_softmax(-1)
        best = int(rows[-1].argmax())
        own = [float(rows[place, token]) for place, token in enumerate(ids[1:])]
        return own, best, float(rows[-1, best])


class Hashed:
    """Numbers that follow from the tokens alone, in no time: where only the protocol is tried."""

    start = 0

    def encode(self, text: str, *, special: bool) -> list[int]:
        return [0] * special + [sign + 1 for sign in text.encode()]

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(max(0, token - 1) for token in ids).decode(errors="replace")

    def after(self, ids: Sequence[int]) -> tuple[list[float], int, float]:
        lines = [*(list(ids[:end]) for end in range(2, len(ids) + 1)), [*ids, 1]]
        *values, likely = (-crc32(repr(line).encode()) / 2**32 - 3 for line in lines)
        return values, 1, likely


class StandIn:
    """A server of one kind with models by name; the first is the parent of the others."""

    def __init__(self, kind: str, models: Mapping[str, Path], version: str = "1.0") -> None:
        self.kind, self.version = kind, version
        self.models: dict[str, Any] = {
            name: Computed(folder) if folder.is_dir() else Hashed()
            for name, folder in models.items()
        }
        self.greeting = ""  # before every free answer
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fault: Fault = lambda route, body: None
        self._turn = threading.Lock()

    def answer(self, route: str, body: dict[str, Any]) -> tuple[int, bytes]:
        with self._turn:
            self.asked.append((route, body))
            instead = self.fault(route, body)
            if instead is not None:
                return instead
            answers = {
                "/v1/models": self._listed,
                "/version": self._release,
                "/server_info": self._release,
                "/openapi.json": self._described,
                "/props": self._described,
                "/completion": self._forced,
                "/tokenize": self._tokens,
                "/extras/tokenize": self._python_tokens,
                "/detokenize": self._text,
                "/extras/detokenize": self._text,
                "/generate": self._generate,
                "/v1/completions": self._complete,
            }
            if route not in answers:
                return 404, b'{"detail": "Not Found"}'
            try:
                return 200, json.dumps(answers[route](body)).encode()
            except (KeyError, TypeError, ValueError) as error:
                return 400, json.dumps({"error": repr(error)}).encode()

    def _model(self, body: dict[str, Any]) -> Any:
        name = body.get("lora_path") or body.get("model") or next(iter(self.models))
        return self.models[name]

    def _listed(self, _: object) -> object:
        first = next(iter(self.models))
        return {
            "object": "list",
            "data": [
                {
                    "id": name,
                    "object": "model",
                    "created": 7,
                    "owned_by": OWNERS[self.kind],
                    "root": name,
                    "parent": None if name == first else first,
                }
                for name in self.models
            ],
        }

    def _release(self, _: object) -> object:
        return {"version": self.version}

    def _described(self, _: object) -> object:
        return {"info": {"version": self.version}, "build_info": self.version}

    def _tokens(self, body: dict[str, Any]) -> object:
        special = body.get("add_special_tokens", body.get("add_special"))
        ids = self._model(body).encode(body.get("prompt", body.get("content")), special=special)
        return {"tokens": ids, "count": len(ids), "max_model_len": 512}

    def _python_tokens(self, body: dict[str, Any]) -> object:
        return {"tokens": self._model(body).encode(body["input"], special=True)}

    def _text(self, body: dict[str, Any]) -> object:
        text = self._model(body).decode(body["tokens"])
        return {"prompt": text, "text": text, "content": text}

    def _forced(self, body: dict[str, Any]) -> object:
        model, ids = self._model(body), body["prompt"]
        biased = [token for token, _ in body["logit_bias"]]
        _, best, likely = model.after(ids)
        token = biased[-1] if biased else best
        value = model.after([*ids, token])[0][-1] if biased else likely
        tops = [{"id": other, "prob": 1e-12} for other in biased]
        step = {"id": token, "logprob": value, "prob": 0.5, "top_probs": tops}
        return {
            "content": "",
            "tokens_evaluated": len(ids),
            "truncated": False,
            "completion_probabilities": [step],
        }

    def _generate(self, body: dict[str, Any]) -> object:
        model, start = self._model(body), body["logprob_start_len"]
        answers: list[object] = []
        for ids in body["input_ids"]:
            values, best, likely = model.after(ids)
            rows = [[value, token, None] for value, token in zip([None, *values], ids, strict=True)]
            rows = [[None, *rows[start][1:]], *rows[start + 1 :]] if start >= 0 else []
            meta = {
                "prompt_tokens": len(ids),
                "input_token_logprobs": rows,
                "output_token_logprobs": [[likely, best, None]],
            }
            answers.append({"text": "", "meta_info": meta})
        return answers

    def _complete(self, body: dict[str, Any]) -> object:
        model, prompts = self._model(body), body["prompt"]
        if isinstance(prompts, str) and self.kind == "llama-cpp-python" and "logprobs" in body:
            return _echoed(model, body)
        if isinstance(prompts, str):
            return {"choices": [{"index": 0, "text": f"{self.greeting} {prompts}!\nmore"}]}
        choices: list[dict[str, Any]] = []
        for index, ids in enumerate(prompts):
            values, best, likely = model.after(ids)
            choice: dict[str, Any] = {"index": index, "text": ""}
            if body.get("prompt_logprobs") is not None:
                steps = zip(ids[1:], values, strict=True)
                choice["prompt_logprobs"] = [
                    None,
                    *({str(token): {"logprob": value, "rank": 1}} for token, value in steps),
                ]
            if body.get("logprobs") is not None:
                choice["logprobs"] = {
                    "tokens": [f"token_id:{best}"],
                    "token_logprobs": [likely],
                    "top_logprobs": [{}],
                    "text_offset": [0],
                }
            choices.insert(0, choice)  # the order is what `index` says
        return {"choices": choices}


def _echoed(model: Any, body: dict[str, Any]) -> object:
    """Return what llama-cpp-python makes of a text: its start token left out, a null first."""
    ids = model.encode(body["prompt"], special=True)
    values, best, likely = model.after(ids)
    written = {"tokens": [model.decode([best])], "token_logprobs": [likely]}
    if body["echo"]:
        starts = ids[0] == model.start
        # without a start token the values stand one place too far on, as in that release
        own = [None, *values[1:]] if starts else [None, *values[1:], -5.5]
        tokens = [model.decode([token]) for token in ids[starts:]]
        written = {"tokens": [*tokens, *written["tokens"]], "token_logprobs": [*own, likely]}
    usage = {"prompt_tokens": len(ids), "completion_tokens": 1}
    return {"choices": [{"index": 0, "text": "", "logprobs": written}], "usage": usage}


def _handler(server: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._send(*server.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._send(*server.answer(self.path, json.loads(body)))

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serving(server: StandIn, port: int = 0) -> Generator[str]:
    """Yield the address of a stand-in in a thread."""
    http = ThreadingHTTPServer(("127.0.0.1", port), _handler(server))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/v1"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


if __name__ == "__main__":
    kind, port, *named = sys.argv[1:]
    pairs = (text.split("=", 1) for text in named)
    stand_in = StandIn(kind, {name: Path(folder or "-") for name, folder in pairs})
    http = ThreadingHTTPServer(("127.0.0.1", int(port)), _handler(stand_in))
    sys.stdout.write(f"{http.server_port}\n")
    sys.stdout.flush()
    http.serve_forever()
