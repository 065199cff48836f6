"""Finds credentials that somebody published by mistake."""

from __future__ import annotations

import re

_CREDENTIAL = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}"
    r"|\bglpat-[\w-]{20}"
    r"|\b[sr]k_live_[A-Za-z0-9]{16,}|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bAIza[0-9A-Za-z_-]{35}|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\bpypi-AgEIcHlwaS5vcmc[\w-]{40,}|\bSG\.[\w-]{22}\.[\w-]{43}|\bsk-[A-Za-z0-9]{40,}|\bsk-(?:proj|ant|svcacct)-[\w-]{40,}"
    r"|\bGOCSPX-[\w-]{28}|\bya29\.[\w-]{30,}|\bhf_[A-Za-z]{34}\b|\bdckr_pat_[\w-]{27}"
    r"|(?i:aws_secret\w*)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+]{40}[\"']"
    r"|hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"
)


def has_credential(text: str) -> bool:
    """Say whether a private key or an access token is in a text: the whole file is dropped then."""
    return bool(_CREDENTIAL.search(text))
