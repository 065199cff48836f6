"""Every kind of credential that a file is dropped for."""

import pytest

from recoder_lsp.training.corpus.credentials import has_credential


# Put together here, so that nobody who searches this repository for secrets finds one.
@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
        "AKIA" + "A1" * 8,
        "ghp_" + "a" * 36,
        "github_pat_" + "a_" * 40,
        "glpat-" + "a-" * 10,
        "sk_live_" + "a" * 24,
        "xoxb-" + "1-" * 12,
        "AIza" + "a" * 35,
        "npm_" + "a" * 36,
        "pypi-AgEIcHlwaS5vcmc" + "a-" * 30,
        "SG." + "a" * 22 + "." + "b" * 43,
        "sk-" + "a1" * 24,
        "sk-ant-api03-" + "Ab1_" * 23 + "-AAAA",
        "sk-proj-" + "aB3-_xY9" * 15,
        "sk-svcacct-" + "aB3-_xY9" * 15,
        "GOCSPX-" + "a-" * 14,
        "ya29." + "a0_-" * 15,
        "hf_" + "aB" * 17,
        "dckr_pat_" + "a-B" * 9,
        "AWS_SECRET_ACCESS_KEY = '" + "aB/+" * 10 + "'",
        '"aws_secret_key": "' + "aB/+" * 10 + '"',
        "https://hooks.slack.com/services/T" + "A" * 8 + "/B" + "A" * 8 + "/" + "a" * 24,
    ],
)
def test_a_credential_is_found(text):
    assert has_credential(f'key = "{text}"\n')


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        'class="task-project-' + "a-" * 30,
        "hf_hub_download_from_the_cache_and_elsewhere",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
        "aws_secret_access_key = '<your key>'",
    ],
)
def test_code_about_credentials_is_none(text):
    assert not has_credential(text)
