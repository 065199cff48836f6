// Finds the server's program, without starting anything.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import * as vscode from "vscode";

const windows = process.platform === "win32";
const name = windows ? "recoder-lsp.exe" : "recoder-lsp";

/** Where the extension's own virtual environment is, whether or not it exists. */
export function privateFolder(context: vscode.ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, "server");
}

/** Where a virtual environment keeps its programs. */
export function programsOf(environment: string): string {
  return join(environment, windows ? "Scripts" : "bin");
}

/**
 * The program to start, or undefined where there is none.
 * What the setting names is taken as it is: that it cannot be started is then said when it is tried.
 */
export async function findServer(context: vscode.ExtensionContext): Promise<string | undefined> {
  const named = vscode.workspace.getConfiguration("recoder.server").get("path", "").trim();
  if (named) return named.startsWith("~/") ? join(homedir(), named.slice(2)) : named;
  for (const folder of folders(context)) {
    const program = join(folder, name);
    if (await isProgram(program)) return program;
  }
  return undefined;
}

function folders(context: vscode.ExtensionContext): string[] {
  // A folder that is not trusted must not say what is run.
  const workspace = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const local = workspace.filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath);
  return [
    ...local.flatMap((folder) => [".venv", "venv"].map((each) => programsOf(join(folder, each)))),
    programsOf(privateFolder(context)),
    ...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean),
    join(homedir(), ".local", "bin"),
    programsOf(join(homedir(), ".local", "share", "recoder-lsp")),
  ];
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, windows ? constants.F_OK : constants.X_OK).then(
    () => true,
    () => false,
  );
}
