"""A real Emacs in a terminal: keys go in, Lisp is evaluated in it, and its screen is read."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.editors.emacs.installing import Emacs
from tests.editors.terminal import TIMEOUT_S, Terminal

# As much of a terminal as pyte is: it neither repeats characters nor scrolls by several lines at once.
TERMINAL = "linux"
BEGIN = """
;; -*- lexical-binding: t; -*-
(setq native-comp-enable-subr-trampolines nil comp-enable-subr-trampolines nil
      native-comp-jit-compilation nil native-comp-deferred-compilation nil
      inhibit-startup-screen t initial-scratch-message nil ring-bell-function 'ignore
      suggest-key-bindings nil extended-command-suggest-shorter nil
      make-backup-files nil auto-save-default nil create-lockfiles nil
      server-socket-dir %(socket)s server-name "emacs")
(require 'server)
(defun test-answer (code)
  "Evaluate CODE in the buffer that is shown, and return its value as JSON."
  (with-current-buffer (window-buffer (selected-window))
    (let ((value (eval code t)))
      (decode-coding-string
       (json-serialize (vector (cond ((eq value t) t) ((null value) :null) ((symbolp value) (symbol-name value)) (t value))))
       'utf-8))))
%(init)s
(server-start)
"""


class LispError(Exception):
    """Emacs said that something failed."""


class RunningEmacs(Terminal):
    """One Emacs, ended by `with`."""

    def __init__(self, emacs: Emacs, init: str, folder: Path, environ: Mapping[str, str], rows: int = 30) -> None:
        self._client, self.project = emacs.client, folder / "project"
        # The path of a socket has to be short.
        self._socket = tempfile.TemporaryDirectory(prefix="recoder-emacs-")
        begin = folder / "begin.el"
        begin.write_text(BEGIN % {"socket": json.dumps(self._socket.name), "init": init}, encoding="utf-8")
        own = {**emacs.environ, "TERM": TERMINAL, "HOME": str(folder / "user"), **environ}
        (folder / "user").mkdir(exist_ok=True)
        super().__init__([*emacs.command, "-Q", "-nw", "-l", str(begin)], self.project, own, rows=rows)
        self.until(lambda: os.path.exists(f"{self._socket.name}/emacs"), "Emacs")

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._socket.cleanup()

    def lisp(self, code: str) -> Any:
        """The value of an expression in the buffer that is shown: a string, a number, a vector, true or None; of symbols their names."""
        asked = [*self._client, "-s", f"{self._socket.name}/emacs", "--eval", f"(test-answer '{code})"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=TIMEOUT_S * 3, check=False)
        if done.returncode or not done.stdout:
            raise LispError(f"{done.stderr or done.stdout} On the screen:\n{self}")
        # A Lisp string as it is read, with JSON in it.
        return json.loads(json.loads(done.stdout))[0]

    def command(self, name: str, *answers: str) -> None:
        """M-x NAME, with what is typed where it asks."""
        self.type("<M-x>" + name + "<CR>" + "".join(answer + "<CR>" for answer in answers))

    @property
    def text(self) -> str:
        """Of the buffer that is shown."""
        text: str = self.lisp("(buffer-substring-no-properties (point-min) (point-max))")
        return text

    def quit(self) -> int:
        """Leave it without saving; its exit code."""
        self.lisp(
            "(progn (run-with-timer 0 nil (lambda () (dolist (each (buffer-list)) (with-current-buffer each"
            " (set-buffer-modified-p nil))) (let (kill-emacs-query-functions confirm-kill-processes) (save-buffers-kill-emacs)))) t)"
        )
        return self.exit_code()


def lisp_list(values: Sequence[str]) -> str:
    """A quoted list of strings."""
    return f"'({' '.join(map(json.dumps, values))})"
