"""Writes the settings of package.json and their texts from the server's own table and catalogues: `python settings_of_package.py`."""

import json
import typing
from pathlib import Path
from typing import Any

from recoder_lsp.config import Option, table
from recoder_lsp.language import gettext, speak

FOLDER = Path(__file__).parent
PACKAGE = FOLDER / "package.json"
LANGUAGES = ("en", "de", "es", "zh-cn")
OF_THE_SERVER = "recoder.server."
"""What begins like this is about how the extension starts the server, and is written by hand."""


def package() -> str:
    """Return package.json with the settings as they are in recoder_lsp/config.py."""
    now = json.loads(PACKAGE.read_text("utf-8"))
    configuration = now["contributes"]["configuration"]
    own = {key: value for key, value in configuration["properties"].items() if key.startswith(OF_THE_SERVER)}
    configuration["properties"] = own | {f"recoder.{option.key}": _property(option) for option in table().values()}
    return _json(now)


def texts(language: str) -> str:
    """Return a language's package.nls.json with the descriptions of the settings as config.py and the catalogues have them."""
    now = json.loads(file_of(language).read_text("utf-8"))
    own = {key: value for key, value in now.items() if not key.startswith("settings.") or key.startswith("settings.server.")}
    speak(language)
    try:
        return _json(own | {f"settings.{option.key}": gettext(option.says) for option in table().values()})
    finally:
        speak(None)


def file_of(language: str) -> Path:
    """Where VS Code looks for a language's texts."""
    return FOLDER / ("package.nls.json" if language == "en" else f"package.nls.{language}.json")


def _property(option: Option) -> dict[str, Any]:
    return {
        **_type(option),
        "default": list(option.default) if isinstance(option.default, tuple) else option.default,
        # A workspace that comes from strangers must not say what is run or where text goes.
        "scope": "window" if option.workspace_may_set else "machine",
        "markdownDescription": f"%settings.{option.key}%",
    }


def _type(option: Option) -> dict[str, Any]:
    if typing.get_origin(option.type) is typing.Literal:
        return {"type": "string", "enum": list(typing.get_args(option.type))}
    if option.type is int:
        return {"type": "integer", "minimum": option.at_least, "maximum": option.at_most}
    if option.type in (bool, str):
        return {"type": "boolean" if option.type is bool else "string"}
    return {"type": "array", "items": {"type": "string"}}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PACKAGE.write_text(package(), "utf-8")
    for language in LANGUAGES:
        file_of(language).write_text(texts(language), "utf-8")
