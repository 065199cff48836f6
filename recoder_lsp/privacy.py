"""What may not leave: a guard against network access, and the recognition of files that hold secrets."""

import contextlib
import fnmatch
import ipaddress
import logging
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

SECRET_NAMES = (
    *(".env", ".env.*", "*.env", ".envrc", "*.tfvars", "*.tfstate"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.gpg", "*.ppk", "*.asc"),
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"),
    *(".netrc", "_netrc", ".pgpass", ".my.cnf", ".htpasswd", ".npmrc", ".pypirc", ".dockercfg", ".git-credentials", ".vault-token"),
    *("credentials", "credentials.json", "credentials.toml", "client_secret*.json", "service-account*.json", "service_account*.json"),
    *(f"{stem}.{ending}" for stem in ("secret", "secrets") for ending in ("yml", "yaml", "json", "toml", "ini", "txt")),
)
HARMLESS_NAMES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "sample.env")
_SECRET_NAME = re.compile("|".join(map(fnmatch.translate, SECRET_NAMES)))
SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud", ".password-store"})


class NetworkForbidden(RecoderError, ConnectionError):
    """Something tried to leave this machine. A ConnectionError too, so that libraries treat it as being offline."""


class NetworkGuard:
    """Refuses every socket that is not local, until a door is opened. Made by `forbid_network`."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._open_doors = 0
        self._lifted = False

    @contextlib.contextmanager
    def door(self, reason: str) -> Iterator[None]:
        """Allow the network while this is entered, on every thread; `reason` names the setting or command behind it."""
        self._log.info("Network opened: %s", reason)
        with self._lock:
            self._open_doors += 1
        try:
            yield
        finally:
            with self._lock:
                self._open_doors -= 1
            self._log.info("Network closed: %s", reason)

    def lift(self) -> None:
        """Stop refusing for good. An audit hook cannot be removed, so tests need this."""
        self._lifted = True

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Called for every audited event of the interpreter: the first test has to be cheap.
        if not event.startswith("socket.") or self._lifted:
            return
        host = _host_of(event, arguments)
        if host is None or is_local(host):
            return
        with self._lock:
            if self._open_doors:
                return
        self._log.warning("Refused: %s to a host that is not this machine.", event)
        raise NetworkForbidden(
            gettext("Recoder refused a network connection that nobody asked for."),
            gettext("Only a setting or command of yours opens the network. Please report what you were doing."),
        )


def forbid_network(log: logging.Logger) -> NetworkGuard:
    """From now on refuse every connection and name look-up of this process that is not local.

    Covers what goes through Python's sockets, whoever calls them. A library that opens sockets in its own native code
    is not seen: keep those offline by their settings.
    """
    guard = NetworkGuard(log)
    sys.addaudithook(guard.audit)
    return guard


def is_secret_path(path: str) -> bool:
    """Whether a file of this name usually holds secrets: such a file is not read for prompts and gets no suggestions."""
    *folders, name = re.split(r"[/\\]", path.lower())
    if not SECRET_FOLDERS.isdisjoint(folders):
        return True
    return name not in HARMLESS_NAMES and _SECRET_NAME.match(name) is not None


def is_local(host: str) -> bool:
    """Whether a host, by name or address, is this machine."""
    name = host.rstrip(".").lower()
    if name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    # 0.0.0.0 and :: mean every address of this machine to a listener, and this machine itself to a caller.
    return address.is_loopback or address.is_unspecified


def _host_of(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The host that an audited socket event is about; None if it is about none, as for a Unix socket."""
    match event, arguments:
        case ("socket.connect" | "socket.sendto" | "socket.sendmsg", (_, (host, *_))):
            pass
        case ("socket.getaddrinfo" | "socket.gethostbyname" | "socket.gethostbyaddr", (host, *_)):
            pass
        case ("socket.getnameinfo", ((host, *_), *_)):
            pass
        case _:
            return None
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return host if isinstance(host, str) else None
