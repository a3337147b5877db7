import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./publish/index.ts";

/** Writes `protocols/generated/` anew: `node protocols/generate.ts`. The only file of `protocols/` that touches a disk. */
const target = join(dirname(fileURLToPath(import.meta.url)), "generated");
rmSync(target, { recursive: true, force: true });
for (const [path, text] of generatedFiles()) {
  const file = join(target, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
process.stdout.write(`${generatedFiles().size} files written to protocols/generated\n`);
