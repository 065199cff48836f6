// The item in the status bar: what the server is doing, and a menu of what can be done about it.
import * as vscode from "vscode";
import type { Server, Status } from "./server";

const { l10n } = vscode;

interface Choice extends vscode.QuickPickItem {
  run?: () => unknown;
}

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("recoder.status", vscode.StatusBarAlignment.Right, 90);
  private readonly disposables: vscode.Disposable[];
  private status: Status | undefined;

  constructor(private readonly server: Server) {
    this.item.name = "Recoder";
    this.item.show();
    this.disposables = [
      this.item,
      server.onDidLook((status) => this.show(status)),
      server.onDidChange(() => void this.look()),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("recoder") && this.draw()),
      vscode.commands.registerCommand("recoder.menu", () => this.menu()),
    ];
    this.draw();
  }

  dispose(): void {
    this.disposables.forEach((each) => each.dispose());
  }

  /** Ask the server how it is; it tells by itself when that changes. */
  private async look(): Promise<void> {
    this.show(await this.server.status().catch(() => undefined));
  }

  private show(status: Status | undefined): void {
    this.status = status;
    this.draw();
  }

  private draw(): void {
    const [icon, says, isWrong] = this.says();
    this.item.text = `$(${icon}) Recoder`;
    this.item.command = this.server.phase === "missing" ? "recoder.install" : "recoder.menu";
    this.item.accessibilityInformation = { label: `Recoder: ${says}`, role: "button" };
    this.item.backgroundColor = isWrong ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    const lines = [says];
    if (this.status && this.server.phase === "running") {
      const { engine, chat } = this.status;
      lines.push(
        l10n.t("Completion: {0}", engine.model),
        l10n.t("Chat: {0}", chat.model ?? l10n.t("no model, from the index alone")),
        indexOf(this.status),
      );
    }
    this.item.tooltip = lines.join("\n");
  }

  /** An icon, a few words, and whether something is wrong. */
  private says(): [string, string, boolean] {
    const { phase } = this.server;
    if (phase === "missing") return ["cloud-download", l10n.t("There is no server yet: click to install it"), true];
    if (phase === "stopped") return ["error", l10n.t("The server is not running"), true];
    const status = this.status;
    if (phase === "starting" || status === undefined) return ["loading~spin", l10n.t("Starting"), false];
    if (status.engine.error) return ["error", status.engine.error, true];
    if (!isOn()) return ["circle-slash", l10n.t("Suggestions are off"), false];
    if (status.completion.state === "snoozed") return ["bell-slash", l10n.t("Snoozed until {0}", endOfSnooze(status)), false];
    if (status.completion.state === "saving") return ["plug", l10n.t("Saving the battery: suggestions only when asked for"), false];
    if (["starting", "opening", "scanning", "indexing", "vectors"].includes(status.index.state)) return ["sync~spin", l10n.t("Indexing the workspace"), false];
    return ["pulse", l10n.t("Ready"), false];
  }

  private async menu(): Promise<void> {
    await this.look();
    const [, says] = this.says();
    const command = (icon: string, label: string, name: string, ...args: unknown[]): Choice => ({
      label: `$(${icon}) ${label}`,
      run: () => vscode.commands.executeCommand(name, ...args),
    });
    const isSnoozed = this.status?.completion.state === "snoozed";
    const running: Choice[] = [
      { label: isOn() ? `$(debug-pause) ${l10n.t("Turn suggestions off")}` : `$(debug-start) ${l10n.t("Turn suggestions on")}`, run: turn },
      isSnoozed
        ? command("bell", l10n.t("Wake up"), "recoder.snooze", { minutes: 0 })
        : command("bell-slash", l10n.t("Snooze"), "recoder.snooze"),
      command("comment-discussion", l10n.t("Ask about the code"), "recoder.chat"),
      command("hubot", l10n.t("Choose a model"), "recoder.models"),
      command("refresh", l10n.t("Index the workspace again"), "recoder.reindex"),
      command("info", l10n.t("Show the status"), "recoder.status"),
    ];
    const choices: Choice[] = [
      ...(this.server.phase === "running" ? running : []),
      { label: "", kind: vscode.QuickPickItemKind.Separator },
      { label: `$(output) ${l10n.t("Open the log")}`, run: () => this.server.output.show() },
      command("checklist", l10n.t("Check the installation"), "recoder.doctor"),
      command("debug-restart", l10n.t("Restart the server"), "recoder.restart"),
      command("gear", l10n.t("Settings"), "workbench.action.openSettings", "@ext:recoder-lsp.recoder-lsp"),
    ];
    const size = this.status && [indexOf(this.status), l10n.t("Memory: {0} MB", Math.round(this.status.memory_bytes / 1e6))].join(" · ");
    const chosen = await vscode.window.showQuickPick(choices, { title: `Recoder: ${says}`, ...(size ? { placeHolder: size } : {}) });
    await chosen?.run?.();
  }
}

function isOn(): boolean {
  return vscode.workspace.getConfiguration("recoder").get("completion.enabled", true);
}

function turn(): Thenable<void> {
  return vscode.workspace.getConfiguration("recoder").update("completion.enabled", !isOn(), vscode.ConfigurationTarget.Global);
}

function indexOf({ index }: Status): string {
  return index.reason ?? l10n.t("Index: {0} files", index.files.toLocaleString(vscode.env.language));
}

function endOfSnooze(status: Status): string {
  const end = new Date(Date.now() + (status.completion.snoozed_s ?? 0) * 1_000);
  return end.toLocaleTimeString(vscode.env.language, { hour: "2-digit", minute: "2-digit" });
}
