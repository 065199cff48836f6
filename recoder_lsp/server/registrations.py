"""What the settings switch on and off while the server runs: one table, announced by `initialize` or registered with the editor later."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from recoder_lsp.config import NavigationSettings
from recoder_lsp.server.session import Session

COMPLETION_TRIGGERS = (".", "(")
SIGNATURE_TRIGGERS = ("(", ",")


@dataclass(frozen=True)
class Registrable:
    """Something that editors ask for only where they were told of it."""

    method: str
    capability: str
    """What the editor calls it in its `textDocument` capabilities, as lsprotocol spells that."""
    provider: str
    """What the server calls it in its own."""
    wanted: Callable[[Session], bool]
    """Whether the settings want it, as they are now."""
    options: Callable[[], Any]
    """With which it is registered."""
    announced: Any = True
    """As what the answer to `initialize` has it."""

    @property
    def id(self) -> str:
        return f"recoder-{self.method.rpartition('/')[2]}"

    def may_be_registered(self, session: Session) -> bool:
        """Whether the editor can be told of it after `initialize`."""
        known = getattr(session.capabilities.text_document, self.capability, None)
        return known is not None and bool(known.dynamic_registration)

    def registration(self) -> types.Registration:
        return types.Registration(id=self.id, method=self.method, register_options=self.options())

    def unregistration(self) -> types.Unregistration:
        return types.Unregistration(id=self.id, method=self.method)


def announce(session: Session, capabilities: types.ServerCapabilities) -> None:
    """Put into the answer to `initialize` what the settings want already."""
    for each in REGISTRABLE:
        if each.wanted(session):
            session.announced.add(each.method)
            setattr(capabilities, each.provider, each.announced)


def changes(session: Session) -> tuple[list[Registrable], list[Registrable]]:
    """Return what the editor is to be told of by now, and what it is to forget; both count as done from now on.

    What `initialize` announced cannot be taken back: then such requests get an empty answer.
    """
    wanted = {each.method for each in REGISTRABLE if each.wanted(session)}
    free = [each for each in REGISTRABLE if each.method not in session.announced and each.may_be_registered(session)]
    added = [each for each in free if each.method in wanted - session.registered]
    removed = [each for each in free if each.method in session.registered - wanted]
    session.registered = (session.registered | {each.method for each in added}) - {each.method for each in removed}
    return added, removed


def _navigates(name: Callable[[NavigationSettings], bool]) -> Callable[[Session], bool]:
    return lambda session: name(session.app.settings.navigation)


REGISTRABLE: tuple[Registrable, ...] = (
    Registrable(
        types.TEXT_DOCUMENT_COMPLETION,
        "completion",
        "completion_provider",
        lambda session: session.wants_completion,
        lambda: types.CompletionRegistrationOptions(trigger_characters=list(COMPLETION_TRIGGERS), resolve_provider=True),
        types.CompletionOptions(trigger_characters=list(COMPLETION_TRIGGERS), resolve_provider=True),
    ),
    Registrable(
        types.TEXT_DOCUMENT_DEFINITION,
        "definition",
        "definition_provider",
        _navigates(lambda settings: settings.definition),
        types.DefinitionRegistrationOptions,
    ),
    Registrable(
        types.TEXT_DOCUMENT_REFERENCES,
        "references",
        "references_provider",
        _navigates(lambda settings: settings.references),
        types.ReferenceRegistrationOptions,
    ),
    Registrable(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        "signature_help",
        "signature_help_provider",
        _navigates(lambda settings: settings.signature_help),
        lambda: types.SignatureHelpRegistrationOptions(trigger_characters=list(SIGNATURE_TRIGGERS)),
        types.SignatureHelpOptions(trigger_characters=list(SIGNATURE_TRIGGERS)),
    ),
    Registrable(
        types.TEXT_DOCUMENT_FOLDING_RANGE,
        "folding_range",
        "folding_range_provider",
        _navigates(lambda settings: settings.folding),
        types.FoldingRangeRegistrationOptions,
    ),
    Registrable(
        types.TEXT_DOCUMENT_SELECTION_RANGE,
        "selection_range",
        "selection_range_provider",
        _navigates(lambda settings: settings.selection),
        types.SelectionRangeRegistrationOptions,
    ),
)
