import asyncio
import logging
import socket

import pytest

from recoder_lsp.errors import RecoderError
from recoder_lsp.privacy import NetworkForbidden, forbid_network, is_secret_path

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
