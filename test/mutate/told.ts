import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../fixtures/project.ts";
import { BREAKS } from "./breaks.ts";

/** The part of `device/PROMISES.md` that is written from `breaks.ts`; `node test/mutate/told.ts` writes it anew. */
export const HEADING = "## How each is broken";

export function breaksTold(): string {
  const told = BREAKS.map(
    ({ id, file, from, to }) => `${id}, \`${file}\`:\n\n\`\`\`diff\n-${from}\n+${to}\n\`\`\`\n`,
  );
  return [HEADING, "", ...told].join("\n");
}

const [, script] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  const path = join(ROOT, "device", "PROMISES.md");
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(HEADING);
  writeFileSync(path, `${(at < 0 ? text : text.slice(0, at)).trimEnd()}\n\n${breaksTold()}`);
}
