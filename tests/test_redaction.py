"""What is taken out of texts as secret or personal, and what is left alone; the cases are in redaction_cases.toml."""

import random
import re
import string
import tomllib
from pathlib import Path

import pytest

from recoder_lsp.redaction import REDACTED, Redaction, mask_personal, redact
from recoder_lsp.secret_rules import RULES
from tests.proportion import assert_in_proportion

CASES = tomllib.loads((Path(__file__).parent / "redaction_cases.toml").read_text("utf-8"))
MARKED = re.compile(r"«(.*?)(?:\|([^»]*))?»", re.DOTALL)
ALPHABETS = {"": string.ascii_letters + string.digits, "h": "0123456789abcdef", "A": string.ascii_uppercase + "234567"}


def written_out(case: str) -> str:
    """The case with its runs of characters, always the same ones."""
    drawn = random.Random(case)
    return re.sub(r"<([hA]?)(\d+)>", lambda run: "".join(drawn.choices(ALPHABETS[run[1]], k=int(run[2]))), case)


@pytest.mark.parametrize("case", CASES["secrets"])
def test_secrets_are_taken_out_and_what_is_around_them_stays(case):
    case = written_out(case)
    text = MARKED.sub(lambda marked: marked[1], case)

    assert redact(text) == MARKED.sub(REDACTED, case)


@pytest.mark.parametrize("case", CASES["secrets"])
def test_what_was_taken_out_once_stays_as_it_is(case):
    once = redact(MARKED.sub(lambda marked: marked[1], written_out(case)))

    assert redact(once) == once


@pytest.mark.parametrize("case", CASES["harmless"])
def test_code_about_secrets_stays(case):
    text = written_out(case)

    assert redact(text) == text


@pytest.mark.parametrize("case", CASES["secrets"])
def test_the_pieces_of_a_text_are_redacted_like_the_whole(case):
    text = MARKED.sub(lambda marked: marked[1], written_out(case))
    redaction = Redaction(f"x = 1\n{text}\ny = 2\n")

    assert redaction.of(text) == redact(text) != text
    assert redaction.of("x = 1") == "x = 1"


@pytest.mark.parametrize("case", CASES["personal"])
def test_what_is_personal_is_masked_by_what_it_is(case):
    text = MARKED.sub(lambda marked: marked[1], case)

    assert mask_personal(text) == MARKED.sub(lambda marked: marked[2], case)


@pytest.mark.parametrize("text", CASES["nobodys"])
def test_what_is_nobodys_is_not_masked(text):
    assert mask_personal(text) == text


def test_what_is_personal_stays_where_nothing_leaves_this_machine():
    assert redact("jane.doe@firm.de, +49 30 12345678") == "jane.doe@firm.de, +49 30 12345678"


def test_every_rule_has_a_case():
    texts = [MARKED.sub(lambda marked: marked[1], written_out(case)) for case in CASES["secrets"]]

    assert [rule.name for rule in RULES if not any(rule.take_out(text) != text for text in texts)] == []


def test_no_rule_is_skipped_for_want_of_a_hint():
    texts = [MARKED.sub(lambda marked: marked[1], written_out(case)) for case in CASES["secrets"]]
    for rule in RULES:
        for text in texts:
            if rule.pattern.search(text):
                assert any(hint in (text.lower() if rule.ignores_case else text) for hint in rule.hints), (rule.name, text)


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "eyJ-" * 250_000, "-----BEGIN PRIVATE KEY-----" * 5_000, "password='" * 20_000, "a://b:" * 40_000, "eyJ." * 50_000],
)
@pytest.mark.timeout(20)
def test_a_hostile_text_does_not_stall_redaction(text):
    mask_personal(text)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "eyJ-",
            "eyJ-eyJ_",
            "eyJaaaaaaaaaaa.",
            "sk-a",
            "xoxb-",
            "pypi-",
            "ghp_a",
            "a-",
            "a.",
            "a+b-",
            "a://b:",
            "http://a:b",
            "a1",
            "A/+",
        ),
        *("password", "password='", "secret ", "authorization: bearer ", "-----BEGIN A", "-----BEGIN PRIVATE KEY-----", "-----END ", "MA."),
        *(
            "password=\"password='",
            'token="a\\"',
            "--secret ",
            "<secret>",
            "secret: a",
            "password:str",
            "&key=",
            'secret="""',
            "curl -u a:",
        ),
        *(
            "Private-Lines: 1\nAAAA ",
            "key=",
            "?a-",
            '"x-',
            "a@",
            "a@a.",
            "+1 ",
            "(030) 1 ",
            "DE89 ",
            "DE893704",
            "4111 ",
            "4111",
            "0049 3 ",
        ),
    ],
)
@pytest.mark.timeout(20)
def test_redaction_takes_time_in_proportion_to_the_text(piece):
    # Below the bounds of the patterns' parts, where what is not linear shows: with them it only looks linear, at a high price.
    def redacted(n: int) -> None:
        text = (piece * n)[:n]
        for _ in range(5):
            mask_personal(text)

    assert_in_proportion(redacted, 500)
