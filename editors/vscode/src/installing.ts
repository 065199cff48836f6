// Installs the server that came with the extension into a virtual environment of the extension's own, when the user asks for it.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { privateFolder, programsOf } from "./finding";

const { l10n } = vscode;
const PYTHONS = process.platform === "win32" ? ["py", "python"] : ["python3.13", "python3.12", "python3.11", "python3", "python"];
const IS_FIT = "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))";

/** Make the virtual environment, with progress and a way to stop it. False where it was stopped or failed, which is then said. */
export async function install(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): Promise<boolean> {
  const title = l10n.t("Recoder: Installing the server");
  try {
    return await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) =>
      make(context, new Runner(output, progress, token)),
    );
  } catch (error) {
    output.error(String(error));
    const show = l10n.t("Show the log");
    const message = l10n.t("Recoder: The server could not be installed. {0}", error instanceof Error ? error.message : String(error));
    void vscode.window.showErrorMessage(message, show).then((chosen) => chosen && output.show());
    return false;
  }
}

async function make(context: vscode.ExtensionContext, runner: Runner): Promise<boolean> {
  const folder = privateFolder(context);
  const python = await fitPython(runner);
  const fresh = !existsSync(folder);
  await mkdir(context.globalStorageUri.fsPath, { recursive: true });
  try {
    await runner.run(python, ["-m", "venv", folder]);
    const pip = [join(programsOf(folder), "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"];
    await runner.run(pip[0]!, [...pip.slice(1), ...whatToInstall(context)]);
    return true;
  } catch (error) {
    // Half of an environment would be found as a server that cannot be started.
    if (fresh) await rm(folder, { recursive: true, force: true });
    if (runner.isStopped) return false;
    throw error;
  }
}

/** The wheel that was packaged with the extension; beside its sources, the sources of the server. */
function whatToInstall(context: vscode.ExtensionContext): string[] {
  const bundled = context.asAbsolutePath("server");
  const wheel = existsSync(bundled) ? readdirSync(bundled).find((each) => each.endsWith(".whl")) : undefined;
  if (wheel) return ["--upgrade", "--constraint", join(bundled, "constraints.txt"), join(bundled, wheel)];
  const sources = context.asAbsolutePath(join("..", ".."));
  if (existsSync(join(sources, "pyproject.toml"))) return ["--constraint", join(sources, "constraints.txt"), sources];
  throw new Error(l10n.t("This copy of the extension has no server in it."));
}

async function fitPython(runner: Runner): Promise<string> {
  const named = vscode.workspace.getConfiguration("recoder.server").get("python", "").trim();
  for (const python of named ? [named] : PYTHONS) {
    if (await runner.run(python, ["-c", IS_FIT]).then(() => true, () => false)) return python;
  }
  throw new Error(l10n.t("Python 3.11, 3.12 or 3.13 with venv is needed, and none was found."));
}

/** Runs programs one after the other; what they print goes to the log, their last line to the progress. */
class Runner {
  constructor(
    private readonly output: vscode.LogOutputChannel,
    private readonly progress: vscode.Progress<{ message: string }>,
    private readonly token: vscode.CancellationToken,
  ) {}

  get isStopped(): boolean {
    return this.token.isCancellationRequested;
  }

  run(program: string, args: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      // pip compiles, so what is stopped is a group of processes.
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
      const stop = this.token.onCancellationRequested(() => {
        if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid);
        else child.kill();
      });
      const heard = (data: Buffer): void => {
        for (const line of data.toString().split(/\r?\n/).filter((each) => each.trim())) {
          this.output.info(line);
          this.progress.report({ message: line.trim().slice(0, 100) });
        }
      };
      child.stdout.on("data", heard);
      child.stderr.on("data", heard);
      child.on("error", reject);
      child.on("close", (code) => {
        stop.dispose();
        if (code === 0 && !this.isStopped) resolve();
        else reject(new Error(l10n.t("{0} ended with code {1}.", program, String(code))));
      });
    });
  }
}
