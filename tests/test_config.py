import json
import os
from pathlib import Path

import pytest

from recoder_lsp.config import Settings, Source, home, resolve, sources_on_disk, table
from recoder_lsp.settings_page import page


def resolved(values, *, trusted=True):
    settings, problems = resolve([Source("editor", values, trusted)])
    return settings, [problem.message for problem in problems]


def test_without_sources_every_setting_has_its_default():
    assert resolve([]) == (Settings(), ())


@pytest.mark.parametrize(
    "values",
    [
        {"completion": {"max_tokens": 20}},
        {"completion.max_tokens": 20},
        {"recoder": {"completion": {"max_tokens": 20}}},
        {"recoder.completion.max_tokens": 20},
        {"completion": {"max_tokens": 20.0, "enabled": None}, "engine": None},
    ],
)
def test_nested_and_dotted_keys_mean_the_same(values):
    settings, problems = resolved(values)

    assert settings.completion.max_tokens == 20
    assert problems == []


def test_later_sources_win_and_leave_the_rest_alone():
    settings, _ = resolve([Source("a", {"completion": {"max_tokens": 20, "multiline": False}}), Source("b", {"completion.max_tokens": 30})])

    assert (settings.completion.max_tokens, settings.completion.multiline) == (30, False)


def test_a_bad_value_leaves_the_earlier_one_standing():
    settings, problems = resolve([Source("a", {"completion.max_tokens": 20}), Source("b", {"completion.max_tokens": 9999})])

    assert settings.completion.max_tokens == 20
    assert [str(problem) for problem in problems] == ["b: completion.max_tokens must be a whole number from 1 to 512, not 9999."]


def test_all_problems_are_reported_at_once():
    _, problems = resolved(
        {
            "completion": {"enabled": "yes", "max_tokens": True, "menu": "sometimes", "disabled_languages": "markdown"},
            "engine": {"model": 3},
        }
    )

    assert problems == [
        "completion.enabled must be true or false, not 'yes'.",
        "completion.max_tokens must be a whole number from 1 to 512, not true.",
        'completion.menu must be one of "auto", "always", "never", not \'sometimes\'.',
        "completion.disabled_languages must be a list of strings, not 'markdown'.",
        "engine.model must be a string, not 3.",
    ]


def test_unknown_keys_are_named_together_with_what_was_probably_meant():
    _, problems = resolved({"completion": {"max_token": 3, "maxTokens": 3}, "colour": "red"})

    assert problems == [
        'Unknown settings "completion.max_token" (did you mean "completion.max_tokens"?), '
        '"completion.maxTokens" (did you mean "completion.max_tokens"?), "colour".'
    ]


def test_thousands_of_unknown_keys_are_counted_rather_than_named():
    _, (problem,) = resolved({f"key{number}": number for number in range(5000)})

    assert problem.endswith("and 4992 more.")


def test_a_section_must_be_a_group_of_settings():
    settings, problems = resolved({"completion": 5})

    assert settings == Settings()
    assert problems == ["completion must be a group of settings, not 5."]


def test_a_workspace_may_not_choose_the_model_or_the_log_file():
    settings, problems = resolved({"engine": {"model": "/evil.gguf", "threads": 2}, "log": {"file": "/etc/passwd"}}, trusted=False)

    assert (settings.engine.model, settings.log.file, settings.engine.threads) == ("embedded", "", 2)
    assert [problem.split(" is ")[0] for problem in problems] == ["engine.model", "log.file"]


def test_the_user_then_the_workspace_then_the_environment_win(tmp_path):
    write(tmp_path / "home/config.toml", "[completion]\nmax_tokens = 1\nprefix_tokens = 100\nsuffix_tokens = 1")
    write(tmp_path / "work/.recoder.toml", "completion.max_tokens = 2\ncompletion.prefix_tokens = 200")

    settings, problems = on_disk(tmp_path, RECODER_COMPLETION__MAX_TOKENS="3")

    assert (settings.completion.max_tokens, settings.completion.prefix_tokens, settings.completion.suffix_tokens) == (3, 200, 1)
    assert problems == []


def test_the_environment_speaks_every_type(tmp_path):
    settings, problems = on_disk(
        tmp_path,
        RECODER_COMPLETION__ENABLED="off",
        RECODER_COMPLETION__DISABLED_LANGUAGES="markdown, plaintext",
        RECODER_ENGINE__THREADS="4",
        RECODER_LOG__LEVEL="debug",
        RECODER_ENGINE__MODEL="~/x.gguf",
    )

    assert problems == []
    assert (settings.completion.enabled, settings.completion.disabled_languages) == (False, ("markdown", "plaintext"))
    assert (settings.engine.threads, settings.log.level, settings.engine.model) == (4, "debug", "~/x.gguf")


def test_bad_and_unknown_variables_are_problems(tmp_path):
    _, problems = on_disk(
        tmp_path, RECODER_COMPLETION_MAX_TOKENS="3", RECODER_COMPLETION__MULTILINE="perhaps", RECODER_ENGINE__THREADS="two"
    )

    assert problems == [
        'the environment: Unknown setting "RECODER_COMPLETION_MAX_TOKENS" (did you mean "RECODER_COMPLETION__MAX_TOKENS"?).',
        "the environment: completion.multiline must be true or false, not 'perhaps'.",
        "the environment: engine.threads must be a whole number from 0 to 256, not 'two'.",
    ]


def test_a_number_too_long_for_python_is_an_ordinary_problem(tmp_path):
    write(tmp_path / "work/.recoder.toml", "completion.max_tokens = 0x" + "f" * 5000)

    settings, problems = on_disk(tmp_path, RECODER_ENGINE__THREADS="9" * 5000)

    assert settings == Settings()
    assert [problem.partition(": ")[2].split(",")[0] for problem in problems] == [
        "completion.max_tokens must be a whole number from 1 to 512",
        "engine.threads must be a whole number from 0 to 256",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"completion = [", "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"#" * 300_000, "larger than 256 KiB"),
    ],
)
def test_a_file_that_cannot_be_understood_is_a_problem_and_left_out(tmp_path, content, complaint):
    write(tmp_path / "work/.recoder.toml", content)

    settings, problems = on_disk(tmp_path)

    assert settings == Settings()
    assert [complaint in problem for problem in problems] == [True]


def test_a_pipe_in_the_workspace_is_not_read(tmp_path):
    (tmp_path / "work").mkdir()
    os.mkfifo(tmp_path / "work/.recoder.toml")

    _, problems = on_disk(tmp_path)

    assert ["not an ordinary file" in problem for problem in problems] == [True]


def test_a_byte_order_mark_is_no_problem(tmp_path):
    write(tmp_path / "home/config.toml", "\ufeffcompletion.max_tokens = 7".encode())

    settings, problems = on_disk(tmp_path)

    assert (settings.completion.max_tokens, problems) == (7, [])


def test_home_is_moved_by_one_variable(tmp_path):
    assert home({"RECODER_HOME": str(tmp_path)}) == tmp_path
    assert home({}) == home({"RECODER_HOME": ""}) == Path("~/.recoder").expanduser()


def test_every_default_is_accepted_by_its_own_setting():
    defaults = {key: json.loads(json.dumps(option.default)) for key, option in table().items()}

    assert resolve([Source("defaults", defaults)]) == (Settings(), ())


def test_the_settings_page_is_the_generated_one():
    written = Path(__file__).parents[1] / "docs/settings.md"

    assert written.read_text(encoding="utf-8") == page(), "run `make docs`"


def on_disk(folder, **environment):
    sources, unreadable = sources_on_disk(folder / "work", {"RECODER_HOME": str(folder / "home"), **environment})
    settings, problems = resolve(sources)
    return settings, [str(problem) for problem in [*unreadable, *problems]]


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
