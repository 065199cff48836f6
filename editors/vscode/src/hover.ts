// Shows a hover anew when a model has described the name meanwhile. Only one that was asked for at the cursor: of others VS Code does not say whether they are still there.
import * as vscode from "vscode";
import type { HoverMiddleware } from "vscode-languageclient";
import type { Described, Server } from "./server";

export class Hovers implements HoverMiddleware {
  private last: { uri: string; position: vscode.Position } | undefined;

  provideHover: NonNullable<HoverMiddleware["provideHover"]> = (document, position, token, next) => {
    this.last = { uri: document.uri.toString(), position };
    return next(document, position, token);
  };

  /** What the server has told: look again, if the cursor is still where it was. */
  async renew(server: Server, { textDocument, position }: Described): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const place = new vscode.Position(position.line, position.character);
    const isShown = this.last?.uri === editor?.document.uri.toString() && this.last?.position.isEqual(place);
    if (!isShown || !editor?.selection.active.isEqual(place) || server.converter?.asUri(textDocument.uri).toString() !== this.last?.uri) return;
    await vscode.commands.executeCommand("editor.action.hideHover");
    await vscode.commands.executeCommand("editor.action.showHover", { focus: "noAutoFocus" });
  }
}
