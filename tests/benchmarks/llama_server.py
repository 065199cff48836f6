"""llama.cpp's own server, as xllamacpp brings it, in a process of its own: fills in at a caret over HTTP.

It is asked as fairly as its interface allows: as many tokens around the caret as our server reads, by whole lines, so that what
it has cached stays valid while a line is typed; as many tokens to write; greedily, with no other sampler to run; over one connection;
and with no more in its answer than is needed.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recoder_lsp.config import Settings
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.experts import SINGLE_LINE_TOKENS
from tests.benchmarks.trace import Answered, Key

HOST = "127.0.0.1"
READ_TOKENS, WRITTEN_TOKENS, VOCABULARY = 256, 16, 12_000


class LlamaServer:
    """Fills in with the prompt cache on; entering and leaving bounds the life of the process."""

    def __init__(self, model: Path, threads: int, *, suffix_first: bool = False) -> None:
        """Prepare; the process starts on entering. It takes the context that the model was trained for, as our server does.

        Args:
            model: The GGUF file.
            threads: For reading and for writing.
            suffix_first: Not `/infill`, whose order is prefix first, but `/completion` with the prompt that suits its cache best.

        Raises:
            RecoderError: xllamacpp is not installed.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            raise RecoderError("xllamacpp, which brings llama.cpp's server, is not installed.", "pip install --editable '.[benchmark]'")
        self._command = (sys.executable, "-m", "tests.benchmarks.llama_server", str(model), str(threads))
        self._n_tokens: dict[str, int] = {}
        self._window = (0, 0)
        self._suffix_first = suffix_first

    def __enter__(self) -> LlamaServer:
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, text=True)
        assert self._process.stdout is not None, "it was asked for"
        port = self._process.stdout.readline().strip()
        if not port:
            self._process.wait()
            self._stderr.seek(0)
            raise RecoderError("llama.cpp's server did not start.", self._stderr.read()[-1000:])
        self._connection = http.client.HTTPConnection(HOST, int(port))
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()
        self._process.kill()
        self._process.communicate()
        self._stderr.close()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def count_tokens(self, keys: Iterable[Key]) -> None:
        """Learn how many tokens each line of these documents has, so that `type` need not ask for it."""
        for line in {line for key in keys if key.starts_a_line for line in key.text.split("\n")}:
            self._n_tokens[line] = len(self._ask("/tokenize", {"content": "\n" + line})["tokens"])

    def type(self, key: Key) -> Answered:
        """Ask for the rest of the line after this key, whose line has begun with a key that starts one."""
        lines, (line_idx, character) = key.text.split("\n"), key.position
        if key.starts_a_line:
            self._window = self._window_around(lines, line_idx)
            # It hangs up when nothing is asked for some seconds.
            self._connection.close()
            self._connection.connect()
        first, end = self._window
        current = lines[line_idx]
        prefix = "\n".join([*lines[first:line_idx], current[:character]])
        suffix = "\n".join([current[character:], *lines[line_idx + 1 : end]])
        if self._suffix_first:
            path, place = "/completion", {"prompt": f"<|fim_suffix|>{suffix}<|fim_prefix|>{prefix}"}
        else:
            path, place = "/infill", {"input_prefix": prefix, "input_suffix": suffix}
        question = {
            **place,
            "n_predict": min(Settings().completion.max_tokens, SINGLE_LINE_TOKENS),
            "stop": ["\n"],
            "cache_prompt": True,
            "samplers": ["top_k"],
            "top_k": 1,
            "response_fields": ["content", "timings"],
        }
        began = time.perf_counter()
        answer = self._ask(path, question)
        ms = (time.perf_counter() - began) * 1000
        timings = answer["timings"]
        return Answered(ms, bool(answer["content"].strip()), True, timings["prompt_n"], timings["predicted_n"])

    def speeds(self) -> tuple[float, float]:
        """Measure how many tokens a second it reads and writes, of as many as our server measures at its start, the second time."""
        question = {
            "prompt": [place * 7919 % VOCABULARY for place in range(READ_TOKENS)],
            "n_predict": WRITTEN_TOKENS,
            "ignore_eos": True,
            "cache_prompt": False,
            "samplers": ["top_k"],
            "top_k": 1,
        }
        self._ask("/completion", question)
        timings = self._ask("/completion", question)["timings"]
        return timings["prompt_per_second"], timings["predicted_per_second"]

    def _window_around(self, lines: list[str], line_idx: int) -> tuple[int, int]:
        """Return the first line and the end of as many whole lines around this one as our server reads tokens."""
        completion = Settings().completion
        first, end = line_idx, line_idx + 1
        room = completion.prefix_tokens
        while first and (room := room - self._n_tokens[lines[first - 1]]) >= 0:
            first -= 1
        room = completion.suffix_tokens
        while end < len(lines) and (room := room - self._n_tokens[lines[end]]) >= 0:
            end += 1
        return first, end

    def _ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        self._connection.request("POST", path, json.dumps(question).encode(), {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise RecoderError(f"llama.cpp's server answered {path} with status {response.status}: {body[:200]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer


def serve(model: str, threads: int) -> None:
    """Run the server on a free port, which is printed, until stdin ends."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.hostnames, parameters.port, parameters.n_parallel = [HOST], 0, 1
    parameters.ui, parameters.verbosity = False, 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address.rpartition(":")[2], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
