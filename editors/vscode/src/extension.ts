// Puts the extension together.
import * as vscode from "vscode";
import { Chat } from "./chat";
import { Commands } from "./commands";
import { Doctor } from "./doctor";
import { findServer } from "./finding";
import { Hovers } from "./hover";
import { install } from "./installing";
import { Review } from "./review";
import { Server } from "./server";
import { StatusItem } from "./status";

const { l10n } = vscode;

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const review = new Review();
  const hovers = new Hovers();
  const started: Server = (server = new Server(context, {
    provideHover: hovers.provideHover,
    executeCommand: (command, args, next) => commands.execute(command, args, next),
    workspace: {
      handleApplyEdit: (params, next) => review.applyEdit(started, params, async () => (await next(params, undefined as never)) as never),
    },
  }));
  const chat = new Chat(context, started, review);
  const commands = new Commands(started, chat, review);
  const doctor = new Doctor();
  const installAndStart = async (): Promise<void> => {
    await started.stop();
    await install(context, started.output);
    await started.restart();
  };
  const examine = async (): Promise<void> => {
    const program = await findServer(context);
    await (program === undefined ? offer(installAndStart) : doctor.examine(program));
  };
  context.subscriptions.push(
    started,
    review,
    chat,
    doctor,
    new StatusItem(started),
    started.onDidDescribe((described) => void hovers.renew(started, described)),
    vscode.commands.registerCommand("recoder.restart", () => started.restart()),
    vscode.commands.registerCommand("recoder.install", installAndStart),
    vscode.commands.registerCommand("recoder.doctor", examine),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("recoder.server.path") && void started.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.phase === "missing" && void started.start()),
  );
  if (!(await started.start())) void offer(installAndStart);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

async function offer(installAndStart: () => Promise<void>): Promise<void> {
  const [yes, where] = [l10n.t("Install the server"), l10n.t("Say where it is")];
  const chosen = await vscode.window.showInformationMessage(
    l10n.t("Recoder: The program recoder-lsp was not found. It can be installed into a folder of this extension; that takes some minutes."),
    yes,
    where,
  );
  if (chosen === yes) await installAndStart();
  else if (chosen === where) await vscode.commands.executeCommand("workbench.action.openSettings", "recoder.server.path");
}
