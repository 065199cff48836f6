// Runs one of inside/*.js in the extension host of a window, then closes the window.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EXTENSION, open, until } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_WORKSPACE: workspace, EDITOR_OUT: out, EDITOR_INSIDE: tests = "index.js" } = process.env;
const inside = fileURLToPath(new URL(`inside/${tests}`, import.meta.url));
const window = await open({
  folder,
  workspace,
  settings: { "recoder.server.path": process.env.EDITOR_SERVER },
  payload: (base) => [["extensionDevelopmentPath", base + EXTENSION], ["extensionTestsPath", base + inside]],
});
await until(() => existsSync(`${out}.done`), 240_000).finally(() => window.close());
