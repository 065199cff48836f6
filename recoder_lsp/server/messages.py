"""Which messages are valid, by JSON-RPC's rules and LSP's, and what is in them."""

import math
from typing import Any, TypeGuard

from cattrs import Converter, transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp.server.documents import Changes

RequestId = int | str

WITHOUT_PARAMS = (types.SHUTDOWN, types.EXIT)
INTEGER_LIMIT = 2**31

# lsprotocol checks the range of every integer but these.
UNCHECKED = ("work_done_token", "partial_result_token", "process_id")


def flaw_of(message: dict[str, Any]) -> str | None:
    """Return what makes this neither a request nor a notification; None when it is one."""
    method = message.get("method")
    if not isinstance(method, str):
        return "The method is missing or is no string."
    if message.get("jsonrpc") != "2.0":
        return 'The field jsonrpc must be "2.0".'
    if "id" in message and not is_id(message["id"]):
        return "The id must be a string or an integer of 32 bits."
    if "id" in message and method in types.METHOD_TO_TYPES and not is_request(method):
        return "This is a notification and must have no id."
    if "id" not in message and is_request(method):
        return "This is a request and must have an id."
    return None


def is_request(method: Any) -> bool:
    """Whether LSP knows this method, and as one that is answered."""
    return isinstance(method, str) and method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1] is not None


def is_id(value: Any) -> TypeGuard[RequestId]:
    return isinstance(value, str) or (type(value) is int and -INTEGER_LIMIT <= value < INTEGER_LIMIT)


def echo(request_id: Any) -> Any:
    """Return an id, which may be invalid, as far as the editor can still recognise it in an answer."""
    number = isinstance(request_id, int | float) and not isinstance(request_id, bool) and math.isfinite(request_id)
    return request_id if number or isinstance(request_id, str) else None


def params_of(method: str, message: dict[str, Any], converter: Converter) -> Any:
    """Return the parameters as lsprotocol's type (didChange's as ours), and as they came for methods that are not LSP's.

    Raises:
        JsonRpcInvalidParams: They are not valid. It names the first wrong one, without its value.
    """
    if method not in types.METHOD_TO_TYPES or method in WITHOUT_PARAMS:
        return message.get("params")
    if method == types.TEXT_DOCUMENT_DID_CHANGE:
        try:
            return Changes.of(message.get("params"))
        except ValueError as error:
            raise JsonRpcInvalidParams(f"Invalid parameters: {error}") from error
    try:
        params: Any = converter.structure(message, types.METHOD_TO_TYPES[method][0]).params
    except Exception as error:
        raise JsonRpcInvalidParams(_named(error)) from error
    for name in UNCHECKED:
        value = getattr(params, name, None)
        if value is not None and not is_id(value):
            raise JsonRpcInvalidParams(f"Invalid parameters: {name} is out of range.")
    return params


def _named(error: Exception) -> str:
    reasons = transform_error(error, path="message") if hasattr(error, "exceptions") else []
    return f"Invalid parameters: {reasons[0]}"[:200] if reasons else "Invalid parameters."
