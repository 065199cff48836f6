"""The server's messages in the user's language: every one is translated, with the same values, and what is read is what was written."""

import ast
import copy
import re
import string
from collections import Counter
from collections.abc import Iterator

import pytest

from recoder_lsp import language
from recoder_lsp.config import table
from recoder_lsp.language import english, gettext, ngettext, number, speak, spoken
from tests.messages import MARKS, PACKAGE, as_mo, as_po, catalogue, languages, mo_file, po_file, template, translations, updated

# What tells one thing from another whatever the language: code, settings, variables of the environment.
FIXED = re.compile(r"`[^`]*`|~?/?\.recoder/\w+|(?<![A-Za-z_./-])[a-z]+\.[a-z_]+(?![A-Za-z_./(-])|[A-Z]+_[A-Z]+")


@pytest.fixture(autouse=True)
def in_english_afterwards() -> Iterator[None]:
    yield
    speak(None)


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("es-419", "es"),
        ("zh-cn", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("zh-TW", "en"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        ("C", "en"),
        ("German", "en"),
        ("../locale/de", "en"),
        ("\0", "en"),
    ],
)
def test_the_language_is_what_the_locale_asks_for_and_english_otherwise(locale: str | None, code: str) -> None:
    assert speak(locale) == code
    assert spoken() == code


def test_a_later_locale_takes_the_place_of_an_earlier_one() -> None:
    speak("de")
    speak("en")

    assert gettext("Try again.") == "Try again."


def test_messages_are_said_in_the_language_that_is_spoken() -> None:
    speak("de")

    assert gettext("The index is damaged.") == "Der Index ist beschädigt."
    assert gettext("Loading {model}").format(model="tiny") == "tiny wird geladen"
    assert ngettext("{n} file", "{n} files", 1).format(n=number(1)) == "1 Datei"
    assert ngettext("{n} file", "{n} files", 1200).format(n=number(1200)) == "1.200 Dateien"


def test_a_message_that_nobody_has_translated_is_said_in_english() -> None:
    speak("de")

    assert gettext("Nobody says this.") == "Nobody says this."
    assert gettext("") == ""


def test_a_message_knows_its_english_with_the_values_in_it() -> None:
    speak("de")
    problem = gettext("it is cut short")

    message = gettext("The model file {path} is damaged: {problem}.").format(path="m.gguf", problem=problem)

    assert message == "Die Modelldatei m.gguf ist beschädigt: sie ist abgeschnitten."
    assert english(message) == "The model file m.gguf is damaged: it is cut short."
    assert english(copy.deepcopy(message)) == english(message)
    assert english(ngettext("{n} file", "{n} files", 2000).format(n=number(2000))) == "2,000 files"
    assert english("any text") == "any text"


def test_there_are_catalogues_for_what_the_extension_speaks_too() -> None:
    assert {"de", "es", "zh_CN"} <= set(languages())


def test_every_message_that_is_marked_is_found() -> None:
    found = {text for message in template() if message.id for text in _texts(message.id)}

    marked, complaints = set[str](), list[str]()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        inside_f_strings = {id(inner) for outer in ast.walk(tree) if isinstance(outer, ast.JoinedStr) for inner in ast.walk(outer)}
        for call in _marks(tree):
            messages = call.args[1:2] if _name(call) in ("setting", "pgettext") else call.args[: 2 if _name(call) == "ngettext" else 1]
            if any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in messages):
                complaints.append(f"{path.name}:{call.lineno}: values go in by .format")
            literals = {each.value for each in messages if isinstance(each, ast.Constant)}
            if literals and id(call) in inside_f_strings:
                complaints.append(f"{path.name}:{call.lineno}: a mark inside of an f-string is not found")
            marked |= literals

    assert complaints == []
    assert marked == found


def test_the_settings_are_described_in_the_catalogues() -> None:
    assert {option.says for option in table().values()} <= {message.id for message in template()}


@pytest.mark.parametrize("code", languages())
def test_every_message_is_translated(code: str) -> None:
    missing = [message.id for message in updated(code) if message.id and (message.fuzzy or not all(translations(message)))]

    assert missing == []


@pytest.mark.parametrize("code", languages())
def test_what_the_server_reads_is_what_was_written(code: str) -> None:
    assert po_file(code).read_bytes() == as_po(updated(code)), "run make messages"
    assert mo_file(code).read_bytes() == as_mo(catalogue(code)), "run make messages"


@pytest.mark.parametrize("code", languages())
def test_translations_have_the_same_values_to_fill_in(code: str) -> None:
    wrong = []
    for message in catalogue(code):
        known = {name for text in _texts(message.id) for name in _values(text)} if message.id else set()
        # A singular may do without its number: "used once".
        needed = known - {"n"} if len(_texts(message.id)) > 1 else known
        wrong += [text for text in translations(message) if message.id and not needed <= set(_values(text)) <= known]

    assert wrong == []


@pytest.mark.parametrize("code", languages())
def test_translations_name_code_and_settings_as_they_are(code: str) -> None:
    for message in catalogue(code):
        for text in translations(message) if message.id else ():
            assert Counter(FIXED.findall(_texts(message.id)[-1])) <= Counter(FIXED.findall(text)), text


@pytest.mark.parametrize("code", languages())
def test_sentences_stay_sentences_and_titles_stay_titles(code: str) -> None:
    for message in catalogue(code):
        for text in translations(message) if message.id else ():
            if message.context is None:
                assert text == text.strip(), text
                assert _texts(message.id)[0].endswith(".") == text.endswith((".", "。")), text


def test_the_catalogues_are_where_the_server_looks_for_them() -> None:
    assert language.FOLDER == PACKAGE / "locale"


def _marks(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in MARKS]


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _texts(message_id: str | tuple[str, ...] | list[str]) -> list[str]:
    return [message_id] if isinstance(message_id, str) else list(message_id)


def _values(text: str) -> list[str]:
    try:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        # Braces that are meant as such, in a message without values.
        return []
