// A real VS Code (its server and workbench, from the package code-server) with a window in Chromium.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export const EXTENSION = fileURLToPath(new URL("../../../editors/vscode", import.meta.url));
const { chromium } = createRequire(`${EXTENSION}/package.json`)("playwright-core");
const CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const QUIET = {
  "workbench.startupEditor": "none",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.layoutControl.enabled": false,
  "window.restoreWindows": "none",
  "window.commandCenter": false,
  "editor.accessibilitySupport": "off",
  "editor.minimap.enabled": false,
  "security.workspace.trust.enabled": false,
  "files.autoSave": "off",
};

export const DISTRUSTING = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "always" };

const { EDITOR_NODE, EDITOR_CODE, EDITOR_HOME } = process.env;

/**
 * Start VS Code, and open a window on a folder or a workspace file. `payload` is for the tests that run inside; `user` changes the settings above;
 * `language` is that of extensions: the workbench itself would need a language pack.
 */
export async function open({ folder, workspace, settings = {}, user: changed = {}, env = {}, payload, installed = false, language = "en" }) {
  const user = `${EDITOR_HOME}/user`;
  mkdirSync(`${user}/User`, { recursive: true });
  mkdirSync(`${user}/Machine`, { recursive: true });
  writeFileSync(`${user}/User/settings.json`, JSON.stringify({ ...QUIET, ...changed }));
  // Settings that a workspace may not make come from here where the extension host is on another machine than the window.
  writeFileSync(`${user}/Machine/settings.json`, JSON.stringify(settings));
  const extensions = `${EDITOR_HOME}/extensions`;
  if (installed) {
    await run(EDITOR_NODE, [`${EDITOR_CODE}/out/server-main.js`, "--accept-server-license-terms", "--user-data-dir", user, "--extensions-dir", extensions, "--install-extension", installed]);
  }
  const port = await freePort();
  const server = spawn(
    EDITOR_NODE,
    [
      `${EDITOR_CODE}/out/server-main.js`, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token",
      "--accept-server-license-terms", "--user-data-dir", user, "--extensions-dir", extensions, "--telemetry-level", "off",
      // Without it tests inside are not run; with it there are no messages.
      ...(payload === undefined ? [] : ["--enable-smoke-test-driver"]),
    ],
    { env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...env }, detached: true, stdio: ["ignore", "ignore", "ignore"] },
  );
  const address = `127.0.0.1:${port}`;
  await until(async () => (await fetch(`http://${address}/`).catch(() => undefined))?.ok);
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  // Whatever the page wants from elsewhere: nothing may leave this machine.
  const wanted = [];
  await context.route("**/*", (route) => {
    const { hostname } = new URL(route.request().url());
    if (["127.0.0.1", ""].includes(hostname)) return route.continue();
    wanted.push(hostname);
    return route.abort();
  });
  await context.addInitScript((spoken) => Object.assign(globalThis, { _VSCODE_NLS_LANGUAGE: spoken }), language);
  const page = await context.newPage();
  const inside = payload === undefined ? "" : `&payload=${encodeURIComponent(JSON.stringify(payload(`vscode-remote://${address}`)))}`;
  await page.exposeFunction("codeAutomationExit", () => undefined);
  await page.exposeFunction("codeAutomationLog", () => undefined);
  await page.goto(`http://${address}/?${workspace ? `workspace=${workspace}` : `folder=${folder}`}${inside}`);
  await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
  const close = async () => {
    await browser.close().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    try {
      process.kill(-server.pid, "SIGTERM");
    } catch {
      // It has gone by itself.
    }
  };
  process.once("SIGTERM", () => close().then(() => process.exit(1)));
  /** `wanted`: hosts elsewhere that the page has asked for, in vain. */
  return { page, wanted, close };
}

export async function until(condition, timeout_ms = 60_000, every_ms = 100) {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, every_ms));
  }
}

function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${args} ended with ${code}`))));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
