// Runs inside the extension host of a window with two folders, `one` and `two`, each a Git repository; `three` is beside them.
const vscode = require("vscode");
const { join } = require("node:path");
const { FOLDER, equal, holds, run, runs, serverProcesses, until } = require("./testing.js");

async function found(query, file) {
  return until(async () => {
    const symbols = await run("vscode.executeWorkspaceSymbolProvider", query);
    return symbols?.some((symbol) => symbol.name === query && symbol.location.uri.path.endsWith(file));
  }, `${query} in ${file}`);
}

const TESTS = {
  async "one server serves all folders of a window"() {
    await vscode.extensions.getExtension("recoder-lsp.recoder-lsp").activate();
    await found("total_price", "/one/prices.py");
    await found("is_open_on", "/two/hours.py");
    equal(serverProcesses().length, 1);
  },

  async "a folder that is added is indexed by the same server"() {
    const [pid] = serverProcesses();
    vscode.workspace.updateWorkspaceFolders(2, 0, { uri: vscode.Uri.file(join(FOLDER, "three")) });
    await found("send_letter", "/three/letters.py");
    equal(serverProcesses(), [pid]);
  },

  async "a commit message is about the repository whose box it goes to"() {
    const git = (await vscode.extensions.getExtension("vscode.git").activate()).getAPI(1);
    const repository = (name) => git.repositories.find((each) => each.rootUri.path.endsWith(`/${name}`));
    await until(() => repository("one") && repository("two"), "both repositories");
    await run("recoder.commitMessage", { rootUri: repository("two").rootUri });
    holds(repository("two").inputBox.value.includes("hours.py"), repository("two").inputBox.value);
    equal(repository("one").inputBox.value, "");
    await vscode.window.showTextDocument(vscode.Uri.file(join(FOLDER, "one", "prices.py")));
    await run("recoder.commitMessage");
    holds(repository("one").inputBox.value.includes("prices.py"), repository("one").inputBox.value);
  },
};

exports.run = runs(TESTS);
