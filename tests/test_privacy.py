import asyncio
import logging
import socket
import time

import pytest

from recoder_lsp.errors import RecoderError
from recoder_lsp.privacy import NetworkForbidden, forbid_network, is_secret_path, redact

# An address for documentation: nobody answers there.
ELSEWHERE = ("192.0.2.1", 9)


@pytest.fixture
def guard():
    guard = forbid_network(logging.getLogger("test"))
    yield guard
    guard.lift()


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda: socket.create_connection(ELSEWHERE, timeout=0.1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ELSEWHERE),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(ELSEWHERE),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(("2001:db8::1", 9)),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.gethostbyname("example.org"),
        lambda: asyncio.run(asyncio.open_connection(*ELSEWHERE)),
    ],
)
def test_nothing_leaves_this_machine(guard, reach_out):
    with pytest.raises(NetworkForbidden):
        reach_out()


def test_a_refusal_looks_like_being_offline_to_a_library_and_has_a_hint_for_the_user(guard):
    with pytest.raises(ConnectionError) as refused:
        socket.create_connection(ELSEWHERE, timeout=0.1)

    assert isinstance(refused.value, RecoderError)
    assert refused.value.hint
    assert str(refused.value) == f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10"])
def test_this_machine_can_be_reached(guard, host):
    with socket.create_server(("0.0.0.0", 0)) as server, socket.create_connection((host, server.getsockname()[1]), timeout=5) as client:
        assert client.getpeername()


def test_unix_sockets_are_local(guard, tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_an_open_door_lets_through_until_it_closes(guard, caplog):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    with caplog.at_level("INFO"), guard.door("a model download"), datagrams:
        datagrams.connect(ELSEWHERE)

    assert "a model download" in caplog.text
    with pytest.raises(NetworkForbidden):
        socket.getaddrinfo("example.org", 443)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter", "[redacted]\nafter"),
        ("before -----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl and then it is cut", "before [redacted]"),
        ("postgres://user:hunter22@db/x", "postgres://user:[redacted]@db/x"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
        ('password = "correct horse"', 'password = "[redacted]"'),
        ("DB_PASSWORD: 'correct horse'", "DB_PASSWORD: '[redacted]'"),
        ('{"api_key": "0123456789"}', '{"api_key": "[redacted]"}'),
        ("password = read_password()", "password = read_password()"),
        ("token = tokens[0]", "token = tokens[0]"),
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer [redacted]"),
        ("x = 'ghp_" + "a" * 36 + "'", "x = '[redacted]'"),
        ("AKIA" + "A" * 16, "[redacted]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLi4u", "[redacted]"),
        ("def add(a, b):\n    return a + b\n", "def add(a, b):\n    return a + b\n"),
    ],
)
def test_secrets_are_taken_out_and_code_stays(text, expected):
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "eyJ-" * 250_000, "-----BEGIN PRIVATE KEY-----" * 5_000, "password='" * 20_000, "a://b:" * 40_000, "eyJ." * 50_000],
)
@pytest.mark.timeout(20)
def test_a_hostile_text_does_not_stall_redaction(text):
    redact(text)


@pytest.mark.parametrize(
    "piece",
    [
        *("eyJ-", "eyJ-eyJ_", "eyJaaaaaaaaaaa.", "sk-a", "xoxb-", "pypi-", "ghp_a", "a-", "a.", "a+b-", "a://b:", "http://a:b"),
        *("password", "password='", "secret ", "authorization: bearer ", "-----BEGIN A", "-----BEGIN PRIVATE KEY-----", "-----END "),
    ],
)
@pytest.mark.timeout(20)
def test_redaction_takes_time_in_proportion_to_the_text(piece):
    # Below the bounds of the patterns' parts, where what is not linear shows: with them it only looks linear, at a high price.
    short, long = (piece * 250)[:500], (piece * 4_000)[:4_000]

    growth = seconds_for(long) / seconds_for(short)

    assert growth < 20, "8 times the text should take 8 times as long"


def seconds_for(text):
    """Processor time of a redaction, at best: others use the processor too."""
    taken = []
    for _ in range(7):
        started = time.thread_time()
        for _ in range(20):
            redact(text)
        taken.append(time.thread_time() - started)
    return min(taken)


@pytest.mark.parametrize(
    "path",
    [
        *("/project/.env", "/project/.env.production", "prod.env", "C:\\keys\\server.PEM", "/home/me/.ssh/config", "/home/me/.aws/config"),
        *("id_rsa", "deploy.key", "credentials", ".netrc", ".npmrc", "secrets.yaml", "service-account-prod.json", "terraform.tfstate"),
    ],
)
def test_files_that_usually_hold_secrets_are_known(path):
    assert is_secret_path(path)


@pytest.mark.parametrize(
    "path", ["environment.py", ".env.example", "keys.py", "secrets.py", "credentials.py", "id_rsa.pub", "/env/main.py", ""]
)
def test_ordinary_files_are_not_secret(path):
    assert not is_secret_path(path)
