"""The Lisp files themselves are as Emacs wants them."""

import json
import os
import shutil
import subprocess

import pytest

from tests.editors.emacs.conftest import LISP
from tests.editors.emacs.installing import emacs

TIMEOUT_S = 100


@pytest.fixture
def batch(version, tmp_path):
    """Evaluates Lisp in an Emacs without a screen, with a copy of our files in its load path."""
    shutil.copytree(LISP, tmp_path / "lisp")
    found = emacs(version)

    def run(*codes):
        off = "(setq native-comp-enable-subr-trampolines nil comp-enable-subr-trampolines nil native-comp-jit-compilation nil)"
        evaluated = [part for code in (off, *codes) for part in ("--eval", code)]
        command = [*found.command, "-Q", "--batch", "-L", str(tmp_path / "lisp"), *evaluated]
        environ = {**os.environ, **found.environ, "HOME": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environ)

    run.folder = tmp_path / "lisp"
    return run


def test_it_compiles_without_a_warning(batch):
    files = " ".join(json.dumps(str(path)) for path in sorted(batch.folder.glob("*.el")))

    done = batch("(setq byte-compile-error-on-warn t)", f"(dolist (file '({files})) (unless (byte-compile-file file) (kill-emacs 1)))")

    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
