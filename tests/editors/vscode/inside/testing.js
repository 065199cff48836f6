// What the tests inside of the extension host are made of.
const vscode = require("vscode");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { join } = require("node:path");

const FOLDER = process.env.EDITOR_FOLDER;
const run = (command, ...args) => vscode.commands.executeCommand(command, ...args);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition, what, timeout_ms = 30_000) {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(100);
  }
}

function equal(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** A document of the folder with this text, and the cursor at ▮. */
async function edit(name, text) {
  const uri = vscode.Uri.file(join(FOLDER, name));
  if (!fs.existsSync(uri.fsPath)) fs.writeFileSync(uri.fsPath, "");
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  const { document } = editor;
  const caret = text.indexOf("▮");
  const all = new vscode.Range(0, 0, document.lineCount, 0);
  await editor.edit((change) => change.replace(all, text.replace("▮", "")));
  const position = document.positionAt(Math.max(caret, 0));
  editor.selection = new vscode.Selection(position, position);
  return editor;
}

function serverProcesses() {
  return execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === process.pid && args.join(" ").includes(process.env.EDITOR_SERVER))
    .map(([pid]) => Number(pid));
}

/** Ask for suggestions, and take of them what `take` takes, until the text is another. */
async function suggested(editor, take = "editor.action.inlineSuggest.commit") {
  const before = editor.document.getText();
  return until(async () => {
    await run("editor.action.inlineSuggest.trigger");
    await sleep(400);
    await run(take);
    await sleep(100);
    return editor.document.getText() !== before;
  }, "a suggestion that can be taken");
}

/** The function that VS Code calls: runs the tests one after the other, and writes what came of each to $EDITOR_OUT. */
function runs(tests) {
  return async () => {
    const found = {};
    const only = process.env.EDITOR_ONLY;
    for (const [name, test] of Object.entries(tests).filter(([name]) => !only || new RegExp(only).test(name))) {
      try {
        await Promise.race([test(), sleep(60_000).then(() => Promise.reject(new Error("took more than a minute")))]);
        found[name] = "";
      } catch (error) {
        found[name] = String(error.stack ?? error);
      }
      await run("workbench.action.files.saveAll");
      await run("workbench.action.closeAllEditors");
      fs.writeFileSync(process.env.EDITOR_OUT, JSON.stringify(found));
    }
    fs.writeFileSync(`${process.env.EDITOR_OUT}.done`, "");
  };
}

module.exports = { FOLDER, edit, equal, holds, run, runs, serverProcesses, sleep, suggested, until };
