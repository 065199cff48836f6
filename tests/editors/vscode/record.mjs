// Opens a window whose server only writes down what VS Code says of itself, and waits until it has.
import { existsSync, writeFileSync } from "node:fs";
import { open, until } from "./window.mjs";

const { EDITOR_FOLDER: folder, EDITOR_OUT: out, EDITOR_VSIX: vsix, EDITOR_SERVER: server, EDITOR_HEARD: heard } = process.env;
const window = await open({ folder, installed: vsix, settings: { "recoder.server.path": server } });
await until(() => existsSync(heard), 60_000).finally(() => window.close());
writeFileSync(out, "{}");
