"""The server as a process: how it ends, what it prints, what it loads."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from recoder_lsp.errors import RecoderError
from recoder_lsp.server import parent, serve_tcp
from recoder_lsp.server.frames import encode_frame
from tests.server.fake_app import FakeApp
from tests.server.talking import CLIENT, ROOT, TIMEOUT_S, Editor, at, notification, opened, request

INLINE = "textDocument/inlineCompletion"
HEAVY = {"llama_cpp", "numpy", "torch", "chromadb", "sentence_transformers"}


def test_exit_after_shutdown_is_success(start_editor):
    editor = start_editor()
    editor.initialize()
    editor.ask("shutdown")
    editor.say(notification("exit"))

    assert editor.exit_code() == 0


@pytest.mark.parametrize("initialized", [True, False])
def test_exit_without_shutdown_is_failure(start_editor, initialized):
    editor = start_editor()
    if initialized:
        editor.initialize()
    editor.say(notification("exit"))

    assert editor.exit_code() == 1


def test_an_editor_that_hangs_up_without_shutdown_is_failure(start_editor):
    editor = start_editor()
    editor.initialize()
    editor.hang_up()

    assert editor.exit_code() == 1


def test_an_editor_that_hangs_up_after_shutdown_is_success(start_editor):
    editor = start_editor()
    editor.initialize()
    editor.ask("shutdown")
    editor.hang_up()

    assert editor.exit_code() == 0


def test_exit_does_not_wait_for_what_still_runs(start_editor):
    editor = start_editor("never")
    editor.initialize()
    editor.say(opened(""), request(1, INLINE, at(0, 0)))
    editor.say(notification("exit"))

    assert editor.exit_code() == 1


def test_when_the_editors_process_dies_the_server_leaves(start_editor):
    victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    editor = start_editor()
    editor.initialize(processId=victim.pid)

    # Not collected yet: a process that has ended counts as gone although its id is still taken.
    victim.kill()

    assert editor.exit_code() == 1
    victim.communicate()


def test_a_process_id_that_means_nothing_here_is_not_watched(start_editor):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(TIMEOUT_S)
    editor = start_editor()

    editor.initialize(processId=child.pid)

    assert editor.ask("recoder/status")["result"]


def test_whether_a_process_runs():
    assert parent.is_running(os.getpid())
    assert not any(parent.is_running(process_id) for process_id in (0, -1, 2**31 - 1))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_closed_pipe_ends_the_server_quietly():
    reading_end, writing_end = os.pipe()
    command = (sys.executable, "-m", "tests.server.fake_app")
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writing_end, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writing_end)
    os.close(reading_end)
    server.stdin.write(encode_frame(request(1, "initialize", CLIENT)) * 3)
    server.stdin.flush()

    assert server.wait(TIMEOUT_S) == 1
    assert server.stderr.read() == b""
    server.stdin.close()
    server.stderr.close()


def test_whatever_a_library_prints_the_frames_stay_whole(start_editor):
    editor = start_editor("print_then_suggest")
    editor.initialize()
    editor.say(opened(""))

    assert editor.ask(INLINE, at(0, 0))["result"]["items"]
    assert editor.ask("shutdown")["result"] is None
    editor.say(notification("exit"))
    assert editor.exit_code() == 0
    assert editor.unreadable == []
    assert "even a child process" in editor.stderr_at_the_end()


def test_rude_input_is_survived_and_leaves_no_traceback(start_editor):
    editor = start_editor()
    editor.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", request(0, INLINE))
    assert editor.answer_to(None)["error"]["code"] == -32700
    assert editor.answer_to(0)["error"]["code"] == -32002
    editor.initialize()

    for rude in (b"Content-Length: nonsense\r\n\r\n", b"Content-Length: 3\r\n\r\n{{{", encode_frame("text"), encode_frame([])):
        editor.say(rude)
        assert editor.answer_to(None)["error"]["code"] in (-32700, -32600)

    editor.ask("shutdown")
    editor.say(notification("exit"))
    assert editor.exit_code() == 0
    assert "Traceback" not in editor.stderr_at_the_end()


def test_a_request_split_into_single_bytes_is_answered(start_editor):
    editor = start_editor()
    for byte in encode_frame(request(1, "initialize", CLIENT)):
        editor.say(bytes([byte]))

    assert "result" in editor.answer_to(1)


def test_a_cancel_right_behind_its_request_is_answered(start_editor):
    editor = start_editor("never")
    editor.initialize()
    editor.say(opened(""), request("slow", INLINE, at(0, 0)), notification("$/cancelRequest", {"id": "slow"}))

    assert editor.answer_to("slow")["error"]["code"] == -32800


def test_an_interrupt_ends_the_server_without_a_traceback(start_editor):
    editor = start_editor()
    editor.initialize()
    editor.process.send_signal(signal.SIGINT)

    assert editor.exit_code() == 130
    assert "Traceback" not in editor.stderr_at_the_end()


def test_initialize_is_answered_without_loading_anything_heavy():
    script = f"""
import sys
from tests.server.talking import CLIENT, Conversation, request
from recoder_lsp.server.protocol import Server
import asyncio

async def main():
    sent = []
    protocol = Server().protocol
    protocol.connect(sent.append)
    import json
    protocol.receive(json.dumps(request(1, "initialize", CLIENT)).encode())
    assert b'"result"' in sent[0], sent
    print(sorted({HEAVY} & set(sys.modules)))

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=TIMEOUT_S, check=False)

    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_host_that_others_can_reach_is_refused_unless_allowed():
    with pytest.raises(RecoderError, match="other machines"):
        serve_tcp("0.0.0.0", 0, allow_remote=False)
    with pytest.raises(RecoderError, match="other machines"):
        serve_tcp("example.org", 0, allow_remote=False)


def test_a_port_in_use_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RecoderError, match="Cannot listen"):
        serve_tcp("127.0.0.1", taken.getsockname()[1], allow_remote=False)


def test_over_tcp_one_editor_is_served(monkeypatch):
    codes = []
    # Not capsys: what another thread prints while it is read out gets lost.
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stderr", printed)
    server = threading.Thread(target=lambda: codes.append(serve_tcp("127.0.0.1", 0, False, FakeApp)), daemon=True)
    server.start()
    while "\n" not in (address := printed.getvalue()):
        time.sleep(0.01)
    with socket.create_connection(("127.0.0.1", int(address.strip().rpartition(":")[2])), timeout=TIMEOUT_S) as editor:
        editor.sendall(encode_frame(request(1, "initialize", CLIENT)))
        heard = editor.makefile("rb")
        length = int(heard.readline().split(b":")[1])
        heard.readline()
        assert json.loads(heard.read(length))["id"] == 1
        editor.sendall(encode_frame(request(2, "shutdown")) + encode_frame(notification("exit")))
        server.join(TIMEOUT_S)

    assert codes == [0]


def test_the_command_line_serves_over_stdio(server_command):
    with Editor(server_command) as editor:
        assert editor.initialize()["serverInfo"]["name"] == "recoder-lsp"
        assert editor.ask("recoder/status")["result"]["index"]["available"] is False
        editor.ask("shutdown")
        editor.say(notification("exit"))
        assert editor.exit_code() == 0
