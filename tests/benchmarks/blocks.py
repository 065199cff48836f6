"""Writes blocks with and without reading ahead: `python -m tests.benchmarks.blocks`.

Both write the same text, in turns; what is counted is the processor's time of decoding alone, on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import recoder_lsp
from recoder_lsp.engine import models
from recoder_lsp.engine.cleaning import block_indentation
from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.fim import Budget, Place, Prompt, Prompter
from recoder_lsp.engine.generation import Generated, Limits, Spelling, generate
from recoder_lsp.engine.llama import LlamaModel

FILES = ("engine/llama.py", "engine/runtime.py", "index/folder_index.py", "server/handlers.py")
BLOCKS_PER_FILE = 6
ROUNDS = 3
EVENTS = "class Events:\n" + "".join(
    f"    def handle_{name}(self, event):\n        self.logger.debug('{name} %s', event)\n        self.n_{name} += 1\n"
    f"        if self.n_{name} > self.limit:\n            self.emit('too many', '{name}', event)\n\n"
    for name in ("key", "mouse", "touch", "scroll", "focus", "blur", "drag")
)


def places(path: str, text: str) -> Iterator[Place]:
    """Yield the carets below the headers of methods, with the five lines below each taken out."""
    lines = text.split("\n")
    headers = [number for number, line in enumerate(lines) if line.startswith("    def ") and line.endswith(":")]
    for number in headers[2 : 2 + BLOCKS_PER_FILE]:
        yield Place(path, "python", "\n".join(lines[: number + 1]) + "\n", "\n" + "\n".join(lines[number + 6 :]))


def finished(work: Generator[None, None, Generated]) -> tuple[Generated, float]:
    """Run to the end; return the outcome, and the seconds of this thread."""
    began = time.thread_time()
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value, time.thread_time() - began


def main() -> None:
    """Print a row for what repeats itself and one for ordinary files."""
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=1)
    spelling, prompter, trust = Spelling(model), Prompter(model), trust_of(model.metadata)

    def written(prompt: Prompt, place: Place, *, ahead: bool) -> tuple[Generated, float]:
        # The prompt is read, and nothing of the answer before.
        for tokens in (prompt.tokens[:-1], prompt.tokens):
            for _ in model.evaluate(tokens):
                pass
        model._goes_back = ahead
        return finished(generate(model, spelling, prompt, Limits(64, 60.0, block_indentation(place)), trust))

    sources = {path: (Path(recoder_lsp.__file__).parent / path).read_text(encoding="utf-8") for path in FILES}
    for label, texts in (("a class that repeats itself", {"events.py": EVENTS}), ("files of this repository", sources)):
        n_tokens = n_drafted = n_accepted = n_blocks = 0
        seconds = {True: 0.0, False: 0.0}
        for place in (place for path, text in texts.items() for place in places(path, text)):
            prompt = prompter.prompt(place, Budget(elsewhere=3000))
            runs = {ahead: [written(prompt, place, ahead=ahead) for _ in range(ROUNDS)] for ahead in (False, True)}
            result = runs[True][0][0]
            if result.text != runs[False][0][0].text:
                print(f"another text came out in {place.path}")
            n_tokens, n_blocks = n_tokens + result.decoded_tokens, n_blocks + 1
            n_drafted, n_accepted = n_drafted + result.drafted_tokens, n_accepted + result.accepted_tokens
            for ahead in seconds:
                seconds[ahead] += min(taken for _, taken in runs[ahead])
        print(
            f"{label:28} {n_blocks:3} blocks {n_tokens:5} tokens {n_tokens / seconds[False]:6.0f} tokens/s without "
            f"{n_tokens / seconds[True]:6.0f} with; drafted {n_drafted}, accepted {n_accepted}"
        )
    model.close()


if __name__ == "__main__":
    main()
