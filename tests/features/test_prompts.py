"""Prompts: what is filled in, what is left out, and whose file counts."""

from pathlib import Path

import pytest

from recoder_lsp.engine.chat import Turn
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import prompts as prompts_module
from recoder_lsp.features.prompts import Prompts

OURS = Path(prompts_module.__file__).parent / "prompts"


@pytest.fixture
def own(tmp_path):
    """Write a prompt of the user's; return all prompts."""

    def written(text, name="chat"):
        (tmp_path / "prompts").mkdir(exist_ok=True)
        (tmp_path / "prompts" / f"{name}.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        return Prompts(tmp_path)

    return written


async def turns(prompts, name="chat", **fields):
    return (await prompts.load(name)).turns(fields)


async def test_ours_is_used_where_the_user_has_none(tmp_path):
    system, user = await turns(Prompts(tmp_path), passages="[1] a.py", diff="", question="why?")

    assert system.role == "system"
    assert "[1]" in system.content
    assert user == Turn("user", "[1] a.py\n\nwhy?")


@pytest.mark.parametrize("file", sorted(file.stem for file in OURS.glob("*.md")))
async def test_each_of_ours_can_be_read_and_asks_something(tmp_path, file):
    prompt = await Prompts(tmp_path).load(file)

    assert prompt.user or prompt.system


async def test_the_users_own_takes_its_place(own):
    prompts = own("For people.\n\n# System\n\nBe brief. <!-- not\nfor the model -->\n\n# User\n\nQ: {{question}}\n")

    assert await turns(prompts, question="why?") == (Turn("system", "Be brief."), Turn("user", "Q: why?"))


async def test_a_change_counts_at_once(own):
    prompts = own("# User\n\none {{question}}")
    await turns(prompts, question="?")

    own("# User\n\ntwo {{question}}")

    assert await turns(prompts, question="?") == (Turn("user", "two ?"),)


async def test_what_is_filled_in_is_never_taken_for_a_field(own):
    prompts = own("# User\n\n{{question}} {{passages}}")

    assert await turns(prompts, question="what is {{passages}}?", passages="here") == (Turn("user", "what is {{passages}}? here"),)


async def test_a_paragraph_without_anything_to_fill_in_is_left_out(own):
    prompts = own("# User\n\nThe file: {{file}}\n\n{{question}}")

    assert await turns(prompts, question="why?", file="") == (Turn("user", "why?"),)


async def test_secrets_are_left_out_of_what_is_filled_in(own):
    prompts = own("# User\n\n{{question}}")

    (user,) = await turns(prompts, question="key AKIAIOSFODNN7EXAMPLE")

    assert "AKIA" not in user.content


async def test_earlier_turns_stand_before_the_question(own):
    prompt = await own("# System\n\nS\n\n# User\n\n{{question}}").load("chat")
    earlier = (Turn("user", "a"), Turn("assistant", "b"))

    assert prompt.turns({"question": "c"}, earlier=earlier) == (Turn("system", "S"), *earlier, Turn("user", "c"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# User\n\n{{nothing}}", "has a field {{nothing}}"),
        ("# System\n\nonly this", 'no text under the heading "# User"'),
        (b"# User\n\n\xff\xfe\x00", "cannot be read"),
        ("# User\n\n" + "x" * 70_000, "larger than 64 KiB"),
    ],
    ids=["unknown field", "no question", "no text", "too large"],
)
async def test_what_is_wrong_with_ones_own_is_said(own, text, said):
    with pytest.raises(RecoderError, match=said.replace("{", r"\{")):
        await turns(own(text), question="why?")
