// What a person does in a window, by keys and mouse, and a record of what came of it.
import { mkdirSync, writeFileSync } from "node:fs";
import { until } from "./window.mjs";

const { EDITOR_OUT: out, EDITOR_PICTURES: pictures } = process.env;

export const GHOST = ".ghost-text, .ghost-text-decoration";
const ROWS = ".quick-input-list .monaco-list-row";

export function person(page) {
  const found = {};
  mkdirSync(pictures, { recursive: true });
  const sleep = (ms) => page.waitForTimeout(ms);
  const picture = (name) => page.screenshot({ path: `${pictures}/${name}.png` });

  /** Run a command of the palette. */
  async function command(title) {
    await sleep(300);
    await page.keyboard.press("F1");
    await page.waitForSelector(".quick-input-widget .quick-input-box .input");
    await page.keyboard.type(title, { delay: 5 });
    await page.waitForSelector(`${ROWS}[aria-label*="${title}"]`);
    await page.keyboard.press("Enter");
  }

  /** What can be chosen in the list that is open. */
  async function choices() {
    await page.waitForSelector(ROWS);
    await sleep(500);
    return page.evaluate((rows) => [...document.querySelectorAll(rows)].map((row) => row.getAttribute("aria-label")), ROWS);
  }

  async function choose(label) {
    await page.waitForSelector(`${ROWS}[aria-label*="${label}"]`);
    await sleep(300);
    await page.click(`${ROWS}[aria-label*="${label}"]`);
  }

  /** Say what one is asked of a folder that VS Code does not know. */
  async function distrust() {
    await page.click(".monaco-dialog-box .monaco-button:has-text(\"No, I don't trust the authors\")", { timeout: 60_000 });
    await page.waitForSelector(".explorer-folders-view .monaco-list-row");
  }

  async function openFile(name) {
    await page.dblclick(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
    await page.waitForSelector(`.tab.active[aria-label^="${name}"]`);
    await page.waitForSelector(".editor-instance .view-lines .view-line");
    await page.click(".editor-instance .view-lines");
  }

  /** The lines of the editor that are seen. */
  const lines = () =>
    page.evaluate(() =>
      [...document.querySelectorAll(".editor-instance .view-line")].sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top)).map((each) => each.textContent.replace(/\u00a0/g, " ")),
    );

  /** The page inside of the chat view. */
  async function chat() {
    return until(async () => {
      for (const frame of page.frames()) {
        if (await frame.locator("#log > *").count().catch(() => 0)) return frame;
      }
      return undefined;
    }, 20_000);
  }

  /** Ask in the chat view, and wait for the sources of the answer. */
  async function ask(question) {
    const view = await chat();
    const before = await view.locator("article.assistant .sources").count();
    await view.locator("#message").fill(question);
    await view.locator("#message").press("Enter");
    await until(async () => (await view.locator("article.assistant .sources").count()) > before, 30_000);
    return view;
  }

  async function test(name, act) {
    try {
      await act();
      found[name] = "";
    } catch (error) {
      found[name] = String(error.stack ?? error);
      await picture(`failed-${Object.keys(found).length}`).catch(() => undefined);
    }
    writeFileSync(out, JSON.stringify(found));
  }

  return { ask, chat, choices, choose, command, distrust, lines, openFile, picture, sleep, test };
}

/** Type at the end of basket.py, which is open, until something is suggested. */
export async function typeToGhostText(page) {
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("    def is_empty(self):", { delay: 40 });
  await page.keyboard.press("Enter");
  await page.keyboard.type("return len(", { delay: 60 });
  await page.waitForSelector(GHOST, { state: "attached", timeout: 30_000 });
}

/** Wait until the item in the status bar says this. */
export async function isSaid(page, text) {
  await page.waitForSelector(`.statusbar-item[aria-label^="Recoder: ${text}"]`, { timeout: 60_000 });
}

export function equal(one, other) {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${JSON.stringify(one)} instead of ${JSON.stringify(other)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(typeof what === "string" ? what : JSON.stringify(what));
}
