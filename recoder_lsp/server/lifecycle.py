"""From `initialize` on: what we can do, which settings hold, which folders are open."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path

from recoder_lsp import __version__, config, logs
from recoder_lsp.config import Problem, Settings, Source
from recoder_lsp.document import Snapshot
from recoder_lsp.language import gettext, speak
from recoder_lsp.server import action_handlers, registrations
from recoder_lsp.server.commands import COMMANDS
from recoder_lsp.server.session import Session
from recoder_lsp.server.status_changes import tell_of_changes

if TYPE_CHECKING:
    from recoder_lsp.app import App

log = logging.getLogger(__name__)

SECTION = "recoder"
WATCHING_ID = "recoder-watched-files"
CLIENT_TIMEOUT_S = 10.0


def initialize(
    client: LanguageServer, params: types.InitializeParams, build_app: Callable[[Settings], "App"]
) -> tuple[Session, types.InitializeResult]:
    """Begin a session. Reads settings files only: models are opened when something asks for them, the index after `initialized`.

    Problems with settings are shown when the editor is ready for messages, which is after `initialized`.
    """
    speak(params.locale)
    folders = _folders(params)
    settings, problems = _resolved(folders, params.initialization_options, None)
    _configure_logs(Settings(), settings)
    session = Session(client, build_app(settings), params, folders)
    session.problems = problems
    session.app.on_model_state = session.notify.model_state
    session.app.workspace.on_state = session.notify.index_state
    session.notify.cancel_indexing = session.app.workspace.pause
    log.info("Initialized by %s, %s positions", session.client_name or "an unnamed editor", session.encoding)
    return session, types.InitializeResult(
        capabilities=_capabilities(session), server_info=types.ServerInfo(name="recoder-lsp", version=__version__)
    )


def initialized(session: Session) -> None:
    """Ask the editor for its settings, and to be told when they change; then open the index."""
    if session.notify.hears_of_status:
        session.spawn(tell_of_changes(session))
    workspace = session.capabilities.workspace
    if workspace and workspace.did_change_configuration and workspace.did_change_configuration.dynamic_registration:
        session.spawn(_register_for_configuration(session))
    if workspace and workspace.configuration:
        session.spawn(_begin_with_configuration(session))
    else:
        session.notify.settings_problems(session.problems)
        _open_index(session)


def configuration_changed(session: Session, params: types.DidChangeConfigurationParams) -> None:
    """Take the new settings: asked for where the editor can be asked, else as sent, under "recoder"."""
    workspace = session.capabilities.workspace
    if workspace and workspace.configuration:
        session.spawn(_pull_configuration(session))
        return
    # Some editors send every section they have. What is not ours is nobody's mistake.
    session.configuration = params.settings.get(SECTION) if isinstance(params.settings, dict) else None
    apply_settings(session)
    session.notify.settings_problems(session.problems)


def folders_changed(session: Session, params: types.DidChangeWorkspaceFoldersParams) -> None:
    removed = {folder.uri for folder in params.event.removed}
    kept = [uri for uri in session.folders if uri not in removed]
    session.folders = kept + [folder.uri for folder in params.event.added if folder.uri not in kept]
    apply_settings(session)
    session.app.workspace.set_folders(session.folders)
    # What the user had enough of was another window than this one.
    session.app.workspace.resume()
    session.app.inline_completion.forget_related_code()
    session.notify.settings_problems(session.problems)


def apply_settings(session: Session) -> None:
    """Read every source again and hand the outcome to the app; what is wrong in them goes to `session.problems`."""
    settings, session.problems = _resolved(session.folders, session.initialization_options, session.configuration)
    before = session.app.settings
    if settings != before:
        session.app.configure(settings)
        session.notify.status_moved.set()
        if settings.index != before.index:
            session.app.workspace.resume()
        if settings.navigation.code_lens != before.navigation.code_lens:
            _refresh_lenses(session)
        _configure_logs(before, settings)
    _register_changes(session)
    _watch_files(session)


def _resolved(folders: list[str], initialization_options: Any, configuration: Any) -> tuple[Settings, list[Problem]]:
    sources, problems = config.sources_on_disk(_workspace(folders), os.environ)
    for name, values in (("initializationOptions", initialization_options), (gettext("editor settings"), configuration)):
        if isinstance(values, dict):
            sources.append(Source(name, values))
        elif values is not None:
            problems.append(Problem(name, "", gettext("expected an object with settings.")))
    settings, more_problems = config.resolve(sources)
    return settings, [*problems, *more_problems]


def _configure_logs(before: Settings, now: Settings) -> None:
    if now.log != before.log:
        logs.configure(now.log.level, Path(now.log.file) if now.log.file else None)


def _capabilities(session: Session) -> types.ServerCapabilities:
    capabilities = types.ServerCapabilities(
        position_encoding=session.encoding,
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=types.SaveOptions(include_text=False)
        ),
        # Whatever the editor announces: some show ghost text without saying so.
        inline_completion_provider=types.InlineCompletionOptions(),
        hover_provider=True,
        code_action_provider=types.CodeActionOptions(code_action_kinds=list(action_handlers.KINDS), resolve_provider=True),
        document_symbol_provider=types.DocumentSymbolOptions(label="Recoder"),
        workspace_symbol_provider=True,
        execute_command_provider=types.ExecuteCommandOptions(commands=list(COMMANDS)),
        # For the files in which one chats, whatever the settings say.
        code_lens_provider=types.CodeLensOptions(),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        ),
    )
    registrations.announce(session, capabilities)
    return capabilities


def _register_changes(session: Session) -> None:
    """Have the editor ask for what the settings want by now, and no longer for the rest."""
    added, removed = registrations.changes(session)
    if added:
        params = types.RegistrationParams(registrations=[each.registration() for each in added])
        session.spawn(_told(session, lambda: session.client.client_register_capability_async(params)))
    if removed:
        forgotten = types.UnregistrationParams(unregisterations=[each.unregistration() for each in removed])
        session.spawn(_told(session, lambda: session.client.client_unregister_capability_async(forgotten)))


def _refresh_lenses(session: Session) -> None:
    """Have the editor ask again for what it shows above definitions, where it can."""
    workspace = session.capabilities.workspace
    if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
        session.spawn(_told(session, lambda: session.client.workspace_code_lens_refresh_async(None)))


def _open_index(session: Session) -> None:
    """Have the workspace indexed. Whether the editor will tell of changed files is not known yet; it is believed at first."""
    told_of_changes = session.settings_want_watching and session.may_register_watching
    session.app.workspace.start(session.folders, session.documents.snapshot, told_of_changes=told_of_changes)
    session.index_open.set()
    _watch_files(session)


def _watch_files(session: Session) -> None:
    """Have the editor tell of changed files, once the index needs it."""
    wanted = session.index_open.is_set() and session.settings_want_watching and session.may_register_watching
    if wanted and not session.watching_registered:
        session.watching_registered = True
        session.spawn(_register_watching(session))


def _folders(params: types.InitializeParams) -> list[str]:
    """URIs of the workspace folders; older editors name one root only, as a URI or as a path."""
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    if params.root_uri:
        return [params.root_uri]
    if params.root_path:
        return [uri] if (uri := from_fs_path(params.root_path)) else []
    return []


def _workspace(folders: list[str]) -> Path | None:
    """The folder whose .recoder.toml counts: the first one that is on this disk."""
    for uri in folders:
        if uri.startswith("file:"):
            return Path(Snapshot(uri, "", "", None).path)
    return None


async def _begin_with_configuration(session: Session) -> None:
    try:
        await _pull_configuration(session)
    except Exception:
        # With settings that break us there is an index nevertheless; not so when the session is over.
        _open_index(session)
        raise
    # Not before: the editor's settings may be that there is no index.
    _open_index(session)


async def _pull_configuration(session: Session) -> None:
    scope = session.folders[0] if session.folders else None
    params = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION, scope_uri=scope)])
    answer = await _asked(session, lambda: session.client.workspace_configuration_async(params))
    if answer:
        session.configuration = answer[0]
        apply_settings(session)
    session.notify.settings_problems(session.problems)


async def _register_for_configuration(session: Session) -> None:
    registration = types.Registration(
        id="recoder-configuration", method=types.WORKSPACE_DID_CHANGE_CONFIGURATION, register_options={"section": SECTION}
    )
    await _register(session, registration)


async def _register_watching(session: Session) -> None:
    watchers = [types.FileSystemWatcher(glob_pattern="**/*")]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = types.Registration(id=WATCHING_ID, method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options)
    accepted = await _register(session, registration)
    session.app.workspace.told_of_changes(accepted)


async def _register(session: Session, registration: types.Registration) -> bool:
    """Whether the editor agreed."""
    params = types.RegistrationParams(registrations=[registration])
    refused = object()
    return await _asked(session, lambda: session.client.client_register_capability_async(params), refused) is not refused


async def _told(session: Session, request: Callable[[], Any]) -> None:
    await _asked(session, request)


async def _asked(session: Session, request: Callable[[], Any], otherwise: Any = None) -> Any:
    """The editor's answer, or `otherwise` when it refuses or stays silent."""
    try:
        async with asyncio.timeout(CLIENT_TIMEOUT_S):
            return await request()
    except (TimeoutError, JsonRpcException) as error:
        session.app.metrics.count("client.no_answer")
        log.info("The editor gave no answer: %s", type(error).__name__)
        return otherwise
