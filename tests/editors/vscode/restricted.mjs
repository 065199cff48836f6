// A folder that is not trusted, where the user has said which server there is.
import { isSaid, person, typeToGhostText } from "./person.mjs";
import { DISTRUSTING, open } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_VSIX: vsix, EDITOR_SERVER: server } = process.env;
const window = await open({ folder, installed: vsix, settings: { "recoder.server.path": server }, user: DISTRUSTING });
const { page } = window;
const { command, distrust, openFile, test } = person(page);

await test("there is ghost text in a folder that is not trusted", async () => {
  await distrust();
  await isSaid(page, "Ready");
  await openFile("basket.py");
  await typeToGhostText(page);
});

await test("the installation can be checked in a folder that is not trusted", async () => {
  await command("Recoder: Check the installation");
  await page.waitForSelector(".tab.active[aria-label^='Installation of Recoder']", { timeout: 60_000 });
});

await window.close();
