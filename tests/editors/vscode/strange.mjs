// A folder that brings a server of its own, and settings that name another: not trusted at first, then trusted.
import { existsSync } from "node:fs";
import { holds, isSaid, person } from "./person.mjs";
import { DISTRUSTING, open } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_VSIX: vsix, EDITOR_STARTED: started, EDITOR_MISLED: misled } = process.env;
const window = await open({ folder, installed: vsix, user: DISTRUSTING });
const { page } = window;
const { command, distrust, sleep, test } = person(page);

await test("nothing of a folder that is not trusted is started", async () => {
  await distrust();
  await isSaid(page, "There is no server yet");
  await sleep(2_000);
  holds(!existsSync(started) && !existsSync(misled), "a program of the folder was started");
});

await test("once the folder is trusted, the server of its virtual environment is started", async () => {
  await command("Workspaces: Manage Workspace Trust");
  await page.click(".workspace-trust-editor .monaco-button:has-text('Trust')");
  await isSaid(page, "Ready");
  holds(existsSync(started), "another program was started");
  holds(!existsSync(misled), "the program that the folder's settings name was started");
});

await window.close();
