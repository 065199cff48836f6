"""The conversation with the editor: pygls's protocol, hardened so that every request gets exactly one answer.

pygls 2.1 leaves unanswered: parameters that do not validate, our own methods without `params`, results that cannot be
sent, anything after shutdown. It also sends tracebacks to the editor, pops its own failures up at the user, answers a
failed write by writing about it, and forgets none of its questions. Hence this file takes frames in and sends
them out itself, and keeps pygls for its types, its typed calls to the editor, and what those await.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

from recoder_lsp import __version__
from recoder_lsp.config import Settings
from recoder_lsp.language import gettext
from recoder_lsp.logs import log_bug
from recoder_lsp.server import handlers, lifecycle, messages, parent
from recoder_lsp.server.frames import BrokenFrame, decode_body, encode_frame
from recoder_lsp.server.messages import RequestId
from recoder_lsp.server.session import Session

if TYPE_CHECKING:
    from recoder_lsp.app import App

log = logging.getLogger(__name__)

PARSE_ERROR = types.ErrorCodes.ParseError
INVALID_REQUEST = types.ErrorCodes.InvalidRequest
METHOD_NOT_FOUND = types.ErrorCodes.MethodNotFound
INVALID_PARAMS = types.ErrorCodes.InvalidParams
INTERNAL_ERROR = types.ErrorCodes.InternalError
NOT_INITIALIZED = types.ErrorCodes.ServerNotInitialized
CANCELLED = types.LSPErrorCodes.RequestCancelled


class Protocol(LanguageServerProtocol):
    """One connection. Everything here runs on the event loop, `receive` once per frame, in order."""

    def __init__(self, server: Any, converter: Any) -> None:
        super().__init__(server, converter)
        self.session: Session | None = None
        self.finished: asyncio.Future[int] | None = None
        self._write: Callable[[bytes], None] | None = None
        self._running: dict[RequestId, asyncio.Task[Any]] = {}

    def connect(self, write: Callable[[bytes], None]) -> asyncio.Future[int]:
        """Start talking; the future gets the exit code when the conversation is over. OSError from `write` ends it."""
        self._write = write
        self.finished = asyncio.get_running_loop().create_future()
        return self.finished

    def finish(self) -> None:
        """End the conversation: exit code 0 only if the editor had asked for shutdown, as LSP wants it."""
        self._write = None
        if self.finished is not None and not self.finished.done():
            self.finished.set_result(0 if self._shutdown else 1)

    async def close(self) -> bool:
        """Stop everything that still runs; False if the engine would not stop in time."""
        for task in self._running.values():
            task.cancel()
        return await self.session.close() if self.session is not None else True

    # -- incoming

    def receive(self, frame: bytes | BrokenFrame) -> None:
        """Handle one frame. Whatever is in it, this does not raise."""
        if self._write is None:
            return
        try:
            if isinstance(frame, BrokenFrame):
                raise frame
            message = decode_body(frame)
        except BrokenFrame as broken:
            log.warning("Unreadable input: %s", broken)
            self._refuse(None, PARSE_ERROR, str(broken))
            return
        try:
            self._take(message)
        except Exception as error:
            log_bug(log, "A message could not be handled", error)
            if isinstance(message, dict) and "method" in message and messages.is_id(message.get("id")):
                self._refuse(message["id"], INTERNAL_ERROR, gettext("Recoder failed here; this is a bug. Its log says where."))

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            self._refuse(None, INVALID_REQUEST, "A message must be one object; batches are not part of LSP.")
        elif "method" not in message and ("result" in message or "error" in message or self._asked(message.get("id"))):
            self._take_response(message)
        elif (flaw := messages.flaw_of(message)) is not None:
            if "id" in message or messages.is_request(message.get("method")):
                self._refuse(messages.echo(message.get("id")), INVALID_REQUEST, flaw)
            else:
                log.warning("A notification was ignored: %s", flaw)
        elif "id" in message:
            self._take_request(message["id"], message["method"], message)
        else:
            self._take_notification(message["method"], message)

    def _take_request(self, request_id: RequestId, method: str, message: dict[str, Any]) -> None:
        if self._shutdown:
            self._refuse(request_id, INVALID_REQUEST, "The server was asked to shut down.")
        elif method == types.INITIALIZE:
            self._initialize(request_id, message)
        elif self.session is None:
            self._refuse(request_id, NOT_INITIALIZED, "The server waits for initialize.")
        elif request_id in self._running:
            self._refuse(request_id, INVALID_REQUEST, "A request with this id is still running.")
        elif method == types.SHUTDOWN:
            self._shut_down(request_id)
        elif method not in handlers.ROUTES:
            self._refuse(request_id, METHOD_NOT_FOUND, "Recoder has no such method.")
        else:
            try:
                params = messages.params_of(method, message, self._converter)
            except JsonRpcInvalidParams as error:
                self._refuse(request_id, INVALID_PARAMS, error.message)
                return
            task = asyncio.get_running_loop().create_task(handlers.begin(self.session, method, params))
            self._running[request_id] = task
            task.add_done_callback(partial(self._answer, request_id))

    def _take_notification(self, method: str, message: dict[str, Any]) -> None:
        if method == types.EXIT:
            self.finish()
        elif self._shutdown or self.session is None:
            log.info("A notification outside of the session was ignored")
        elif method == types.CANCEL_REQUEST:
            self._cancel(message)
        elif method in handlers.NOTIFICATIONS:
            try:
                params = messages.params_of(method, message, self._converter)
            except JsonRpcInvalidParams as error:
                self.session.app.metrics.count("messages.invalid")
                log.warning("%s was ignored: %s", method, error.message)
                handlers.misunderstood(self.session, method, message.get("params"))
                return
            handlers.take_notice(self.session, method, params)

    def _asked(self, request_id: Any) -> bool:
        return isinstance(request_id, str) and request_id in self._request_futures

    def _take_response(self, message: dict[str, Any]) -> None:
        """Hand an answer to who asked. One without a result means null: some editors leave that out."""
        request_id = str(message.get("id"))
        if not self._asked(message.get("id")) or (future := self._request_futures[request_id]).done():
            log.info("An answer to no question of ours was ignored")
            return
        try:
            if message.get("error") is not None:
                error = self._converter.structure(message["error"], types.ResponseError)
                future.set_exception(JsonRpcException.from_error(error))
            else:
                answer_type = self._result_types.get(request_id)
                whole = {"jsonrpc": "2.0", "result": None, **message}
                future.set_result(self._converter.structure(whole, answer_type).result if answer_type else whole["result"])
        except Exception as error:
            log.warning("The editor's answer has the wrong shape: %s", type(error).__name__)
            future.set_exception(JsonRpcInvalidParams("The editor's answer has the wrong shape."))

    def _cancel(self, message: dict[str, Any]) -> None:
        params = message.get("params")
        request_id = params.get("id") if isinstance(params, dict) else None
        # True is an int to Python, and would be equal to 1.
        if not messages.is_id(request_id):
            return
        task = self._running.pop(request_id, None)
        if task is not None:
            # Answered now: the work itself may take until the next token to notice.
            task.cancel()
            self._refuse(request_id, CANCELLED, "Cancelled.")

    # -- the session's two ends

    def _initialize(self, request_id: RequestId, message: dict[str, Any]) -> None:
        if self.session is not None:
            self._refuse(request_id, INVALID_REQUEST, "The server is initialized already.")
            return
        server = cast(Server, self._server)
        try:
            params = messages.params_of(types.INITIALIZE, message, self._converter)
        except JsonRpcInvalidParams as error:
            self._refuse(request_id, INVALID_PARAMS, error.message)
            return
        self.session, result = lifecycle.initialize(server, params, server.build_app)
        # One that cannot be seen is not watched: seen from inside a container, the editor's process id means nothing.
        if params.process_id is not None and parent.is_running(params.process_id):
            self.session.spawn(self._leave_with(params.process_id))
        self._respond(request_id, result)

    def _shut_down(self, request_id: RequestId) -> None:
        self._shutdown = True
        for running_id, task in list(self._running.items()):
            del self._running[running_id]
            task.cancel()
            self._refuse(running_id, CANCELLED, "The server was asked to shut down.")
        self._respond(request_id, None)

    async def _leave_with(self, process_id: int) -> None:
        await parent.wait_until_gone(process_id)
        log.warning("The editor's process is gone; leaving.")
        self.finish()

    # -- outgoing

    def send_request(
        self, method: str, params: Any | None = None, callback: Callable[[Any], None] | None = None, msg_id: Any | None = None
    ) -> Any:
        """Ask the editor. The question is forgotten when its future ends, also by a time-out of who awaits it."""
        request_id = msg_id or str(uuid.uuid4())
        future = super().send_request(method, params, callback, request_id)
        future.add_done_callback(lambda _: self._forget(request_id))
        return future

    def _forget(self, request_id: Any) -> None:
        self._request_futures.pop(request_id, None)
        self._result_types.pop(request_id, None)

    def _answer(self, request_id: RequestId, task: asyncio.Task[Any]) -> None:
        """Send what a finished task came to, unless the request was answered otherwise."""
        error = None if task.cancelled() else task.exception()
        if self._running.get(request_id) is not task:
            return
        del self._running[request_id]
        if task.cancelled():
            self._refuse(request_id, CANCELLED, "Cancelled.")
        elif isinstance(error, JsonRpcException):
            self._refuse(request_id, error.code, error.message)
        elif error is not None:
            log_bug(log, "A request failed", error)
            self._refuse(request_id, INTERNAL_ERROR, gettext("Recoder failed here; this is a bug. Its log says where."))
        else:
            self._respond(request_id, task.result())

    def _respond(self, request_id: RequestId, result: Any) -> None:
        try:
            frame = encode_frame({"jsonrpc": "2.0", "id": request_id, "result": self._converter.unstructure(result)})
        except Exception as error:
            log_bug(log, "An answer cannot be sent", error)
            self._refuse(request_id, INTERNAL_ERROR, gettext("Recoder's answer cannot be sent; this is a bug."))
            return
        self._send(frame)

    def _refuse(self, request_id: RequestId | float | None, code: int, message: str) -> None:
        # Without `data`: pygls would put a traceback there.
        self._send(encode_frame({"jsonrpc": "2.0", "id": request_id, "error": {"code": int(code), "message": message}}))

    def _send_data(self, data: Any) -> None:
        """pygls's way out, for requests and notifications to the editor."""
        self._send(encode_frame(self._converter.unstructure(data)))

    def _send(self, frame: bytes) -> None:
        if self._write is None:
            return
        try:
            self._write(frame)
        except (OSError, ValueError):
            # Said nowhere but here: telling the editor would try to write again.
            log.info("The editor is gone")
            self.finish()


class Server(LanguageServer):
    """What pygls needs to speak to the editor; `build_app` makes what answers."""

    protocol: Protocol

    def __init__(self, build_app: "Callable[[Settings], App] | None" = None) -> None:
        super().__init__("recoder-lsp", __version__, protocol_cls=Protocol, converter_factory=default_converter)
        self.build_app = build_app or _build_app

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log it. pygls would pop it up at the user, and again if that fails."""
        log_bug(log, "pygls reported a failure", error)


def _build_app(settings: Settings) -> "App":
    from recoder_lsp.app import App

    return App.build(settings)
