// What a person chooses: in the status menu and its lists, of conversations that are kept, in the walkthrough.
import { readFileSync, writeFileSync } from "node:fs";
import { equal, holds, isSaid, person, typeToGhostText } from "./person.mjs";
import { open, until } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_VSIX: vsix, EDITOR_HOME, EDITOR_SERVER: server, EDITOR_CHAT_MODEL: MODEL } = process.env;
const machine = `${EDITOR_HOME}/user/Machine/settings.json`;
const window = await open({ folder, installed: vsix, settings: { "recoder.server.path": server } });
const { page } = window;
const { ask, chat, choices, choose, command, lines, openFile, picture, test } = person(page);
const settings = () => JSON.parse(readFileSync(machine, "utf8"));
const menu = () => page.click(".statusbar-item[aria-label^='Recoder:']");

async function walkthrough() {
  await command("Welcome: Open Walkthrough...");
  await choose("First steps with Recoder");
  await page.waitForSelector(".getting-started-step .step-title");
}

await page.waitForSelector(".explorer-folders-view .monaco-list-row");
await isSaid(page, "Ready");

await test("the walkthrough opens", async () => {
  await walkthrough();
  const steps = await page.locator(".getting-started-step .step-title").allInnerTexts();
  equal(steps, ["Have the server", "Take a suggestion", "Ask about the code", "Choose a chat model"]);
});

await test("the item says until when suggestions are snoozed, and that they are not any more", async () => {
  await menu();
  await choose("Snooze");
  await choose("30 minutes");
  await isSaid(page, "Snoozed until ");
  await menu();
  await choose("Wake up");
  await isSaid(page, "Ready");
});

await test("a chat model is chosen from a list, and answers", async () => {
  await openFile("prices.py");
  await menu();
  await choose("Choose a model");
  const rows = await choices();
  holds(rows.some((row) => row.includes("No chat model")) && rows.some((row) => row.includes("Scripted test model")), rows);
  await picture("models");
  await choose("Scripted test model");
  await until(() => settings()["recoder.models.chat"] === MODEL, 10_000);
  await command("Recoder: Ask about the code");
  const view = await chat();
  await view.locator("#message").fill("What is a price?");
  await view.locator("#message").press("Enter");
  await view.getByText("Written by Scripted test model").waitFor({ timeout: 60_000 });
});

await test("the list says which model is used, and none can be chosen again", async () => {
  await command("Recoder: Choose a model");
  const rows = await choices();
  holds(rows.some((row) => /check.*Scripted test model/.test(row)), rows);
  await choose("No chat model");
  await until(() => settings()["recoder.models.chat"] === "", 10_000);
  await (await chat()).locator(".hint").waitFor({ timeout: 20_000 });
});

await test("a conversation is exported as a document", async () => {
  await ask("How is the total price worked out?");
  await command("Recoder: Export a conversation as Markdown");
  await until(async () => (await lines()).some((line) => line.includes("How is the total price worked out?")), 10_000);
});

await test("a conversation is erased once one has said so", async () => {
  await command("Recoder: Erase conversations");
  await page.waitForSelector(".monaco-dialog-box");
  await page.click(".monaco-dialog-box .monaco-button:has-text('Erase this conversation')");
  const view = await chat();
  await until(async () => (await view.locator("article").count()) === 0, 10_000);
  await command("Recoder: Earlier conversations");
  await page.waitForSelector(".quick-input-title:has-text('There is no earlier conversation')");
  await page.keyboard.press("Escape");
});

await test("the item says at once what is wrong with the server", async () => {
  writeFileSync(machine, JSON.stringify({ "recoder.server.path": server, "recoder.engine.model": "/nowhere/model.gguf" }));
  await isSaid(page, "The model '/nowhere/model.gguf' was not found");
  writeFileSync(machine, JSON.stringify({ "recoder.server.path": server }));
  await isSaid(page, "Ready");
});

await test("the steps of the walkthrough are ticked as they are done", async () => {
  await command("View: Show Explorer");
  await openFile("basket.py");
  await typeToGhostText(page);
  await page.keyboard.press("Tab");
  await walkthrough();
  await page.click(".getting-started-step .monaco-button:has-text('Check the installation')");
  await page.waitForSelector(".tab.active[aria-label^='Installation of Recoder']", { timeout: 60_000 });
  await page.click(".tab[aria-label^='Welcome']");
  await until(async () => (await page.locator(".getting-started-step .codicon.complete").count()) === 4, 10_000);
  await picture("walkthrough");
});

await window.close();
