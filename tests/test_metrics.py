import threading

from recoder_lsp.errors import RecoderError
from recoder_lsp.metrics import BUCKETS_MS, Metrics, memory_bytes


def test_counts_add_up():
    metrics = Metrics()

    metrics.count("shown")
    metrics.count("shown", 2)

    assert metrics.snapshot()["counts"] == {"shown": 3}


def test_latencies_fall_into_the_bucket_that_ends_at_or_above_them():
    metrics = Metrics()

    for ms in (0, 1, 1.5, 5000, 5001):
        metrics.observe("ghost", ms)

    filled = {end: n for end, n in metrics.snapshot()["latency_ms"]["ghost"]["buckets"].items() if n}
    assert filled == {"1": 2, "2": 1, "5000": 1, "+inf": 1}


def test_percentiles_lie_in_the_right_bucket_and_never_above_the_slowest():
    metrics = Metrics()

    for ms in [4] * 90 + [150] * 10:
        metrics.observe("ghost", ms)

    latency = metrics.snapshot()["latency_ms"]["ghost"]
    assert (latency["count"], latency["sum"]) == (100, 1860)
    assert 2 < latency["p50"] <= 4
    assert 100 < latency["p95"] <= 150


def test_one_latency_beyond_the_last_bucket_has_a_finite_percentile():
    metrics = Metrics()

    metrics.observe("load", 60_000)

    assert BUCKETS_MS[-1] < metrics.snapshot()["latency_ms"]["load"]["p50"] <= 60_000


def test_no_count_is_lost_between_threads():
    metrics = Metrics()
    threads = [threading.Thread(target=lambda: [metrics.count("n") for _ in range(1000)]) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert metrics.snapshot()["counts"] == {"n": 4000}


def test_a_snapshot_is_a_copy():
    metrics = Metrics()
    metrics.count("n")

    metrics.snapshot()["counts"]["n"] = 100

    assert metrics.snapshot()["counts"] == {"n": 1}


def test_memory_is_what_a_python_process_needs_at_least():
    assert 5_000_000 < memory_bytes() < 100_000_000_000


def test_an_error_reads_as_message_and_hint():
    assert str(RecoderError("The model is missing.", "Install it.")) == "The model is missing. Install it."
    assert str(RecoderError("The model is missing.")) == "The model is missing."
