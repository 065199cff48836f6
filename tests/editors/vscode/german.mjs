// The extension and the server in a window whose language is German; the workbench itself stays English without its language pack.
import { holds, isSaid, person } from "./person.mjs";
import { open } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_VSIX: vsix, EDITOR_SERVER: server, EDITOR_ACTION: action } = process.env;
const window = await open({ folder, installed: vsix, settings: { "recoder.server.path": server }, language: "de" });
const { page } = window;
const { chat, choices, command, openFile, picture, sleep, test } = person(page);

await page.waitForSelector(".explorer-folders-view .monaco-list-row");

await test("the extension speaks German", async () => {
  await isSaid(page, "Bereit");
  await openFile("basket.py");
  await command("Recoder: Nach dem Code fragen");
  const view = await chat();
  holds((await view.locator("#send").innerText()) === "Fragen", "the button is not German");
  await isSaid(page, "Bereit");
  await page.click(".statusbar-item[aria-label^='Recoder:']");
  const rows = await choices();
  for (const wanted of ["Vorschläge ausschalten", "Modell wählen", "Installation prüfen"]) holds(rows.some((row) => row.includes(wanted)), rows);
  await picture("german");
  await page.keyboard.press("Escape");
});

await test("the server speaks German", async () => {
  await page.click(".editor-instance .view-lines");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("import sys\nimport os\n\nprint(os, sys)\n");
  await page.keyboard.press("Control+Home");
  await sleep(1_000);
  await page.keyboard.press("F1");
  await page.keyboard.type("Source Action...", { delay: 5 });
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.action-widget .monaco-list-row:has-text("${action}")`, { timeout: 20_000 });
  await page.keyboard.press("Escape");
});

await window.close();
