// Runs inside/index.js in the extension host of a window, then closes the window and says whether anything is left of it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EXTENSION, open, until } from "./window.mjs";

const inside = fileURLToPath(new URL("inside/index.js", import.meta.url));
const { EDITOR_FOLDER: folder, EDITOR_OUT: out } = process.env;

const window = await open({
  folder,
  settings: { "recoder.server.path": process.env.EDITOR_SERVER },
  payload: (base) => [["extensionDevelopmentPath", base + EXTENSION], ["extensionTestsPath", base + inside]],
});
await until(() => existsSync(`${out}.done`), 240_000);
await window.close();
await new Promise((resolve) => setTimeout(resolve, 5_000));
const left = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n").filter((line) => line.includes(process.env.EDITOR_SERVER));
writeFileSync(out, JSON.stringify({ ...JSON.parse(readFileSync(out, "utf8")), "closing a window leaves no process behind": left.join("\n") }));
