"""What stands around a question: nothing, or what a chat template puts round a message."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models.chat_template import ChatTemplate
from lexgraft.records import Item, write_bytes
from lexgraft.terms.wordings.language_file import file_of, spoken_file

FILE = "prompt.json"
_QUESTIONS = ("first0question", "second0question")  # words that no template changes
_ANSWER = "some0answer"
_SETTINGS = {"enable_thinking": False}  # options are what is answered, not what is thought
_PLAINLY = "`prompt: plain` asks without a template"

AskedPrompt = Literal["auto", "plain", "chat"]
"""How questions are to be asked; `auto`: in the chat template where the model has one."""
PromptForm = Literal["plain", "chat"]
"""How they are."""


class PromptFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands before a question, after it, and after its answer; all empty: plain text."""

    before: str = ""
    after: str = ""
    end: str = ""
    system: str = ""  # the message of the system that is in `before`

    @property
    def form(self) -> PromptForm:
        """How questions are asked."""
        return "chat" if self.before or self.after else "plain"

    def prompt(self, text: str, *languages: str) -> str:
        """Return the beginning of a text as it is asked: in a chat with the request to go on.

        Args:
            text: what is to be completed.
            languages: of the request, the first of them that there are words in; else English.
        """
        if self.form == "plain":
            return text
        spoken = next((language for language in languages if file_of(language)), "")
        return f"{self.before}{spoken_file(spoken).complete}\n\n{text.strip()}{self.after}"

    def answer(self, text: str) -> str:
        """Return what is scored or learnt after the prompt: in a chat without a space before it."""
        return text if self.form == "plain" else text.lstrip()

    def item(self, item: Item) -> Item:
        """Return an item as it is asked; an answer to it is one to the item."""
        languages = item.answer_language, item.question_language
        return msgspec.structs.replace(
            item,
            context=self.prompt(item.context, *languages),
            neutral=self.prompt(item.neutral, *languages),
            options=tuple(self.answer(option) for option in item.options),
        )


PLAIN = PromptFrame()


def chat_frame(template: ChatTemplate, system: str = "", start: str = "") -> PromptFrame:
    """Return what a chat template writes around one message of a user, and after the answer.

    Args:
        template: of the model; where it can think first, it is told not to.
        system: what stands before the conversation, if anything.
        start: what the tokenizer begins every text with by itself, and so is left out.

    Raises:
        LexgraftError: the template takes no such messages, changes them, or writes what differs
            from one message to the next.
    """
    opening = [{"role": "system", "content": system}] if system else []
    first, second = (
        template.render([*opening, {"role": "user", "content": question}], settings=_SETTINGS)
        for question in _QUESTIONS
    )
    before, mark, after = first.partition(_QUESTIONS[0])
    if not mark or second != f"{before}{_QUESTIONS[1]}{after}":
        raise LexgraftError(
            "the chat template does not write a message as it is",
            cure=_PLAINLY,
        )
    answered = template.render(
        [
            *opening,
            {"role": "user", "content": _QUESTIONS[0]},
            {"role": "assistant", "content": _ANSWER},
        ],
        answer_begins=False,
        settings=_SETTINGS,
    )
    end = answered.rpartition(_ANSWER)[2]
    return PromptFrame(before.removeprefix(start), after, end, system)


def frame_of_folder(folder: Path, system: str = "") -> PromptFrame | None:
    """Return the frame of a model's own chat template; None where it has none.

    Raises:
        LexgraftError: the template cannot be used, see `chat_frame`.
    """
    from lexgraft.models.folder_loading import load_tokenizer
    from lexgraft.models.transformers import template_of

    tokenizer = load_tokenizer(folder)
    if not tokenizer.chat_template:
        return None
    first: str = tokenizer.bos_token or ""
    starts = tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]
    try:
        return chat_frame(template_of(tokenizer), system, first if starts else "")
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(folder), cure=error.cure or _PLAINLY) from error


def frame_of_run(
    asked: AskedPrompt,
    run: Path,
    model: Path,
    system: str = "",
    *,
    begun: bool = False,
    where: str = "compute.system_prompt",
) -> PromptFrame:
    """Return the frame of everything that is asked in a run's folder, and record it.

    A template may write today's date: a run that is resumed tomorrow still asks as it began.

    Args:
        asked: `auto` takes the chat template of the model if it has one.
        run: the folder, which holds answers to questions in one frame.
        model: the folder whose tokenizer and template are used.
        system: what stands before every conversation.
        begun: answers lie there already: without a record they were asked for plainly.
        where: the setting of the system's message, for messages.

    Raises:
        LexgraftError: the folder was begun with another frame; there is no template, or one that
            cannot be used; a system's message is given and nothing to write it in.
    """
    recorded = _recorded(run, begun=begun)
    if recorded is not None and asked in ("auto", recorded.form) and system == recorded.system:
        return recorded
    if recorded is not None and begun:
        raise LexgraftError(
            f"the answers here were asked for in another way ({recorded.form})",
            where=str(run),
            cure="give this run another output, where every question is asked anew",
        )
    frame = new_frame(asked, model, system, where)
    run.mkdir(parents=True, exist_ok=True)
    write_bytes(run / FILE, msgspec.json.encode(frame) + b"\n")
    return frame


def new_frame(
    asked: AskedPrompt, model: Path, system: str = "", where: str = "compute.system_prompt"
) -> PromptFrame:
    """Return the frame that is meant, of a model's tokenizer alone; nothing is recorded.

    Raises:
        LexgraftError: there is no template, or one that cannot be used; a system's message is given
            and nothing to write it in.
    """
    templated = None if asked == "plain" else frame_of_folder(model, system)
    if templated is None and asked == "chat":
        raise LexgraftError("no chat template here", where=str(model), cure=_PLAINLY)
    if templated is None and system:
        raise LexgraftError(
            "a system prompt is written in a chat template, and questions are asked plainly",
            where=where,
            cure="leave it out, or take a model with a chat template",
        )
    return templated or PLAIN


def recorded_prompt(folder: Path) -> str:
    """Return how a folder's answers were asked for, in a word or two; empty: not on record.

    Raises:
        LexgraftError: the record is damaged.
    """
    frame = _recorded(folder, begun=False)
    if frame is None:
        return ""
    return f"{frame.form}, with a system prompt" if frame.system else frame.form


def _recorded(run: Path, *, begun: bool) -> PromptFrame | None:
    """Return the frame that a run's folder was begun with; None where nothing was asked yet.

    Raises:
        LexgraftError: the record is damaged.
    """
    file = run / FILE
    if not file.is_file():
        return PLAIN if begun else None
    try:
        return msgspec.json.decode(file.read_bytes(), type=PromptFrame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of how questions are asked: {error}",
            where=str(file),
            cure="give this run another output, where every question is asked anew",
        ) from error
