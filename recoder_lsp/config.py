"""Settings: one typed table, resolved from every place that may set them, with all problems reported at once."""

import dataclasses
import os
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from recoder_lsp import config_problems
from recoder_lsp.config_problems import LONGEST_NUMBER
from recoder_lsp.language import gettext, number

Value = TypeVar("Value")

ENVIRONMENT_PREFIX = "RECODER_"
NOT_A_SETTING = frozenset({"RECODER_HOME"})
FILE_LIMIT_BYTES = 256 * 1024


def setting(default: Value, says: str, *, at_least: int | None = None, at_most: int | None = None, workspace_may_set: bool = True) -> Value:
    """Declare a setting on one of the classes below: the table, the validation and docs/settings.md come from here."""
    extra = {"says": says, "at_least": at_least, "at_most": at_most, "workspace_may_set": workspace_may_set}
    return dataclasses.field(default=default, metadata=extra)


@dataclass(frozen=True)
class CompletionSettings:
    """What is suggested, where and how much."""

    enabled: bool = setting(True, "Suggest code at all.")
    menu: Literal["auto", "always", "never"] = setting(
        "auto",
        "Offer the suggestion as an item of the completion menu: `auto` does so only in editors without ghost text. "
        "Editors that cannot register completion dynamically take `always` at their start only: "
        "for them it belongs in a file, the environment or `initializationOptions`.",
    )
    disabled_languages: tuple[str, ...] = setting(
        (), 'Language identifiers that get no suggestions, for example `["markdown", "plaintext"]`.'
    )
    max_tokens: int = setting(48, "The most tokens that one suggestion may have.", at_least=1, at_most=512)
    min_confidence_percent: int = setting(
        35, "How probable it has to be that a suggestion is right, for it to appear unasked.", at_least=0, at_most=100
    )
    symbols: bool = setting(
        True,
        "Offer names of the document and of the workspace as items of the completion menu, below those of other servers. "
        "Editors that cannot register completion dynamically take this at their start only.",
    )
    multiline: bool = setting(True, "Allow more than one line where a block clearly starts.")
    battery_saver: Literal["auto", "always", "never"] = setting(
        "auto",
        "Suggest only when asked by hand, to save the battery: `auto` does so while the machine's power profile is `low-power`, "
        "which Linux tells.",
    )
    learn: bool = setting(
        True, "Count, on this machine alone, which suggestions are taken, and judge the next ones by it. `recoder-lsp learned` shows it."
    )
    prefix_tokens: int = setting(512, "How many tokens before the caret the model reads.", at_least=16, at_most=16384)
    suffix_tokens: int = setting(160, "How many tokens after the caret the model reads.", at_least=0, at_most=16384)
    context_tokens: int = setting(
        256, "How many tokens of related code from other files the model reads, where its context has room.", at_least=0, at_most=16384
    )


@dataclass(frozen=True)
class EngineSettings:
    """Which model runs, and on how much of the machine."""

    model: str = setting(
        "embedded",
        "The completion model: `embedded`, the path of a GGUF file, or the name of one in `~/.recoder/models`. "
        "A path has a `/` in it, or begins with `~`.",
        workspace_may_set=False,
    )
    threads: int = setting(0, "Threads for the model; 0 is at most 4 and leaves one core to the editor.", at_least=0, at_most=256)
    context_tokens: int = setting(0, "Size of the model's context; 0 is what it was trained for, at most 4096.", at_least=0, at_most=131072)


@dataclass(frozen=True)
class ModelsSettings:
    """Which models serve what the completion model cannot."""

    chat: str = setting(
        "",
        "The instruct model for chat and for edits: the path of a GGUF file, or the name of one in `~/.recoder/models`. "
        "Empty: chat answers from the index alone, and what needs such a model says so.",
        workspace_may_set=False,
    )
    chat_context_tokens: int = setting(
        8192, "Size of the chat model's context, at most what it was trained for.", at_least=512, at_most=131072
    )
    chat_max_tokens: int = setting(1024, "The most tokens that one answer may have.", at_least=16, at_most=16384)
    chat_temperature_percent: int = setting(
        20,
        "How much chance there is in answers: 0 always takes the likeliest token, 100 goes by the model's own probabilities.",
        at_least=0,
        at_most=200,
    )


@dataclass(frozen=True)
class HoverSettings:
    """What is said about a name that one looks at."""

    enabled: bool = setting(True, "Explain names.")
    model: Literal["auto", "always", "never"] = setting(
        "auto",
        "Have a model describe functions that nobody has documented, in the background; it is there at the next look. `auto` asks the "
        "chat model while it is loaded, or a completion model of yours; `always` also the embedded one, which is of little use for it.",
    )
    authors: bool = setting(False, "Show the initials of who changed the code last.")


@dataclass(frozen=True)
class ActionsSettings:
    """What is offered to be done with the code."""

    enabled: bool = setting(True, "Offer code actions.")


@dataclass(frozen=True)
class NavigationSettings:
    """What the index can do where no other server does it better; by name, without knowing types."""

    definition: bool = setting(False, "Go to definitions by name.")
    references: bool = setting(False, "Find references by name.")
    signature_help: bool = setting(False, "Show the parameters of the function that is being called.")
    code_lens: bool = setting(False, "Show above each definition how often its name is used.")
    folding: bool = setting(False, "Say which lines can be folded.")
    selection: bool = setting(False, "Grow a selection along the syntax.")


@dataclass(frozen=True)
class IndexSettings:
    """Which files are searched, and how."""

    enabled: bool = setting(True, "Index the workspace, in a process of its own.")
    include: tuple[str, ...] = setting((), "Globs of files to index although they are ignored; secrets stay out.")
    exclude: tuple[str, ...] = setting((), 'Globs of files not to index, for example `["docs/**", "*.min.js"]`.')
    max_file_kb: int = setting(1024, "The largest file that is indexed, in KiB.", at_least=1, at_most=16384)
    cpu_percent: int = setting(
        75,
        "How much of one core may be used for indexing in the background. Files that you save are indexed at once.",
        at_least=5,
        at_most=100,
    )
    watch: Literal["auto", "always", "never"] = setting(
        "auto", "Whether Recoder watches the files itself: `auto` does so where the editor does not tell of changes."
    )
    embedder: str = setting(
        "embedded",
        "The model that finds code by meaning: `embedded`, or the path of a sentence-transformers model.",
        workspace_may_set=False,
    )
    chroma_url: str = setting(
        "",
        "A Chroma server for the vectors, for example `http://localhost:8000`; empty keeps them in a folder under `~/.recoder`. "
        "A server on another machine learns what the code is about, but never its text.",
        workspace_may_set=False,
    )


@dataclass(frozen=True)
class LogSettings:
    """What is written down, and where."""

    level: Literal["error", "warning", "info", "debug"] = setting("warning", "How much is logged. Your code appears at `debug` only.")
    file: str = setting("", "A file for the log; empty logs to stderr, which most editors show.", workspace_may_set=False)


@dataclass(frozen=True)
class Settings:
    """Every setting, resolved. Replaced whole, never changed."""

    completion: CompletionSettings = dataclasses.field(default_factory=CompletionSettings)
    engine: EngineSettings = dataclasses.field(default_factory=EngineSettings)
    models: ModelsSettings = dataclasses.field(default_factory=ModelsSettings)
    hover: HoverSettings = dataclasses.field(default_factory=HoverSettings)
    actions: ActionsSettings = dataclasses.field(default_factory=ActionsSettings)
    navigation: NavigationSettings = dataclasses.field(default_factory=NavigationSettings)
    index: IndexSettings = dataclasses.field(default_factory=IndexSettings)
    log: LogSettings = dataclasses.field(default_factory=LogSettings)


@dataclass(frozen=True)
class Option:
    """One row of the table: a setting's key ("completion.max_tokens"), its default and what it accepts."""

    key: str
    type: Any
    default: Any
    says: str
    at_least: int | None
    at_most: int | None
    workspace_may_set: bool

    @property
    def accepts(self) -> str:
        """What a value has to be, as the end of "must be ..."."""
        if choices := typing.get_args(self.type) if typing.get_origin(self.type) is Literal else ():
            return gettext("one of {choices}").format(choices=", ".join(f'"{choice}"' for choice in choices))
        if self.type is bool:
            return gettext("true or false")
        if self.type is int:
            return gettext("a whole number from {least} to {most}").format(least=self.at_least, most=self.at_most)
        return gettext("a string") if self.type is str else gettext("a list of strings")


@dataclass(frozen=True)
class Source:
    """Where values come from. An untrusted one (a file inside the workspace) may not set everything."""

    name: str
    values: Mapping[str, Any]
    trusted: bool = True


@dataclass(frozen=True)
class Problem:
    """Something wrong in a source; `key` is empty when it is about the source as a whole."""

    source: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


def table() -> dict[str, Option]:
    """Return every setting by its key, in the order of the classes above."""
    options = {}
    for section in dataclasses.fields(Settings):
        section_class = typing.get_type_hints(Settings)[section.name]
        types = typing.get_type_hints(section_class)
        for field in dataclasses.fields(section_class):
            key = f"{section.name}.{field.name}"
            options[key] = Option(key=key, type=types[field.name], default=field.default, **field.metadata)
    return options


def resolve(sources: Sequence[Source]) -> tuple[Settings, tuple[Problem, ...]]:
    """Combine the sources over the defaults, later ones winning; a bad value leaves the earlier one standing.

    Keys may be nested (`{"completion": {"max_tokens": 20}}`) or dotted (`{"completion.max_tokens": 20}`), with or
    without an outer "recoder". Null means not set.
    """
    options = table()
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for source in sources:
        unknown = []
        for key, raw in _flattened(source.values):
            option = options.get(key)
            if any(known.startswith(f"{key}.") for known in options):
                problems.append(Problem(source.name, key, config_problems.no_group(key, raw)))
            elif option is None:
                unknown.append(key)
            elif not (source.trusted or option.workspace_may_set):
                problems.append(Problem(source.name, key, config_problems.not_for_workspaces(key)))
            else:
                try:
                    values[key] = _checked(option, raw)
                except ValueError:
                    problems.append(Problem(source.name, key, config_problems.not_accepted(key, option.accepts, raw)))
        if unknown:
            problems.append(Problem(source.name, ", ".join(unknown), config_problems.unknown(unknown, list(options))))
    return _built(values), tuple(problems)


def sources_on_disk(workspace: Path | None, environ: Mapping[str, str]) -> tuple[list[Source], list[Problem]]:
    """Read the user's file, the workspace's file and the environment, in the order in which later wins.

    A file that is missing is no problem; one that cannot be read or parsed is, and is left out.
    """
    files = [(home(environ) / "config.toml", True)]
    if workspace is not None:
        files.append((workspace / ".recoder.toml", False))
    sources, problems = [], []
    for path, trusted in files:
        try:
            sources.append(Source(str(path), _read_toml(path), trusted))
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(Problem(str(path), "", gettext("The file cannot be read: {problem}.").format(problem=error.strerror or error)))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(str(path), "", gettext("The file is not valid TOML: {problem}.").format(problem=error)))
    from_environment, unknown = _from_environment(environ)
    sources.append(from_environment)
    problems += unknown
    return sources, problems


def home(environ: Mapping[str, str]) -> Path:
    """Return the folder for Recoder's own data: `RECODER_HOME`, else `~/.recoder`. It need not exist."""
    return Path(os.path.expanduser(environ.get("RECODER_HOME") or "~/.recoder")).absolute()


def _flattened(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if key == "recoder" and isinstance(value, Mapping):
            yield from _flattened(value)
        elif isinstance(value, Mapping) and value and "." not in key:
            yield from ((f"{key}.{name}", inner) for name, inner in value.items() if inner is not None)
        elif value is not None:
            yield key.removeprefix("recoder."), value


def _checked(option: Option, raw: Any) -> Any:
    """The value as the setting's type; ValueError if it is none."""
    if typing.get_origin(option.type) is Literal:
        if raw in typing.get_args(option.type):
            return raw
    elif option.type is int:
        # JSON has one kind of number: some editors send 20 as 20.0. And bool is an int in Python only.
        whole = isinstance(raw, int) or (isinstance(raw, float) and raw.is_integer())
        if whole and not isinstance(raw, bool) and (option.at_least or 0) <= raw <= (option.at_most or raw):
            return int(raw)
    elif option.type in (bool, str):
        if isinstance(raw, option.type):
            return raw
    elif isinstance(raw, list | tuple) and all(isinstance(entry, str) for entry in raw):
        return tuple(raw)
    raise ValueError(option.key)


def _built(values: Mapping[str, Any]) -> Settings:
    settings = Settings()
    for key, value in values.items():
        section, _, name = key.partition(".")
        settings = dataclasses.replace(settings, **{section: dataclasses.replace(getattr(settings, section), **{name: value})})
    return settings


def _from_environment(environ: Mapping[str, str]) -> tuple[Source, list[Problem]]:
    by_name = {ENVIRONMENT_PREFIX + key.upper().replace(".", "__"): option for key, option in table().items()}
    source = gettext("the environment")
    values: dict[str, Any] = {}
    unknown = []
    for name in sorted(environ):
        if name in by_name:
            values[by_name[name].key] = _parsed(by_name[name], environ[name])
        elif name.startswith(ENVIRONMENT_PREFIX) and name not in NOT_A_SETTING:
            unknown.append(name)
    problems = [Problem(source, ", ".join(unknown), config_problems.unknown(unknown, list(by_name)))] if unknown else []
    return Source(source, values), problems


def _parsed(option: Option, text: str) -> Any:
    """The text as the setting's type, or unchanged, for the ordinary validation to refuse."""
    if option.type is bool:
        word = text.strip().lower()
        return True if word in ("true", "1", "yes", "on") else False if word in ("false", "0", "no", "off") else text
    if option.type is int:
        # Python refuses to read more than 4,300 digits; no setting needs a tenth of that.
        return int(text) if len(text) <= LONGEST_NUMBER and text.strip().removeprefix("-").isdecimal() else text
    if option.type is str or typing.get_origin(option.type) is Literal:
        return text
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _read_toml(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():
        # A workspace can contain a pipe or a device of this name, which would block or never end.
        raise ValueError(gettext("not an ordinary file"))
    with path.open("rb") as file:
        content = file.read(FILE_LIMIT_BYTES + 1)
    if len(content) > FILE_LIMIT_BYTES:
        raise ValueError(gettext("larger than {n} KiB").format(n=number(FILE_LIMIT_BYTES // 1024)))
    return tomllib.loads(content.decode("utf-8-sig"))
