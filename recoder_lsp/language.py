"""The language in which the server speaks to its user: what the client's `locale` names where there is a catalogue, else English.

One process serves one user, so the language belongs to the process, as its locale does; `speak` sets it once, at `initialize`.
The command line, the log, prompts and what is written into code stay English: a message knows its own, see `english`.
"""

import gettext as catalogues
from pathlib import Path

DOMAIN = "recoder"
FOLDER = Path(__file__).parent / "locale"
ENGLISH = "en"

_SIMPLIFIED_CHINESE = ("zh", "zh_cn", "zh_sg", "zh_hans", "zh_hans_cn", "zh_hans_sg")


class _Spoken:
    def __init__(self) -> None:
        self.code = ENGLISH
        self.catalogue = catalogues.NullTranslations()


_SPOKEN = _Spoken()


class _Message(str):
    """A text in another language, with what it is in English."""

    # The second one has a default for the sake of copying, which gives the first one only and then sets the attribute.
    def __new__(cls, text: str, in_english: str = "") -> "_Message":
        made = super().__new__(cls, text)
        made.in_english = in_english
        return made

    in_english: str

    def format(self, *args: object, **values: object) -> "_Message":
        values_in_english = {name: english(value) if isinstance(value, str) else value for name, value in values.items()}
        return _Message(super().format(*args, **values), self.in_english.format(*args, **values_in_english))


def speak(locale: str | None) -> str:
    """Speak what an LSP client's `locale` (an IETF language tag, such as `de-AT`) asks for. Returns the language's code."""
    code, files = _code(locale or ""), {file.parts[-3]: file for file in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    _SPOKEN.code, _SPOKEN.catalogue = ENGLISH, catalogues.NullTranslations()
    if code in files:
        with files[code].open("rb") as file:
            _SPOKEN.code, _SPOKEN.catalogue = code, catalogues.GNUTranslations(file)
    return _SPOKEN.code


def spoken() -> str:
    """The code of the language that is spoken now, as `speak` takes it."""
    return _SPOKEN.code


def gettext(message: str) -> str:
    """The message in the user's language. Values go in afterwards, by `.format`: `gettext("Loading {model}").format(model=name)`."""
    # The empty message is the header of a catalogue.
    return _said(_SPOKEN.catalogue.gettext(message), message) if message else message


def marked(message: str) -> str:
    """The message as it is, for `gettext` to be asked about later: for what stands at the top level of a file, or on a class."""
    return message


def ngettext(singular: str, plural: str, n: int) -> str:
    """That of the two messages which the user's language has for so many; put the number in by `.format(n=number(n))`."""
    return _said(_SPOKEN.catalogue.ngettext(singular, plural, n), singular if n == 1 else plural)


def number(n: int) -> str:
    """A whole number with the separators of the user's language."""
    in_english = f"{n:,}"
    return _said(in_english.replace(",", _SPOKEN.catalogue.pgettext("separates thousands", ",")), in_english)


def english(message: str) -> str:
    """What a message of `gettext`, with its values in it, is in English: for prompts and the log. Any other text is what it is."""
    return message.in_english if isinstance(message, _Message) else message


def _said(text: str, in_english: str) -> str:
    return text if _SPOKEN.code == ENGLISH else _Message(text, in_english)


def _code(locale: str) -> str:
    tag = locale.replace("-", "_").casefold()
    return "zh_CN" if tag in _SIMPLIFIED_CHINESE else tag.split("_")[0]
