"""In which order the one writing thread does things, and how it makes room, rests, and begins anew."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process import worker as worker_module
from recoder_lsp.index.process.pace import CpuShare, Seldom
from recoder_lsp.index.process.promises import NotReady
from recoder_lsp.index.process.reported import MANY_PATHS, PATHS_AT_ONCE
from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.index.process.worker import Worker

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Progress:
    phase: str
    done: int
    total: int
    n_files: int = 0
    n_chunks: int = 0


@dataclass(frozen=True)
class Summary:
    complete: bool
    number: int


@dataclass
class Steps:
    """A core that reads one "file" each time the test lets it, and remembers everything it did."""

    done: list[str] = field(default_factory=list)
    may_read: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    n_left: int = 0
    n_rounds: int = 0
    fails: dict[str, BaseException] = field(default_factory=dict)
    again: bool = False
    n_flushes: int = 0
    n_phrases: int = 0
    phrases_take_longer: bool = False

    def _do(self, what: str) -> None:
        self.done.append(what)
        if (error := self.fails.pop(what, None)) is not None:
            raise error

    def reconcile(self, report: Callable[[Progress], None], should_stop: Callable[[], bool]) -> Summary:
        self._do("reconcile")
        while self.n_left:
            self.may_read.acquire()
            self.n_left -= 1
            self._do("read")
            report(Progress("indexing", 0, self.n_left))
            if should_stop():
                return Summary(False, self.n_rounds)
        self.n_rounds += 1
        return Summary(True, self.n_rounds)

    def restart_round(self) -> None:
        self._do("restart")

    def update(self, paths: Any, should_stop: Callable[[], bool]) -> bool:
        self._do("update " + " ".join(paths))
        again, self.again = self.again, False
        return again

    def open_buffer(self, path: str, text: str, language: str) -> bool:
        self._do(f"buffer {path} {text}")
        return False

    def close_buffer(self, path: str) -> bool:
        self._do(f"close {path}")
        return False

    def flush(self, should_stop: Callable[[], bool]) -> bool:
        self.n_flushes += 1
        if (error := self.fails.pop("flush", None)) is not None:
            raise error
        return True

    def keep_phrases(self, should_stop: Callable[[], bool]) -> bool:
        self.n_phrases += 1
        return not self.phrases_take_longer

    def check(self) -> list[str]:
        self._do("check")
        return []

    def close(self) -> None:
        self._do("closed")

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        return method, params


class Running:
    """A worker around such a core, and the states it reported."""

    def __init__(self, core: Steps, settings: IndexSettings) -> None:
        self.core = core
        self.states: list[IndexState] = []
        self.opened: list[IndexSettings] = []
        self.refuses_to_open: list[Exception] = []
        self.worker = Worker(self._open, settings, self.states.append)

    def _open(self, settings: IndexSettings) -> Steps:
        if self.refuses_to_open:
            raise self.refuses_to_open.pop()
        self.opened.append(settings)
        return self.core

    def wait_for(self, wanted: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not wanted():
            assert time.monotonic() < deadline, (self.core.done, self.states)
            time.sleep(0.002)

    def until_idle(self) -> None:
        self.wait_for(lambda: self.worker.state.phase == "idle")


@pytest.fixture
def begin() -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(n_files: int = 0, settings: IndexSettings | None = None) -> Running:
        running.append(Running(Steps(n_left=n_files), settings or IndexSettings(cpu_percent=100)))
        return running[-1]

    yield begin
    for each in running:
        each.core.may_read.release(10_000)
        assert each.worker.close(DEADLINE_S)
        assert each.core.done[-1] == "closed" or not each.opened


def test_it_opens_reconciles_and_is_idle(begin):
    running = begin()
    running.until_idle()

    assert running.core.done == ["reconcile"]
    assert [state.phase for state in running.states] == ["scanning", "idle"]
    assert running.worker.answer("search", {"x": 1}) == ("search", {"x": 1})


def test_a_saved_file_interrupts_between_two_files(begin):
    running = begin(n_files=3)
    running.wait_for(lambda: "reconcile" in running.core.done)

    running.worker.saved(["a"])
    running.core.may_read.release()
    running.wait_for(lambda: "update a" in running.core.done)
    running.core.may_read.release(2)
    running.until_idle()

    assert running.core.done == ["reconcile", "read", "update a", "reconcile", "read", "read"]


def test_saved_files_come_before_watched_ones_and_those_before_buffers(begin):
    running = begin(n_files=1)
    running.wait_for(lambda: "reconcile" in running.core.done)

    running.worker.buffer("c", "1", "python")
    running.worker.watched(["b"])
    running.worker.saved(["a"])
    running.core.may_read.release()
    running.until_idle()

    assert running.core.done == ["reconcile", "read", "update a", "update b", "buffer c 1", "reconcile"]


@pytest.mark.parametrize("what", ["open_buffer", "close_buffer"])
def test_a_buffer_after_which_nothing_is_sure_has_everything_looked_at_again(begin, monkeypatch, what):
    monkeypatch.setattr(Steps, what, lambda *_: True)
    running = begin()
    running.until_idle()

    if what == "open_buffer":
        running.worker.buffer(".gitignore", "", "ignore")
    else:
        running.worker.close_buffer(".gitignore")

    running.wait_for(lambda: running.core.done.count("reconcile") >= 2)


def test_of_a_buffer_only_the_latest_text_is_taken(begin):
    running = begin(n_files=1)
    running.wait_for(lambda: "reconcile" in running.core.done)

    for number in range(50):
        running.worker.buffer("c", str(number), "python")
    running.worker.buffer("d", "", "python")
    running.worker.close_buffer("d")
    running.core.may_read.release()
    running.until_idle()

    assert running.core.done == ["reconcile", "read", "buffer c 49", "close d", "reconcile"]


def test_many_changed_files_are_taken_in_small_portions_and_one_saved_meanwhile_before_the_rest(begin):
    running = begin(n_files=1)
    running.wait_for(lambda: "reconcile" in running.core.done)

    running.worker.watched(str(number) for number in range(PATHS_AT_ONCE + 1))
    running.worker.saved(["a"])
    running.core.may_read.release()
    running.until_idle()

    assert [len(done.split()) - 1 for done in running.core.done if done.startswith("update")] == [1, PATHS_AT_ONCE, 1]


def test_very_many_changed_files_are_left_to_a_new_round(begin):
    running = begin()
    running.until_idle()

    running.worker.watched(str(number) for number in range(MANY_PATHS + 1))
    running.wait_for(lambda: running.core.n_rounds == 2)

    assert running.core.done == ["reconcile", "restart", "reconcile"]


def test_a_core_in_doubt_is_reconciled_again(begin):
    running = begin()
    running.until_idle()
    running.core.again = True

    running.worker.saved([".gitignore"])
    running.wait_for(lambda: running.core.n_rounds == 2)

    assert running.core.done == ["reconcile", "update .gitignore", "reconcile"]


def test_pausing_stops_reading_and_resuming_goes_on(begin):
    running = begin(n_files=2)
    running.wait_for(lambda: "reconcile" in running.core.done)

    running.worker.pause()
    running.core.may_read.release()
    running.wait_for(lambda: running.worker.state.phase == "paused")
    assert running.core.done == ["reconcile", "read"]
    running.worker.saved(["a"])
    running.wait_for(lambda: "update a" in running.core.done)
    assert running.worker.state.phase == "paused"
    running.worker.resume()
    running.core.may_read.release()
    running.until_idle()

    assert running.core.done == ["reconcile", "read", "update a", "reconcile", "read"]


def test_what_is_asked_for_is_done_although_it_is_paused(begin):
    running = begin()
    running.until_idle()
    running.worker.pause()

    assert running.worker.reconcile().result(DEADLINE_S) == Summary(True, 2)
    assert running.worker.check().result(DEADLINE_S) == []


def test_a_pause_holds_up_nobody_who_waits_and_holds_afterwards(begin):
    running = begin(n_files=3)
    future = running.worker.reconcile()
    running.worker.pause()
    running.core.may_read.release(3)
    assert future.result(DEADLINE_S).complete

    running.worker.look_again()

    running.wait_for(lambda: running.worker.state.phase == "paused")


def test_after_a_key_nothing_happens_in_the_background_for_a_moment(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "HOLD_S", 1000.0)
    running = begin(n_files=3)
    running.wait_for(lambda: "reconcile" in running.core.done)

    running.worker.hold()
    running.core.may_read.release(3)
    running.worker.saved(["a"])
    running.worker.buffer("b", "", "python")
    running.wait_for(lambda: "buffer b " in running.core.done)

    # The file that was being read when the key was pressed is the only one.
    assert running.core.done == ["reconcile", "read", "update a", "buffer b "]
    monkeypatch.setattr(worker_module, "HOLD_S", 0.0)
    running.worker.hold()
    running.worker.resume()
    running.until_idle()


def test_who_asks_while_a_round_goes_on_is_answered_by_another_one(begin):
    running = begin(n_files=1)
    running.wait_for(lambda: "reconcile" in running.core.done)

    # The one that goes on may be past what changed since.
    future = running.worker.reconcile()
    running.core.may_read.release()

    assert future.result(DEADLINE_S) == Summary(True, 2)


def test_after_a_failure_the_core_is_opened_again_with_everything_that_is_open(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "FIRST_RETRY_S", 0.01)
    running = begin()
    running.until_idle()
    running.worker.buffer("b", "text", "python")
    running.wait_for(lambda: "buffer b text" in running.core.done)
    running.core.fails["update a"] = OSError(28, "No space left on device")

    running.worker.saved(["a"])
    running.wait_for(lambda: len(running.opened) == 2 and running.worker.state.phase == "idle")

    assert running.core.done == ["reconcile", "buffer b text", "update a", "closed", "buffer b text", "reconcile"]
    failed = next(state for state in running.states if state.phase == "failed")
    assert failed.reason == "The index failed: No space left on device."


class Panic(BaseException):
    """As a library in Rust raises it."""


def test_not_even_a_panic_ends_the_thread(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "FIRST_RETRY_S", 0.01)
    running = begin()
    running.until_idle()
    running.core.fails["update a"] = Panic()
    running.core.fails["closed"] = Panic()

    running.worker.saved(["a"])
    running.wait_for(lambda: len(running.opened) == 2 and running.worker.state.phase == "idle")
    running.core.answer = lambda *_: (_ for _ in ()).throw(Panic())

    with pytest.raises(NotReady, match="Panic"):
        running.worker.answer("search", {})


def test_one_that_cannot_be_opened_is_tried_again_after_longer_and_longer(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "FIRST_RETRY_S", 0.001)
    running = begin()
    running.until_idle()
    running.refuses_to_open = [RecoderError("No.", "Wait."), RecoderError("No.", "Wait.")]

    assert running.worker.rebuild(lambda: None).exception(DEADLINE_S).message == "No. Wait."
    with pytest.raises(NotReady):
        running.worker.answer("search", {})
    running.until_idle()

    assert len(running.opened) == 2
    assert [state.phase for state in running.states].count("failed") >= 1


def test_a_failing_check_is_told_to_who_asked(begin):
    running = begin()
    running.until_idle()
    running.core.fails["check"] = ValueError("x")

    assert "ValueError" in str(running.worker.check().exception(DEADLINE_S))


def test_who_cannot_wait_for_a_quiet_moment_has_the_vectors_written_at_once(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "FLUSH_AFTER_S", 3600.0)
    running = begin()
    running.wait_for(lambda: running.core.n_flushes == 1)
    running.worker.buffer("a.py", "x", "python")

    assert running.worker.settle().result(DEADLINE_S) is None
    assert "buffer a.py x" in running.core.done
    assert running.core.n_flushes == 2


def test_who_waits_for_the_vectors_is_told_of_a_failure(begin, monkeypatch):
    running = begin()
    running.core.fails["flush"] = ValueError("disk")

    assert isinstance(running.worker.settle().exception(DEADLINE_S), NotReady)


def test_phrases_are_not_built_again_until_they_have_rested_and_vectors_do_not_wait_for_that(begin, monkeypatch):
    monkeypatch.setattr(worker_module, "FLUSH_AFTER_S", 0.0)
    running = begin()
    running.wait_for(lambda: (running.core.n_phrases, running.core.n_flushes) == (1, 1))

    running.worker.saved(["a"])
    running.wait_for(lambda: running.core.n_flushes == 2)

    assert running.core.n_phrases == 1
    assert running.worker.settle().result(DEADLINE_S) is None
    assert running.core.n_phrases == 2


def test_phrases_are_built_before_vectors_are_written(begin):
    running = begin(n_files=1)
    running.core.phrases_take_longer = True
    running.core.may_read.release()

    running.wait_for(lambda: running.core.n_phrases >= 5)

    assert running.core.n_flushes == 0


def test_phrases_that_were_interrupted_go_on_after_what_is_urgent(begin):
    running = begin(n_files=1)
    running.core.phrases_take_longer = True
    running.core.may_read.release()
    running.wait_for(lambda: running.core.n_phrases >= 2)

    running.worker.saved(["a"])
    running.wait_for(lambda: "update a" in running.core.done)
    settled = running.worker.settle()
    n_phrases = running.core.n_phrases
    running.wait_for(lambda: running.core.n_phrases > n_phrases)

    assert not settled.done()
    running.core.phrases_take_longer = False
    assert settled.result(DEADLINE_S) is None


def test_phrases_that_wait_are_nothing_to_pause(begin):
    running = begin()
    running.wait_for(lambda: running.core.n_phrases == 1)

    running.worker.saved(["a"])
    running.wait_for(lambda: "update a" in running.core.done and running.core.n_flushes >= 2)
    running.worker.pause()
    running.worker.hold()

    assert running.worker.check().result(DEADLINE_S) == []
    assert running.worker.state.phase == "idle"


def test_what_is_done_seldom_rests_for_what_it_cost():
    seldom = Seldom(5.0, 1000)
    before = time.monotonic()

    for _ in range(2):
        with seldom.counting():
            used_until = time.thread_time() + 0.01
            while time.thread_time() < used_until:
                """Compute."""
    seldom.rest()
    dear = seldom.due_at - before
    before = time.monotonic()
    seldom.rest()

    assert dear >= 20.0
    assert seldom.due_at - before == pytest.approx(5.0, abs=1.0)


def test_other_settings_open_the_core_anew_and_a_smaller_share_does_not(begin):
    running = begin()
    running.until_idle()

    running.worker.configure(IndexSettings(cpu_percent=10, watch="never"))
    running.worker.configure(IndexSettings(cpu_percent=10, max_file_kb=5))
    running.wait_for(lambda: len(running.opened) == 2)

    assert [settings.max_file_kb for settings in running.opened] == [1024, 5]


def test_closing_ends_what_is_running_and_who_waits(begin):
    running = begin(n_files=1000)
    running.wait_for(lambda: "reconcile" in running.core.done)
    running.core.may_read.release(1)
    future = running.worker.reconcile()

    running.core.may_read.release(1)
    assert running.worker.close(DEADLINE_S)

    assert future.cancelled()
    assert running.core.done.count("read") <= 2
    with pytest.raises(NotReady):
        running.worker.answer("search", {})


def test_the_rest_makes_the_share_what_it_should_be():
    now = {"used": 0.0, "passed": 0.0}
    share = CpuShare(25, used=lambda: now["used"], clock=lambda: now["passed"])

    now.update(used=0.1, passed=0.1)
    assert share.rest_s() == pytest.approx(0.3)
    now.update(passed=0.4)
    assert share.rest_s() == 0
    # What was not used for long is not saved up.
    now.update(passed=100.0)
    assert share.rest_s() == 0
    now.update(used=0.2, passed=100.1)
    assert share.rest_s() == pytest.approx(0.3)
    # And one long step does not stop everything for long.
    now.update(used=60.0)
    assert share.rest_s() == 1


def test_all_of_a_core_needs_no_rest():
    share = CpuShare(100, used=lambda: 5.0, clock=lambda: 0.0)

    assert share.rest_s() == 0
