"""What commands answer, as Markdown for people."""

from collections.abc import Sequence

from recoder_lsp.engine.model_files import ModelFile
from recoder_lsp.features.markdown import escaped, fenced
from recoder_lsp.index.process.workspace import Placed
from recoder_lsp.index.records import Hit
from recoder_lsp.server.extensions import Status

SHOWN_LINES = 8


def hits_text(query: str, hits: Sequence[Placed[Hit]]) -> str:
    """What was found, best first: links, reasons, and the first lines of each."""
    parts = [f"# {escaped(query)}", "" if hits else "Nothing was found."]
    for placed in hits:
        hit = placed.item
        lines = hit.text.rstrip("\n").split("\n")
        shown = "\n".join([*lines[:SHOWN_LINES], *(["…"] if len(lines) > SHOWN_LINES else [])])
        place = f"[{escaped(hit.path)}:{hit.start_line + 1}]({placed.uri(hit.path)}#L{hit.start_line + 1})"
        parts.append(f"{place} {escaped(hit.symbol)} ({escaped(', '.join(hit.why))})\n\n{fenced(shown, hit.language)}")
    return "\n\n".join(part for part in parts if part)


def models_text(files: Sequence[ModelFile], completion: str, chat: str) -> str:
    """The models that there are, and which serve."""
    lines = [
        "# Models",
        "",
        f"Completion: {escaped(completion)} (`engine.model`). Chat: {escaped(chat) if chat else 'none'} (`models.chat`).",
        "",
        "| Setting | Model | Size | Context | Can chat |",
        "|---|---|---|---|---|",
    ]
    for file in files:
        what = escaped(file.problem) if file.problem else escaped(file.name)
        size = "" if file.problem else f"{file.size_bytes / 1e6:,.0f} MB"
        context = f"{file.context_tokens:,}" if file.context_tokens else ""
        lines.append(f"| `{file.setting}` | {what} | {size} | {context} | {'yes' if file.is_instruct else 'no'} |")
    return "\n".join(lines)


def status_text(status: Status) -> str:
    """How the server is."""
    engine, chat, index = status["engine"], status["chat"], status["index"]
    rows = [
        ("Suggestions", status["completion"]["state"]),
        ("Completion model", f"{engine['model']}, {engine['state']}{_speed(engine['decode_tokens_per_s'])}"),
        ("Chat model", f"{chat['model']}, {chat['state']}{_speed(chat['decode_tokens_per_s'])}" if chat["model"] else "none"),
        ("Index", f"{index['state']}, {index['files']:,} files, {index['chunks']:,} pieces of code"),
        ("Memory", f"{status['memory_bytes'] / 1e6:,.0f} MB"),
    ]
    problems = [each for each in (engine.get("error"), chat.get("error"), index.get("reason")) if each]
    lines = [f"# Recoder {status['version']}", "", "| | |", "|---|---|", *(f"| {name} | {escaped(what)} |" for name, what in rows)]
    return "\n".join([*lines, *([""] if problems else []), *(f"- {escaped(problem)}" for problem in problems)])


def _speed(tokens_per_s: float | None) -> str:
    return f", {tokens_per_s:,.0f} tokens a second" if tokens_per_s else ""
