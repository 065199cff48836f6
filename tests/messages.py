"""Brings the catalogues of recoder_lsp/locale up to the messages in the code: `make messages`.

Every folder there is a language: what is new in the code is added to its recoder.po without a translation, what is gone is taken out, and
recoder.mo is made from it, which is what the server reads. A new language begins as an empty folder `<language>/LC_MESSAGES`.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from recoder_lsp.language import DOMAIN, FOLDER

PACKAGE = FOLDER.parent
AUTHORS = "The Recoder LSP authors"
MARKS = {"gettext": None, "marked": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "setting": (2,)}
"""What a message in the code is an argument of, and which one."""
FOR_TRANSLATORS = "Translators:"
"""A comment above a message that begins like this goes into the catalogues."""


def languages() -> list[str]:
    """The languages that there are catalogues for."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/LC_MESSAGES"))


def po_file(language: str) -> Path:
    """Where a language's translations are written."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def mo_file(language: str) -> Path:
    """Where the server reads them."""
    return po_file(language).with_suffix(".mo")


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it is; an empty one where there is none yet."""
    path = po_file(language)
    if not path.exists():
        return Catalog(
            language,
            project="Recoder",
            version="LSP",
            msgid_bugs_address=AUTHORS,
            last_translator=AUTHORS,
            language_team=AUTHORS,
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, language)


def template() -> Catalog:
    """Every message that is marked in the code."""
    found = Catalog(fuzzy=False)
    for file, line, message, comments, context in extract_from_dir(PACKAGE, keywords=MARKS, comment_tags=[FOR_TRANSLATORS]):
        found.add(message, locations=[(f"{PACKAGE.name}/{file}", line)], auto_comments=comments, context=context)
    return found


def updated(language: str) -> Catalog:
    """A language's catalogue with exactly the messages that are in the code."""
    now = catalogue(language)
    now.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    return now


def translations(message: Message) -> list[str]:
    """What stands for the message in the catalogue's language; of a plural one text for each form. Empty where it is missing."""
    return [message.string or ""] if isinstance(message.string, str | None) else list(message.string)


def as_po(messages: Catalog) -> bytes:
    """The text of a recoder.po."""
    text = io.BytesIO()
    write_po(text, messages, width=140, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return text.getvalue()


def as_mo(messages: Catalog) -> bytes:
    """The content of a recoder.mo."""
    content = io.BytesIO()
    write_mo(content, messages)
    return content.getvalue()


if __name__ == "__main__":
    for language in languages():
        messages = updated(language)
        po_file(language).write_bytes(as_po(messages))
        mo_file(language).write_bytes(as_mo(messages))
        missing = sum(1 for message in messages if message.id and not all(translations(message)))
        print(f"{language}: {len(messages)} messages, {missing} without a translation")
