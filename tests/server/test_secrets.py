"""Whatever is asked, no model reads a secret, none is answered, kept or logged: with the real app and real models, in this process."""

import logging
import subprocess
from pathlib import Path

import pytest

from recoder_lsp.app import App
from recoder_lsp.engine.tokenizing import Tokenizer
from tests.scripted_chat import scripted_model
from tests.server.talking import Conversation, at, opened

SECRET = "correct-horse-7"
CODE = f"""import store

PASSWORD = "{SECRET}"


def connect(host):
    return store.open("postgres://me:{SECRET}@" + host)


def close(link):
    return link.
"""
ENV = f"NAME={SECRET}\n"
COMMAND = "workspace/executeCommand"
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 11, "character": 0}}
COMMANDS = (
    ("recoder.chat", {"message": "What does connect do?"}),
    ("recoder.chat", {"message": f"Why does it fail with password = '{SECRET}'?"}),
    ("recoder.chat", {"message": "/explain"}),
    ("recoder.explain", {}),
    ("recoder.edit", {"instruction": "use a context manager"}),
    ("recoder.simplify", {}),
    ("recoder.tests", {}),
    ("recoder.docs", {}),
    ("recoder.commitMessage", {}),
    ("recoder.search", {"query": "password"}),
)


class RealConversation(Conversation):
    """Spoken to with the real app."""

    def _build(self, settings):
        self.apps.append(App.build(settings))
        return self.app


@pytest.fixture
def read_by_models(monkeypatch):
    """Every text that became tokens."""
    texts: list[str] = []
    original = Tokenizer._tokenize

    def listening(self, text, *, parse_special):
        texts.append(text)
        return original(self, text, parse_special=parse_special)

    monkeypatch.setattr(Tokenizer, "_tokenize", listening)
    return texts


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "main.py").write_text(CODE)
    (folder / ".env").write_text(ENV)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    subprocess.run(["git", "-C", folder, "add", "--all", "--force"], check=True)
    return folder


@pytest.fixture
async def talk(tmp_path, project):
    talk = RealConversation()
    settings = {"models": {"chat": str(scripted_model(tmp_path, "It opens the store."))}, "index": {"enabled": False}}
    talk.initialize(rootUri=project.as_uri(), initializationOptions=settings)
    yield talk
    await talk.server.protocol.session.close()


def files_with(text, folder):
    return [file for file in Path(folder).rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


async def asked(talk, method, params):
    talk.sent = [message for message in talk.sent if message.get("id") != "ask"]
    talk.say({"jsonrpc": "2.0", "id": "ask", "method": method, "params": params})
    (answer,) = await talk.heard(lambda message: message.get("id") == "ask" and "method" not in message)
    return answer


@pytest.mark.parametrize("name", ["main.py", ".env"])
async def test_no_model_reads_a_secret_and_none_is_answered_kept_or_logged(talk, project, name, read_by_models, caplog, recoder_home):
    caplog.set_level(logging.DEBUG)
    uri = (project / name).as_uri()
    talk.say(opened(CODE if name == "main.py" else ENV, uri))
    answers = []

    for line in (3, 6, 10):
        answers.append(await asked(talk, "textDocument/inlineCompletion", at(line, 16, uri)))
    for line in (2, 5):
        answers.append(await asked(talk, "textDocument/hover", at(line, 5, uri)))
    for command, options in COMMANDS:
        arguments = {"textDocument": {"uri": uri}, "range": WHOLE} | options
        answers.append(await asked(talk, COMMAND, {"command": command, "arguments": [arguments]}))

    assert len(read_by_models) > len(COMMANDS)
    assert [answer for answer in answers if SECRET in str(answer)] == []
    assert not [text for text in read_by_models if SECRET in text]
    assert files_with(SECRET, recoder_home) == []
    assert SECRET not in caplog.text
