// The chat view in the side bar: asks the server, keeps what its page shows, and does what the page's buttons say.
import * as vscode from "vscode";
import { LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import { openAt } from "./commands";
import type { Citation, FromPage, Message, ModelChoice, Texts, ToPage } from "./messages";
import type { Review } from "./review";
import type { Server } from "./server";

const { l10n } = vscode;

interface Answer {
  conversationId: string;
  markdown: string;
  citations: Omit<Citation, "label">[];
  model: string;
}

interface Summary {
  conversationId: string;
  title: string;
  changedAt: string;
  nMessages: number;
}

interface Kept extends Summary {
  messages: { role: "user" | "assistant"; markdown: string; model: string; citations: Omit<Citation, "label">[] }[];
}

export class Chat implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private messages: Message[] = [];
  private conversationId: string | undefined;
  private doing = "";
  private models: ModelChoice[] = [];
  /** The chat model that the server names; undefined before it was asked. */
  private model: string | null | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  private isReady: Promise<void> = Promise.resolve();
  /** Where the last question was about: code of the answer may take that place. */
  private asked: { document: vscode.TextDocument; version: number; range: vscode.Range } | undefined;
  private readonly disposables: vscode.Disposable[];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Server,
    private readonly review: Review,
  ) {
    this.disposables = [
      vscode.window.registerWebviewViewProvider("recoder.chatView", this),
      vscode.window.onDidChangeTextEditorSelection(() => this.send({ kind: "about", about: about() })),
      vscode.window.onDidChangeActiveTextEditor(() => this.send({ kind: "about", about: about() })),
      server.onDidChange(() => (this.model = undefined)),
      server.onDidLook(({ chat }) => chat.model !== this.model && void this.listModels(chat.model)),
      vscode.commands.registerCommand("recoder.chat.new", () => this.begin()),
      vscode.commands.registerCommand("recoder.chat.history", () => this.history()),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    view.webview.options = { enableScripts: true, localResourceRoots: [this.resource("media"), this.resource("dist")] };
    this.isReady = new Promise((resolve) => {
      view.webview.onDidReceiveMessage((message: FromPage) => {
        if (message.kind === "ready") resolve();
        void this.heard(message);
      });
    });
    view.onDidDispose(() => (this.view = undefined));
    view.webview.html = this.page(view.webview);
  }

  async focus(): Promise<void> {
    await vscode.commands.executeCommand("recoder.chatView.focus");
    await this.isReady;
    this.send({ kind: "focus" });
  }

  /** Ask, and show the answer as it comes. What it is about is said by `place`; without one, where the cursor is. */
  async ask(message: string, place: object = this.server.placeOf(vscode.window.activeTextEditor), extra: object = {}): Promise<void> {
    if (this.view === undefined) await vscode.commands.executeCommand("recoder.chatView.focus");
    this.asking?.cancel();
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const answer: Message = { role: "assistant", markdown: "", citations: [], model: "" };
    this.asked = "textDocument" in place ? placeNow() : undefined;
    this.messages.push({ role: "user", markdown: message, citations: [], model: "" }, answer);
    this.doing = l10n.t("Reading");
    this.show();
    const options = { message, ...place, ...extra, ...(this.conversationId ? { conversationId: this.conversationId } : {}) };
    try {
      const said = await this.server.run<Answer | null>("recoder.chat", options, asking.token, {
        partial: (value: { kind: string; text?: string; conversationId?: string }) => {
          if (this.asking !== asking) return;
          if (value.kind === "begin") this.conversationId = value.conversationId;
          else if (value.text) {
            answer.markdown += value.text;
            this.send({ kind: "delta", text: value.text });
          }
        },
        work: (value: { message?: string }) => {
          if (this.asking === asking && value.message) this.send({ kind: "doing", doing: (this.doing = value.message) });
        },
      });
      if (said !== null) {
        Object.assign(answer, { markdown: said.markdown, citations: said.citations.map(labelled), model: said.model });
        if (this.asking === asking) this.conversationId = said.conversationId;
      }
    } catch (error) {
      const isStopped = error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled;
      const problem = isStopped ? l10n.t("Stopped.") : error instanceof Error ? error.message : String(error);
      this.messages.splice(this.messages.indexOf(answer) + 1, 0, { role: "problem", markdown: problem, citations: [], model: "" });
    } finally {
      if (this.asking === asking) {
        this.doing = "";
        this.show();
      }
      asking.dispose();
    }
  }

  async export(): Promise<void> {
    const options = this.conversationId ? { conversationId: this.conversationId } : {};
    const { markdown } = await this.server.run<{ markdown: string }>("recoder.chat.export", options);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "markdown", content: markdown }));
  }

  async erase(): Promise<void> {
    const [one, all] = [l10n.t("Erase this conversation"), l10n.t("Erase all of this workspace")];
    const choices = this.conversationId ? [one, all] : [all];
    const chosen = await vscode.window.showWarningMessage(l10n.t("Erase conversations?"), { modal: true }, ...choices);
    if (chosen === undefined) return;
    await this.server.run("recoder.chat.erase", chosen === one ? { conversationId: this.conversationId } : { all: true });
    this.begin();
  }

  dispose(): void {
    this.asking?.cancel();
    this.disposables.forEach((each) => each.dispose());
  }

  private begin(): void {
    this.asking?.cancel();
    this.asking = undefined;
    [this.messages, this.conversationId, this.doing, this.asked] = [[], undefined, "", undefined];
    this.show();
    void this.focus();
  }

  private async history(): Promise<void> {
    const { conversations } = await this.server.run<{ conversations: Summary[] }>("recoder.chat.list", {});
    const items = conversations.map((each) => ({ label: each.title, description: new Date(each.changedAt).toLocaleString(vscode.env.language), id: each.conversationId }));
    const title = items.length ? l10n.t("Earlier conversations") : l10n.t("There is no earlier conversation");
    const chosen = await vscode.window.showQuickPick(items, { title });
    if (chosen === undefined) return;
    const kept = await this.server.run<Kept>("recoder.chat.show", { conversationId: chosen.id });
    this.begin();
    this.conversationId = kept.conversationId;
    this.messages = kept.messages.map((each) => ({ ...each, citations: each.citations.map(labelled) }));
    this.show();
  }

  private async heard(message: FromPage): Promise<void> {
    switch (message.kind) {
      case "ready":
        this.show();
        return void this.server.status();
      case "ask": {
        const extra = { ...(message.model ? { model: message.model } : {}), ...(message.temperature === null ? {} : { temperature: message.temperature }) };
        return this.ask(message.message, message.withPlace ? undefined : {}, extra);
      }
      case "stop":
        return this.asking?.cancel();
      case "open": {
        const uri = vscode.Uri.parse(message.href);
        const [, first] = /^L(\d+)/.exec(uri.fragment) ?? [];
        return openAt(uri.with({ fragment: "" }), first ? Number(first) - 1 : 0).catch(failed);
      }
      case "cite":
        return openAt(vscode.Uri.parse(message.uri), message.line, message.endLine).catch(failed);
      case "copy":
        return vscode.env.clipboard.writeText(message.code);
      case "insert":
        return this.insert(message.code);
      case "apply":
        return this.apply(message.code);
      case "chooseModel":
        await vscode.commands.executeCommand("recoder.models");
    }
  }

  /** In the place of what is selected, else at the cursor. */
  private async insert(code: string): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return failed(l10n.t("Open a file and put the cursor where it is to go."));
    await editor.edit((edit) => edit.replace(editor.selection, code));
    await vscode.window.showTextDocument(editor.document, editor.viewColumn);
  }

  /** In the place that the question was about, once the user has seen it and accepts. */
  private async apply(code: string): Promise<void> {
    const asked = this.asked?.document.version === this.asked?.version && !this.asked?.range.isEmpty ? this.asked : undefined;
    const place = asked ?? placeNow();
    if (place === undefined) return failed(l10n.t("Open a file and put the cursor where it is to go."));
    const endsLine = !place.range.isEmpty && !place.document.getText(place.range).endsWith("\n");
    const edit = new vscode.TextEdit(place.range, endsLine ? code.replace(/\n$/, "") : code);
    if (!(await this.review.propose(place.document, [edit], l10n.t("Recoder: Change from the chat")))) return;
    if (place.document.version !== place.version) return failed(l10n.t("The document has changed meanwhile, so nothing was changed."));
    const change = new vscode.WorkspaceEdit();
    change.set(place.document.uri, [edit]);
    await vscode.workspace.applyEdit(change);
  }

  private async listModels(model: string | null): Promise<void> {
    if (this.view === undefined) return;
    this.model = model;
    const { models } = await this.server
      .run<{ models: { name: string; path: string; is_instruct: boolean; problem: string | null }[] }>("recoder.models", { show: false })
      .catch(() => ({ models: [] }));
    this.models = models.filter((each) => each.is_instruct && !each.problem).map(({ name, path }) => ({ name, path }));
    this.show();
  }

  private show(): void {
    const { messages, doing, models, model } = this;
    this.send({ kind: "show", shown: { messages, doing, models, hasModel: model !== null, about: about() } });
  }

  private send(message: ToPage): void {
    void this.view?.webview.postMessage(message);
  }

  private resource(...names: string[]): vscode.Uri {
    return vscode.Uri.joinPath(this.context.extensionUri, ...names);
  }

  private page(webview: vscode.Webview): string {
    const nonce = crypto.randomUUID();
    const texts: Texts = {
      you: l10n.t("You"),
      recoder: "Recoder",
      copy: l10n.t("Copy"),
      insert: l10n.t("Insert"),
      apply: l10n.t("Apply"),
      sources: l10n.t("Sources"),
      noModel: l10n.t("No chat model is set: answers are passages of your code, found by the index."),
      chooseModel: l10n.t("Choose a model"),
      empty: l10n.t("Ask about the code. A question may begin with /explain, /fix, /tests, /docs, /refactor, /search or /commit."),
      about: l10n.t("About"),
      asSet: l10n.t("as in the settings"),
      problem: l10n.t("Problem"),
      guess: l10n.t("Written by {0}; it may be wrong.", "{0}"),
    };
    const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
    return `<!DOCTYPE html>
<html lang="${escaped(vscode.env.language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${webview.asWebviewUri(this.resource("media", "chat.css"))}">
  <title>${l10n.t("Chat")}</title>
</head>
<body data-texts="${escaped(JSON.stringify(texts))}">
  <main id="log" role="log" aria-live="polite" aria-label="${escaped(l10n.t("Conversation"))}" tabindex="0"></main>
  <form id="form" aria-label="${escaped(l10n.t("Ask about the code"))}">
    <p id="doing" role="status"></p>
    <label id="place" hidden><input type="checkbox" id="withPlace" checked> <span id="about"></span></label>
    <textarea id="message" rows="3" aria-label="${escaped(l10n.t("Your question"))}" placeholder="${escaped(l10n.t("Ask about the code"))}"></textarea>
    <div class="row">
      <details>
        <summary>${escaped(l10n.t("Options"))}</summary>
        <label>${escaped(l10n.t("Model"))} <select id="model"></select></label>
        <label>${escaped(l10n.t("Temperature"))} <input id="temperature" type="number" min="0" max="2" step="0.1"></label>
      </details>
      <button type="submit" id="send">${escaped(l10n.t("Ask"))}</button>
      <button type="button" id="stop" hidden>${escaped(l10n.t("Stop"))}</button>
    </div>
  </form>
  <script nonce="${nonce}" src="${webview.asWebviewUri(this.resource("dist", "page.js"))}"></script>
</body>
</html>`;
  }
}

function labelled(citation: Omit<Citation, "label">): Citation {
  return { ...citation, label: `${vscode.workspace.asRelativePath(vscode.Uri.parse(citation.uri))}:${citation.range.start.line + 1}` };
}

function placeNow(): { document: vscode.TextDocument; version: number; range: vscode.Range } | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && { document: editor.document, version: editor.document.version, range: editor.selection };
}

/** The place that a question is about, as a person calls it. */
function about(): string {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || !["file", "untitled"].includes(editor.document.uri.scheme)) return "";
  const { start, end } = editor.selection;
  // Whole lines end at the beginning of the next.
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  const lines = start.line === last ? `${start.line + 1}` : `${start.line + 1}-${last + 1}`;
  return `${vscode.workspace.asRelativePath(editor.document.uri)}:${lines}`;
}

function failed(problem: unknown): void {
  void vscode.window.showErrorMessage(`Recoder: ${problem instanceof Error ? problem.message : String(problem)}`);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}
