"""An editor in this process, with the real parts behind the server: it makes the changes that it is asked to make, and shows documents."""

import asyncio
from pathlib import Path
from typing import Any

from recoder_lsp.app import App
from recoder_lsp.document import Snapshot
from recoder_lsp.features.edits import Edit, applied
from tests.server.talking import Conversation, changed, notification, request

CAPABLE: dict[str, Any] = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}},
    "window": {"showDocument": {"support": True}},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}, "disabledSupport": True}},
}


class Desk(Conversation):
    """Asks for commands, and keeps the texts of its documents; must live inside a running loop."""

    texts: dict[str, str]
    shown: list[str]

    def begin(self, *folders: Path, capabilities: dict[str, Any] = CAPABLE, **settings: Any) -> None:
        self.texts, self.shown, self.versions = {}, [], dict[str, int]()
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders] or None
        self.initialize(capabilities=capabilities, workspaceFolders=named, initializationOptions=settings)

    def _build(self, settings: Any) -> Any:
        self.apps.append(App.build(settings))  # type: ignore[arg-type]
        return self.app

    def open(self, uri: str, text: str, language: str = "python") -> None:
        self.texts[uri], self.versions[uri] = text, 1
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.say(notification("textDocument/didOpen", {"textDocument": document}))

    def type_all(self, uri: str, text: str) -> None:
        """Have this text instead."""
        self.texts[uri], self.versions[uri] = text, self.versions[uri] + 1
        self.say(changed({"text": text}, uri=uri, version=self.versions[uri]))

    async def run(self, command: str, *arguments: Any, **more: Any) -> dict[str, Any]:
        """Ask for a command, and do what the server wants meanwhile; return its result, or its error."""
        self.ask_for(command, *arguments, **more)
        return await self.outcome()

    def ask_for(self, command: str, *arguments: Any, **more: Any) -> None:
        self.sent.clear()
        self.say(request("run", "workspace/executeCommand", {"command": command, "arguments": list(arguments), **more}))

    async def outcome(self) -> dict[str, Any]:
        done = set[Any]()

        def is_next(message: dict[str, Any]) -> bool:
            return message.get("id") == "run" or ("id" in message and "method" in message and message["id"] not in done)

        while True:
            asked = (await self.heard(is_next))[0]
            if "method" not in asked:
                result: dict[str, Any] = asked["error"] if "error" in asked else asked["result"]
                return result
            done.add(asked["id"])
            self.say({"jsonrpc": "2.0", "id": asked["id"], "result": self._do(asked["method"], asked["params"])})

    def _do(self, method: str, params: dict[str, Any]) -> Any:
        if method == "window/showDocument":
            self.shown.append(params["uri"])
            return {"success": True}
        if method != "workspace/applyEdit":
            return None
        for change in params["edit"]["documentChanges"]:
            if change.get("kind") == "create":
                self.texts[change["uri"]] = ""
                continue
            uri = change["textDocument"]["uri"]
            if change["textDocument"]["version"] != self.versions.get(uri):
                return {"applied": False, "failureReason": "another version"}
            text = edited(self.texts.get(uri, ""), change["edits"])
            if uri in self.versions:
                self.type_all(uri, text)
            self.texts[uri] = text
        return {"applied": True}

    async def close(self) -> None:
        await asyncio.shield(self.app.close())


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """A text after LSP's edits."""
    snapshot = Snapshot("", "", text, None)

    def offset(position: dict[str, int]) -> int:
        return snapshot.offset_at(position["line"], position["character"], "utf-16")

    return applied(text, [Edit(offset(each["range"]["start"]), offset(each["range"]["end"]), each["newText"]) for each in edits])


def place(uri: str, text: str, marked: str) -> dict[str, Any]:
    """The arguments of a command about the first place in a text where this stands; ▮ in it is the caret, else it is selected."""
    start = text.index(marked.replace("▮", ""))
    start, end = (start + marked.index("▮"),) * 2 if "▮" in marked else (start, start + len(marked))
    snapshot = Snapshot(uri, "", text, None)
    positions = [dict(zip(("line", "character"), snapshot.position_at(each, "utf-16"), strict=True)) for each in (start, end)]
    return {"textDocument": {"uri": uri}, "range": {"start": positions[0], "end": positions[1]}}
