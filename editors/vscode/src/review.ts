// Shows what a change would do, beside the text as it is, and makes it only when the user accepts it.
import * as vscode from "vscode";
import type { ApplyWorkspaceEditParams, ApplyWorkspaceEditResult, TextDocumentEdit } from "vscode-languageclient/node";
import type { Server } from "./server";

const SCHEME = "recoder-change";

interface Open {
  uri: vscode.Uri;
  text: string;
  decide: (accepted: boolean) => void;
}

export class Review implements vscode.Disposable {
  private open: Open | undefined;
  private n = 0;
  private nWanted = 0;
  private nDiscarded = 0;
  private readonly disposables: vscode.Disposable[];

  constructor() {
    this.disposables = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, { provideTextDocumentContent: () => this.open?.text ?? "" }),
      vscode.commands.registerCommand("recoder.review.accept", () => this.open?.decide(true)),
      vscode.commands.registerCommand("recoder.review.discard", () => this.open?.decide(false)),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        const uri = this.open?.uri.toString();
        if (closed.some((tab) => tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === uri)) this.open?.decide(false);
      }),
    ];
  }

  /** What the server has changed while this runs is shown first. Undefined where the user discards it. */
  async during<Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> {
    this.nWanted++;
    const discarded = this.nDiscarded;
    try {
      return await work();
    } catch (error) {
      // The server only hears that the change was not made.
      if (this.nDiscarded > discarded) return undefined;
      throw error;
    } finally {
      this.nWanted--;
    }
  }

  /** What to do with a change that the server sends. Changes of several files, or of one that is not open, are made at once: they can be undone. */
  async applyEdit(
    server: Server,
    params: ApplyWorkspaceEditParams,
    apply: () => Promise<ApplyWorkspaceEditResult>,
  ): Promise<ApplyWorkspaceEditResult> {
    const changes = params.edit.documentChanges ?? [];
    const [change] = changes;
    if (this.nWanted === 0 || changes.length !== 1 || change === undefined || !("edits" in change)) return apply();
    const uri = server.converter?.asUri((change as TextDocumentEdit).textDocument.uri);
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri?.toString());
    const edits = await server.converter?.asTextEdits(change.edits as never);
    if (document === undefined || edits === undefined) return apply();
    const accepted = await this.propose(document, edits, params.label ?? vscode.l10n.t("Recoder: Change"));
    if (accepted) return apply();
    this.nDiscarded++;
    return { applied: false, failureReason: "discarded" };
  }

  /** Whether the user accepts these changes of a document, having seen them. */
  async propose(document: vscode.TextDocument, edits: readonly vscode.TextEdit[], title: string): Promise<boolean> {
    this.open?.decide(false);
    const uri = document.uri.with({ scheme: SCHEME, query: String(++this.n) });
    const decision = new Promise<boolean>((resolve) => {
      this.open = { uri, text: changed(document, edits), decide: resolve };
    });
    await vscode.commands.executeCommand("setContext", "recoder.reviewing", true);
    await vscode.commands.executeCommand("vscode.diff", document.uri, uri, title, { preview: true });
    const accepted = await decision;
    if (this.open?.uri === uri) {
      this.open = undefined;
      await vscode.commands.executeCommand("setContext", "recoder.reviewing", false);
    }
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter((tab) => tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === uri.toString()),
    );
    await vscode.window.showTextDocument(document);
    return accepted;
  }

  dispose(): void {
    this.open?.decide(false);
    this.disposables.forEach((each) => each.dispose());
  }
}

/** The text of a document with these changes, which do not overlap. */
function changed(document: vscode.TextDocument, edits: readonly vscode.TextEdit[]): string {
  const backwards = [...edits].sort((one, other) => other.range.start.compareTo(one.range.start));
  let text = document.getText();
  for (const edit of backwards) {
    text = text.slice(0, document.offsetAt(edit.range.start)) + edit.newText + text.slice(document.offsetAt(edit.range.end));
  }
  return text;
}
