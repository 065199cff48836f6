"""Removing unused imports: files before and after, as unused_import_cases.toml has them."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features.actions.imports import removing
from tests.features.actions.importing import done, site_of

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("unused_import_cases.toml").read_text("utf-8")).items()
    for case in cases
]


def offered(language, case):
    site = site_of(language, case["before"], says=case.get("says", ""), path=case.get("path"))
    return site, list(removing.offers(site))


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
def test_what_nobody_uses_is_taken_out_and_nothing_else(language, case):
    site, offers = offered(language, case)

    assert (done(site, offers[0]) if offers else None) == case.get("after")
    if "offers" in case:
        assert [offer.title for offer in offers] == case["offers"]
    if "all" in case:
        assert done(site, offers[-1]) == case["all"]
