// Uses the packaged extension as a person would, by keys and mouse, and takes pictures of what is seen.
import { writeFileSync } from "node:fs";
import { GHOST, equal, holds, isSaid, person, typeToGhostText } from "./person.mjs";
import { open, QUIET, until } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_VSIX: vsix, EDITOR_CHAT_MODEL: MODEL, EDITOR_HOME } = process.env;
const window = await open({
  folder,
  installed: vsix,
  settings: { "recoder.server.path": process.env.EDITOR_SERVER, "recoder.index.enabled": true },
});
const { page } = window;
const { chat, choices, command, lines, openFile, picture, sleep, test } = person(page);
const set = (settings) =>
  writeFileSync(`${EDITOR_HOME}/user/Machine/settings.json`, JSON.stringify({ "recoder.server.path": process.env.EDITOR_SERVER, ...settings }));

await page.waitForSelector(".explorer-folders-view .monaco-list-row");
await isSaid(page, "Ready");

await test("ghost text appears while one types, and Tab takes it", async () => {
  await openFile("basket.py");
  await typeToGhostText(page);
  await sleep(400);
  await picture("ghost-text");
  await page.keyboard.press("Tab");
  await until(async () => !(await page.locator(GHOST).count()), 5_000);
  holds((await lines()).some((line) => /return len\(\S+/.test(line)), await lines());
});

await test("the status menu says what can be done", async () => {
  await page.click(".statusbar-item[aria-label^='Recoder:']");
  const rows = await choices();
  for (const wanted of ["Turn suggestions off", "Snooze", "Choose a model", "Index the workspace again", "Open the log", "Check the installation"]) {
    holds(rows.some((row) => row.includes(wanted)), rows);
  }
  await picture("status-menu");
  await page.keyboard.press("Escape");
});

await test("without a chat model the answer is passages, which open at their lines", async () => {
  await command("Recoder: Ask about the code");
  const view = await chat();
  await view.locator("#message").fill("How is the total price worked out?");
  await view.locator("#message").press("Enter");
  await view.locator("article.assistant .sources button").first().waitFor({ timeout: 30_000 });
  holds((await view.locator(".hint").innerText()).includes("No chat model is set"), "it is not said that there is no model");
  await sleep(500);
  await picture("chat-without-model");
  const label = await view.locator("article.assistant .sources button").first().innerText();
  await view.locator("article.assistant .sources button").first().click();
  const [name] = label.split(":");
  await page.waitForSelector(`.tab.active[aria-label^="${name.split("/").at(-1)}"]`, { timeout: 10_000 });
});

await test("an answer of a model is streamed, and what it says is only shown", async () => {
  set({ "recoder.models.chat": MODEL });
  const view = await chat();
  await view.locator(".hint").waitFor({ state: "detached", timeout: 20_000 });
  await view.locator("#message").fill("/explain");
  await view.locator("#message").press("Enter");
  await view.getByText("Written by Scripted test model").waitFor({ timeout: 60_000 });
  const answer = view.locator("article.assistant").last();
  equal(await answer.locator("img, script, .body a[href^='http']").count(), 0);
  holds((await answer.innerText()).includes("<img src=x onerror=alert(1)>"), "what looks like HTML is not shown as text");
  holds((await answer.locator(".hljs-keyword").count()) > 0, "code is not coloured");
  await sleep(500);
  await picture("chat");
});

await test("code of an answer is copied, inserted, and applied after a look", async () => {
  const view = await chat();
  const answer = view.locator("article.assistant").last();
  await answer.locator(".bar button", { hasText: "Copy" }).first().click();
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText()).catch(() => "")).includes("def total"), 10_000);
  await answer.locator(".bar button", { hasText: "Apply" }).first().click();
  await page.waitForSelector(".monaco-diff-editor", { timeout: 10_000 });
  await sleep(1_000);
  await picture("change");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".monaco-diff-editor", { state: "detached", timeout: 10_000 });
});

await test("a hover that was asked for by keys shows what a model has said meanwhile", async () => {
  await command("View: Show Explorer");
  await openFile("basket.py");
  await command("Go to Line/Column...");
  await page.keyboard.type("10:10");
  await page.keyboard.press("Enter");
  await command("Show or Focus Hover");
  await page.waitForSelector(".monaco-hover:has-text('Defined in')", { timeout: 20_000 });
  await page.waitForSelector(".monaco-hover:has-text('written by Scripted test model')", { timeout: 30_000 });
});

await test("the chat can be used by keys alone", async () => {
  await command("Recoder: Ask about the code");
  const view = await chat();
  await until(() => view.evaluate(() => document.activeElement?.id === "message"), 5_000);
  const reached = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Shift+Tab");
    reached.push(await view.evaluate(() => document.activeElement?.textContent?.slice(0, 20) || document.activeElement?.id));
  }
  for (const wanted of ["Copy", "Insert", "Apply"]) holds(reached.includes(wanted), reached);
});

await test("the chat has roles and names for screen readers", async () => {
  const view = await chat();
  equal(await view.getByRole("log", { name: "Conversation" }).count(), 1);
  equal(await view.getByRole("textbox", { name: "Your question" }).count(), 1);
  holds((await view.getByRole("article").count()) > 1, "no articles");
  const nameless = await view.evaluate(() => [...document.querySelectorAll("button, input, select, textarea")].filter((each) => !each.textContent && !each.getAttribute("aria-label") && !each.labels?.length).length);
  equal(nameless, 0);
});

await test("a search by what code is about leads to it", async () => {
  await command("Recoder: Search the workspace");
  await page.waitForSelector(".quick-input-widget .quick-input-box .input");
  await sleep(300);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("somebody puts an item into the basket", { delay: 10 });
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-list .monaco-list-row[aria-label*='basket.py']");
  await page.keyboard.press("Escape");
});

await test("earlier conversations can be opened again", async () => {
  await command("Recoder: New conversation");
  const view = await chat();
  await until(async () => (await view.locator("article").count()) === 0, 5_000);
  await command("Recoder: Earlier conversations");
  await page.waitForSelector(".quick-input-list .monaco-list-row");
  await sleep(300);
  await page.keyboard.press("Enter");
  await until(async () => (await view.locator("article").count()) >= 2, 10_000);
});

await test("high contrast themes draw borders", async () => {
  writeFileSync(`${EDITOR_HOME}/user/User/settings.json`, JSON.stringify({ ...QUIET, "workbench.colorTheme": "Default High Contrast" }));
  await page.reload();
  await page.waitForSelector(".monaco-workbench.hc-black, .monaco-workbench.hc-light", { timeout: 15_000 });
  const view = await chat();
  await until(() => view.evaluate(() => /vscode-high-contrast/.test(document.body.className)), 10_000);
  await isSaid(page, "Ready");
  await command("Recoder: Earlier conversations");
  await page.waitForSelector(".quick-input-list .monaco-list-row");
  await sleep(300);
  await page.keyboard.press("Enter");
  await view.locator("article").first().waitFor();
  const border = await view.evaluate(() => getComputedStyle(document.querySelector("textarea")).borderTopColor);
  holds(!["rgba(0, 0, 0, 0)", "transparent"].includes(border), border);
  await sleep(500);
  await picture("high-contrast");
});

await test("nothing is asked of another machine", async () => {
  equal([...new Set(window.wanted)].filter((host) => !host.endsWith(".vscode-cdn.net")), []);
});

await window.close();
