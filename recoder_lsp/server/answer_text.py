"""What commands answer, as Markdown for people."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from recoder_lsp.engine.model_files import ModelFile
from recoder_lsp.features.markdown import escaped, fenced
from recoder_lsp.features.wording import reasons_in_words
from recoder_lsp.index.process.workspace import Placed
from recoder_lsp.index.records import Hit
from recoder_lsp.language import gettext, marked, ngettext, number
from recoder_lsp.server.extensions import Status

SHOWN_LINES = 8
STATES: Mapping[str, str] = MappingProxyType(
    {
        "active": marked("active"),
        "snoozed": marked("snoozed"),
        "saving": marked("saving"),
        "unloaded": marked("unloaded"),
        "loading": marked("loading"),
        "ready": marked("ready"),
        "failed": marked("failed"),
        "off": marked("off"),
        "starting": marked("starting"),
        "opening": marked("opening"),
        "scanning": marked("scanning"),
        "indexing": marked("indexing"),
        "vectors": marked("vectors"),
        "idle": marked("idle"),
        "paused": marked("paused"),
    }
)
"""How the states of `recoder/status` are called."""


def hits_text(query: str, hits: Sequence[Placed[Hit]]) -> str:
    """What was found, best first: links, reasons, and the first lines of each."""
    parts = [f"# {escaped(query)}", "" if hits else gettext("Nothing was found.")]
    for placed in hits:
        hit = placed.item
        lines = hit.text.rstrip("\n").split("\n")
        shown = "\n".join([*lines[:SHOWN_LINES], *(["…"] if len(lines) > SHOWN_LINES else [])])
        place = f"[{escaped(hit.path)}:{hit.start_line + 1}]({placed.uri(hit.path)}#L{hit.start_line + 1})"
        parts.append(f"{place} {escaped(hit.symbol)} ({escaped(reasons_in_words(hit.why))})\n\n{fenced(shown, hit.language)}")
    return "\n\n".join(part for part in parts if part)


def models_text(files: Sequence[ModelFile], completion: str, chat: str) -> str:
    """The models that there are, and which serve."""
    serving = gettext("Completion: {completion} (`engine.model`). Chat: {chat} (`models.chat`).")
    columns = (gettext("Setting"), gettext("Model"), gettext("Size"), gettext("Context"), gettext("Can chat"))
    yes, no = gettext("yes"), gettext("no")
    lines = [
        "# " + gettext("Models"),
        "",
        serving.format(completion=escaped(completion), chat=escaped(chat) if chat else gettext("none")),
        "",
        f"| {' | '.join(columns)} |",
        "|---|---|---|---|---|",
    ]
    for file in files:
        what = escaped(file.problem) if file.problem else escaped(file.name)
        size = "" if file.problem else _megabytes(file.size_bytes)
        context = number(file.context_tokens) if file.context_tokens else ""
        lines.append(f"| `{file.setting}` | {what} | {size} | {context} | {yes if file.is_instruct else no} |")
    return "\n".join(lines)


def status_text(status: Status) -> str:
    """How the server is."""
    engine, chat, index = status["engine"], status["chat"], status["index"]
    indexed = [
        _state(index["state"]),
        ngettext("{n} file", "{n} files", index["files"]).format(n=number(index["files"])),
        ngettext("{n} piece of code", "{n} pieces of code", index["chunks"]).format(n=number(index["chunks"])),
    ]
    rows = [
        (gettext("Suggestions"), _state(status["completion"]["state"])),
        (gettext("Completion model"), ", ".join([engine["model"], _state(engine["state"]), *_speed(engine["decode_tokens_per_s"])])),
        (
            gettext("Chat model"),
            ", ".join([chat["model"], _state(chat["state"]), *_speed(chat["decode_tokens_per_s"])]) if chat["model"] else gettext("none"),
        ),
        (gettext("Index"), ", ".join(indexed)),
        (gettext("Memory"), _megabytes(status["memory_bytes"])),
    ]
    problems = [each for each in (engine.get("error"), chat.get("error"), index.get("reason")) if each]
    lines = [f"# Recoder {status['version']}", "", "| | |", "|---|---|", *(f"| {name} | {escaped(what)} |" for name, what in rows)]
    return "\n".join([*lines, *([""] if problems else []), *(f"- {escaped(problem)}" for problem in problems)])


def _state(state: str) -> str:
    return gettext(STATES[state]) if state in STATES else state


def _speed(tokens_per_s: float | None) -> list[str]:
    n = round(tokens_per_s or 0)
    return [ngettext("{n} token a second", "{n} tokens a second", n).format(n=number(n))] if tokens_per_s else []


def _megabytes(size_bytes: int) -> str:
    return f"{number(round(size_bytes / 1e6))} MB"
