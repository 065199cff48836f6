"""What eglot and lsp-mode say of themselves is on record, for the tests of the server; written where WRITE_RECORDS is set."""

from tests.editors.emacs.driving import lisp_list
from tests.editors.recording import Recorder, assert_on_record

NAMES = {
    ("28", "eglot"): "eglot-1.9",
    ("28", "lsp-mode"): "lsp-mode-8.0",
    ("30", "eglot"): "eglot-1.17",
    ("30", "lsp-mode"): "lsp-mode-10.0",
}


def test_what_it_announces_is_on_record(desk):
    recorder = Recorder(desk.folder)
    with desk.emacs(f"(setq recoder-command {lisp_list(recorder.command)})") as editor:
        editor.type(f"<C-x><C-f>{editor.project}/shop.py<CR>")
        editor.until(recorder.has_heard, "what it says")

    assert_on_record(NAMES[desk.version, desk.client], recorder.said)
    if desk.client == "eglot":
        assert recorder.said["capabilities"]["textDocument"]["inlineCompletion"] == {"dynamicRegistration": False}
