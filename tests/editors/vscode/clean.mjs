// From nothing to the first ghost text: a new profile, the packaged extension, no server anywhere. Counts the clicks.
import { writeFileSync } from "node:fs";
import { typeToGhostText } from "./person.mjs";
import { open } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_OUT: out, EDITOR_PICTURES: pictures, EDITOR_VSIX: vsix } = process.env;
const window = await open({ folder, installed: vsix, settings: { "recoder.server.python": process.env.EDITOR_PYTHON } });
const { page } = window;
const found = {};
try {
  const button = page.locator(".notification-toast .monaco-button", { hasText: "Install the server" });
  await button.waitFor({ timeout: 60_000 });
  await page.screenshot({ path: `${pictures}/no-server.png` });
  await button.click();
  found.clicks = 1;
  await page.waitForSelector(".statusbar-item[aria-label^='Recoder: Ready'], .statusbar-item[aria-label^='Recoder: Indexing']", { timeout: 180_000 });
  // Not a click for the sake of Recoder: a file has to be open.
  await page.dblclick(".explorer-folders-view .monaco-list-row[aria-label^='basket.py']");
  await page.waitForSelector(".editor-instance .view-lines .view-line");
  await page.click(".editor-instance .view-lines");
  await typeToGhostText(page);
  found.problem = "";
} catch (error) {
  found.problem = String(error.stack ?? error);
  await page.screenshot({ path: `${pictures}/failed-clean.png` }).catch(() => undefined);
}
writeFileSync(out, JSON.stringify(found));
await window.close();
