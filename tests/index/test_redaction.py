"""The quick way to take secrets out finds what `privacy.redact` finds."""

from __future__ import annotations

import pytest

from recoder_lsp.index.redaction import Redaction
from recoder_lsp.privacy import redact

SECRETS = (
    *(f"gh{letter}_{'a' * 36}" for letter in "pousr"),
    *("github_pat_" + "a" * 30, "glpat-" + "a" * 20, "npm_" + "a" * 36, "hf_" + "a" * 30, "pypi-" + "a" * 40, "AKIA" + "A" * 16),
    *("ASIA" + "A" * 16, "AIza" + "a" * 35, "sk-" + "a" * 20, "sk_live_" + "a" * 20, "rk_live_" + "a" * 20, "xoxb-" + "a" * 10),
    *("eyJ" + "a" * 10 + "." + "a" * 10 + "." + "a" * 10, "-----BEGIN RSA PRIVATE KEY-----\nMII"),
    *("AUTHORIZATION: Bearer abcdefgh", "redis://me:hunter22@there"),
    *(
        f"{name} = 'hunter22'"
        for word in ("password", "passwd", "passphrase", "secret", "apikey", "api_key", "accesskey", "access_key")
        for name in (word, f"MY_{word.upper()}")
    ),
    *(
        "authtoken = 'hunter22'",
        "Auth_Token: 'hunter22'",
        "privatekey = 'hunter22'",
        "PRIVATE_KEY = 'hunter22'",
        "pa\u017f\u017fword = 'hunter22'",
    ),
)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_taken_out_of_the_piece_that_has_it(secret: str) -> None:
    redaction = Redaction(f"x = 1\n{secret}\ny = 2\n")

    assert redaction.of(secret) == redact(secret) != secret
    assert redaction.of("x = 1") == "x = 1"
