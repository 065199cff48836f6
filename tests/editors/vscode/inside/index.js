// Runs inside the extension host of a real VS Code, with its whole API.
const vscode = require("vscode");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { join } = require("node:path");
const { FOLDER, edit, equal, holds, run, runs, serverProcesses, sleep, suggested, until } = require("./testing.js");

const SUM = "def add(first, second):\n    return first + second\n\n\ndef sub(first, second):\n    return first - second\n\n\n";

const TESTS = {
  async "the server is started"() {
    const extension = vscode.extensions.getExtension("recoder-lsp.recoder-lsp");
    await extension.activate();
    await until(() => serverProcesses().length === 1, "the server");
    await until(async () => (await vscode.commands.getCommands()).includes("recoder.explain"), "the server's commands");
  },

  async "ghost text is taken as a whole"() {
    const editor = await edit("whole.py", `${SUM}def add_again(first, second):\n    return ▮`);
    await suggested(editor);
    holds(/def add_again\(first, second\):\n    return \S+/.test(editor.document.getText()), editor.document.getText());
  },

  async "ghost text is taken word by word"() {
    const editor = await edit("word.py", `${SUM}def add_again(first, second):\n    return ▮`);
    const before = editor.document.getText();
    await suggested(editor, "editor.action.inlineSuggest.acceptNextWord");
    const taken = editor.document.getText().slice(before.length);
    holds(/^\s*\w+\W?$/.test(taken), `one word instead of ${taken}`);
  },

  async "ghost text is taken line by line"() {
    const editor = await edit("line.py", `${SUM}▮`);
    const before = editor.document.getText();
    await suggested(editor, "editor.action.inlineSuggest.acceptNextLine");
    equal(editor.document.getText().slice(before.length).trimEnd().split("\n").length, 1);
  },

  async "nothing is left of a server that is restarted"() {
    const [pid] = serverProcesses();
    // It ends as it does with a window, and keeps what it has counted.
    await run("recoder.restart");
    await until(() => serverProcesses().length === 1 && serverProcesses()[0] !== pid, "one other server");
  },

  async "names of the workspace are completed"() {
    const editor = await edit("names.py", "total_pri▮");
    const names = await until(async () => {
      const list = await run("vscode.executeCompletionItemProvider", editor.document.uri, editor.selection.active);
      const labels = list.items.map((item) => (typeof item.label === "string" ? item.label : item.label.label));
      return labels.some((label) => label.includes("total_price")) && labels;
    }, "total_price in the menu");
    holds(names.length > 0, "no names");
  },

  async "a hover says where a name is from"() {
    const editor = await edit("looking.py", "from prices import total_price\n\nprint(total_pri▮ce([]))\n");
    const text = await until(async () => {
      const found = await run("vscode.executeHoverProvider", editor.document.uri, editor.selection.active);
      const said = found.flatMap((hover) => hover.contents.map((content) => content.value)).join("\n");
      return said.includes("prices.py") && said;
    }, "a hover");
    holds(text.includes("total_price"), text);
  },

  async "a code action changes the document"() {
    const editor = await edit("unsorted.py", "import sys\nimport os\n\nprint(os, sys)▮\n");
    const all = new vscode.Range(0, 0, 4, 0);
    const actions = await run("vscode.executeCodeActionProvider", editor.document.uri, all, "source.organizeImports", 5);
    const organise = actions.find((action) => action.edit);
    holds(organise, `an action among ${JSON.stringify(actions.map((action) => action.title))}`);
    await vscode.workspace.applyEdit(organise.edit);
    equal(editor.document.getText(), "import os\nimport sys\n\nprint(os, sys)\n");
  },

  async "a change is shown first, and made when it is accepted"() {
    const editor = await edit("documented.py", "def half(num▮ber):\n    return number / 2\n");
    const done = run("recoder.docs");
    await until(() => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff, "the change beside the text");
    equal(editor.document.getText(), "def half(number):\n    return number / 2\n");
    await run("recoder.review.accept");
    await done;
    holds(editor.document.getText().includes('"""'), editor.document.getText());
  },

  async "a change that is discarded is not made"() {
    const text = "def third(number):\n    return number / 3\n";
    const editor = await edit("discarded.py", text.replace("number)", "num▮ber)"));
    const done = run("recoder.docs");
    await until(() => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff, "the change beside the text");
    await run("recoder.review.discard");
    await done;
    equal(editor.document.getText(), text);
    holds(!(vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff), "the comparison is still open");
  },

  async "closing the comparison discards the change"() {
    const text = "def fourth(number):\n    return number / 4\n";
    const editor = await edit("closed.py", text.replace("number)", "num▮ber)"));
    const done = run("recoder.docs");
    const tab = await until(() => {
      const { activeTab } = vscode.window.tabGroups.activeTabGroup;
      return activeTab?.input instanceof vscode.TabInputTextDiff && activeTab;
    }, "the change beside the text");
    await vscode.window.tabGroups.close(tab);
    await done;
    equal(editor.document.getText(), text);
  },

  async "the installation is checked"() {
    await run("recoder.doctor");
    const said = vscode.window.activeTextEditor.document.getText();
    holds(/^ok +model:/m.test(said), said);
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
  },

  async "a model edits as it is told"() {
    await vscode.workspace.getConfiguration("recoder").update("models.chat", process.env.EDITOR_EDIT_MODEL, vscode.ConfigurationTarget.Global);
    const editor = await edit("edited.py", "def twice(number):\n    return number + num▮ber\n");
    await sleep(1000);
    const place = { textDocument: { uri: editor.document.uri.toString() }, range: { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } } };
    const done = run("recoder.edit", { instruction: "Multiply instead.", ...place });
    await until(() => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff, "the change beside the text");
    await run("recoder.review.accept");
    await done;
    equal(editor.document.getText(), "def twice(number):\n    return 2 * number\n");
    await run("undo");
    equal(editor.document.getText(), "def twice(number):\n    return number + number\n");
    await vscode.workspace.getConfiguration("recoder").update("models.chat", undefined, vscode.ConfigurationTarget.Global);
  },

  async "settings that nobody has made do not win over the user's file"() {
    // ~/.recoder/config.toml turns folding on; VS Code's default says off.
    const editor = await edit("folded.py", "def one():\n    a = 1\n    b = 2\n    return a + b\n");
    const folded = await until(async () => run("vscode.executeFoldingRangeProvider", editor.document.uri), "folds");
    holds(folded.length > 0, "no folds");
  },

  async "a change of the settings holds at once"() {
    const editor = await edit("going.py", "def here():\n    return 1\n\n\nhe▮re()\n");
    const configuration = vscode.workspace.getConfiguration("recoder");
    const definitions = () => run("vscode.executeDefinitionProvider", editor.document.uri, editor.selection.active);
    equal((await definitions()).length, 0);
    await configuration.update("navigation.definition", true, vscode.ConfigurationTarget.Global);
    await until(async () => (await definitions()).length > 0, "a definition");
    await configuration.update("navigation.definition", undefined, vscode.ConfigurationTarget.Global);
    await until(async () => (await definitions()).length === 0, "no definition");
  },

  async "a server that crashes is started again"() {
    const [pid] = serverProcesses();
    process.kill(pid, "SIGKILL");
    await until(() => serverProcesses().some((each) => each !== pid), "another server");
    // Opened while there is no server: what VS Code found nothing for then, older versions do not ask for until a key is pressed.
    const editor = await edit("again.py", `${SUM}def add_again(first, second):\n    return▮`);
    await until(() => run("recoder.status", { show: false }).then(Boolean, () => false), "an answer of the other server");
    await run("type", { text: " " });
    await suggested(editor);
  },
};

exports.run = runs(TESTS);
