// Bundles the extension and the page of the chat view into dist/, with the licences of what went into them.
import { build } from "esbuild";
import { readFileSync, existsSync, writeFileSync, mkdirSync } from "node:fs";

const common = { bundle: true, minify: true, metafile: true, legalComments: "none", logLevel: "warning" };
mkdirSync("dist", { recursive: true });
const built = await Promise.all([
  build({ ...common, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", platform: "node", format: "cjs", target: "node18", external: ["vscode"] }),
  build({ ...common, entryPoints: ["src/page/page.ts"], outfile: "dist/page.js", platform: "browser", format: "iife", target: "es2022" }),
]);

const packages = new Set();
for (const { metafile } of built) {
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+(?:\/node_modules\/(?:@[^/]+\/)?[^/]+)*)\//);
    if (found) packages.add(found[1]);
  }
}
const texts = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENSE-MIT.txt", "License.txt", "license"].map((each) => `${folder}/${each}`).find(existsSync);
  if (!file) throw new Error(`${name} has no licence file`);
  return `${name} ${version}, ${license}\n\n${readFileSync(file, "utf8").trim()}\n`;
});
writeFileSync("dist/third-party-licences.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
