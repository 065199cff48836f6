// What this editor adds to the server's commands: where they are about, what has to be asked first, and where the answer is shown.
import * as vscode from "vscode";
import { type ExecuteCommandSignature, LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import type { Chat } from "./chat";
import type { Review } from "./review";
import type { Server } from "./server";

const { l10n } = vscode;

type Options = Record<string, unknown>;

interface Hit {
  uri: string;
  range: { start: { line: number }; end: { line: number } };
  symbol: string;
  kind: string;
  why: string;
}

/** What is used of VS Code's own Git. */
interface Repository {
  rootUri: vscode.Uri;
  inputBox: { value: string };
}

interface Model {
  setting: string;
  path: string;
  name: string;
  size_bytes: number;
  is_instruct: boolean;
  problem: string | null;
}

interface Models {
  completion: string;
  chat: string;
  models: Model[];
}

const CHANGES_CODE = ["edit", "refactor", "simplify", "types", "fix", "docs", "tests"].map((each) => `recoder.${each}`);
const EMBEDDED = "embedded";
const SNOOZES = [5, 30, 60, 240];

export class Commands {
  constructor(
    private readonly server: Server,
    private readonly chat: Chat,
    private readonly review: Review,
  ) {}

  /** Run a command that the server has announced, however it was called. */
  async execute(command: string, args: unknown[], next: ExecuteCommandSignature): Promise<unknown> {
    // Menus of VS Code put their own things into the arguments.
    const [first] = args;
    const options = isPlain(first) ? first : {};
    const place = this.server.placeOf(vscode.window.activeTextEditor);
    try {
      if (CHANGES_CODE.includes(command)) return await this.change(command, "textDocument" in options ? options : { ...place, ...options });
      switch (command) {
        case "recoder.chat":
          return await (typeof options["message"] === "string" ? this.chat.ask(options["message"]) : this.chat.focus());
        case "recoder.explain":
          return await this.chat.ask("/explain", "textDocument" in options ? options : place);
        case "recoder.search":
          return await this.search();
        case "recoder.commitMessage":
          return await this.writeCommitMessage(place, (first as { rootUri?: vscode.Uri } | undefined)?.rootUri);
        case "recoder.models":
          return await this.chooseModel();
        case "recoder.snooze":
          return await this.snooze(options);
        case "recoder.openLog":
          return this.server.output.show();
        case "recoder.chat.export":
          return await this.chat.export();
        case "recoder.chat.erase":
          return await this.chat.erase();
        case "recoder.reindex":
        case "recoder.status":
          return await this.server.run(command, options);
        case "recoder.rename":
          return await this.server.run(command, { ...place, ...options });
        case "recoder.accepted":
          void vscode.commands.executeCommand("setContext", "recoder.hasAccepted", true);
          return await next(command, args);
        default:
          // What editors send by themselves, and code lenses.
          return await next(command, args);
      }
    } catch (error) {
      if (error instanceof vscode.CancellationError || (error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)) return undefined;
      void vscode.window.showErrorMessage(`Recoder: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  private async change(command: string, options: Options): Promise<unknown> {
    if (command === "recoder.edit" && !("instruction" in options)) {
      const instruction = await vscode.window.showInputBox({
        title: l10n.t("Edit the code as you say"),
        prompt: l10n.t("Empty: what the comment at the cursor asks for"),
        placeHolder: l10n.t("What is to be done?"),
      });
      if (instruction === undefined) return undefined;
      options = { ...options, instruction };
    }
    return this.review.during(() => this.server.run(command, options));
  }

  private async search(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const range = editor && (editor.selection.isEmpty ? editor.document.getWordRangeAtPosition(editor.selection.active) : editor.selection);
    const query = await vscode.window.showInputBox({
      title: l10n.t("Search the workspace"),
      prompt: l10n.t("A name, words, or what the code is about"),
      value: (range && editor?.document.getText(range).slice(0, 200)) ?? "",
    });
    if (!query?.trim()) return;
    const { hits } = await this.server.run<{ hits: Hit[] }>("recoder.search", { query, show: false });
    const items = hits.map((hit) => {
      const uri = vscode.Uri.parse(hit.uri);
      const line = hit.range.start.line;
      return { label: hit.symbol || vscode.workspace.asRelativePath(uri), description: `${vscode.workspace.asRelativePath(uri)}:${line + 1}`, detail: hit.why, uri, line };
    });
    const chosen = await vscode.window.showQuickPick(items, {
      title: items.length ? query : l10n.t("Nothing was found"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen) await openAt(chosen.uri, chosen.line);
  }

  /** `chosen`: the repository whose button it was. */
  private async writeCommitMessage(place: object, chosen: vscode.Uri | undefined): Promise<void> {
    const git = await vscode.extensions.getExtension("vscode.git")?.activate();
    const repositories: Repository[] = git?.enabled ? git.getAPI(1).repositories : [];
    const document = vscode.window.activeTextEditor?.document;
    // There the server writes it to where it is edited.
    const isEdited = chosen === undefined && document?.uri.path.endsWith("/COMMIT_EDITMSG") === true;
    const here = (chosen ?? document?.uri)?.path ?? "";
    const around = repositories.filter(({ rootUri }) => `${here}/`.startsWith(`${rootUri.path}/`));
    const repository = around.sort((one, other) => other.rootUri.path.length - one.rootUri.path.length)[0] ?? repositories[0];
    const about = repository && !isEdited ? { folder: repository.rootUri.toString() } : place;
    const { message } = await this.server.run<{ message: string }>("recoder.commitMessage", { ...about, show: false });
    if (isEdited) return;
    if (repository) {
      repository.inputBox.value = message;
      await vscode.commands.executeCommand("workbench.view.scm");
    } else {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "git-commit", content: message }));
    }
  }

  private async chooseModel(): Promise<void> {
    const { completion, chat, models } = await this.server.run<Models>("recoder.models", { show: false });
    const usable = models.filter((each) => !each.problem);
    const [own, others] = [usable.find((each) => each.setting === EMBEDDED), usable.filter((each) => each.setting !== EMBEDDED)];
    const is = (wanted: string, model: Model): boolean => [model.path, model.setting].includes(wanted);
    const pick = (setting: string, value: string, label: string, description: string, isNow: boolean) => ({
      label: `${isNow ? "$(check) " : ""}${label}`,
      description,
      setting,
      value,
    });
    const size = (model: Model): string => `${Math.max(1, Math.round(model.size_bytes / 1e6)).toLocaleString(vscode.env.language)} MB`;
    const separator = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator, setting: "", value: "" });
    const chosen = await vscode.window.showQuickPick(
      [
        separator(l10n.t("Chat")),
        pick("models.chat", "", l10n.t("No chat model"), l10n.t("answers from the index alone"), chat === ""),
        ...others.filter((each) => each.is_instruct).map((each) => pick("models.chat", each.path, each.name, size(each), is(chat, each))),
        separator(l10n.t("Completion")),
        pick("engine.model", EMBEDDED, own?.name ?? EMBEDDED, l10n.t("the one that Recoder brings along"), completion === EMBEDDED),
        ...others.filter((each) => !each.is_instruct).map((each) => pick("engine.model", each.path, each.name, size(each), is(completion, each))),
        separator(""),
        pick("browse", "", `$(folder-opened) ${l10n.t("Choose a file for chat")}`, "GGUF", false),
      ],
      { title: l10n.t("Choose a model") },
    );
    if (chosen === undefined) return;
    let { setting, value } = chosen;
    if (setting === "browse") {
      const [file] = (await vscode.window.showOpenDialog({ filters: { GGUF: ["gguf"] } })) ?? [];
      if (file === undefined) return;
      [setting, value] = ["models.chat", file.fsPath];
    }
    await vscode.workspace.getConfiguration("recoder").update(setting, value, vscode.ConfigurationTarget.Global);
  }

  private async snooze(options: Options): Promise<void> {
    if (!("minutes" in options)) {
      const items = SNOOZES.map((minutes) => ({ label: l10n.t("{0} minutes", minutes), minutes }));
      const chosen = await vscode.window.showQuickPick(items, { title: l10n.t("Snooze") });
      if (chosen === undefined) return;
      options = { minutes: chosen.minutes };
    }
    await this.server.run("recoder.snooze", options);
    // Nothing is told of where one is snoozed for longer.
    await this.server.status();
  }
}

/** Open a document with these lines selected, counted from 0, without the last. */
export async function openAt(uri: vscode.Uri, line: number, endLine = line): Promise<void> {
  const selection = new vscode.Range(line, 0, Math.max(endLine, line), 0);
  const editor = await vscode.window.showTextDocument(uri, { selection, preview: true });
  editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function isPlain(value: unknown): value is Options {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
