// Runs `recoder-lsp doctor` and shows what it finds: as a document, because a folder that is not trusted gets no terminal.
import { execFile } from "node:child_process";
import * as vscode from "vscode";

const { l10n } = vscode;
const SCHEME = "recoder-findings";

export class Doctor implements vscode.Disposable {
  private findings = "";
  private n = 0;
  private readonly provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, { provideTextDocumentContent: () => this.findings });

  /** Have the program look at everything, with progress and a way to stop it. */
  async examine(program: string): Promise<void> {
    const title = l10n.t("Recoder: Checking the installation");
    const said = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_, token) =>
      output(program, token),
    );
    if (said === undefined) return;
    this.findings = said;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${l10n.t("Installation of Recoder")}`, query: String(++this.n) });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  }

  dispose(): void {
    this.provider.dispose();
  }
}

/** What it prints, whether or not all is well; undefined where it was stopped. */
function output(program: string, token: vscode.CancellationToken): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(program, ["doctor"], { encoding: "utf8" }, (error, stdout, stderr) => {
      stop.dispose();
      resolve(token.isCancellationRequested ? undefined : stdout || stderr || String(error));
    });
    const stop = token.onCancellationRequested(() => child.kill());
  });
}
