import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../fixtures/project.ts";
import type { Break } from "./break.ts";

/** A copy of the tree as it stands, with what is not committed yet; gone when it is disposed of. */
export interface TreeCopy {
  readonly path: string;
  [Symbol.dispose](): void;
}

/** Copies what git would know; `node_modules` and the shared folder beside the project are linked. */
export function copyTree(): TreeCopy {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-mutate-"));
  const path = join(folder, "project");
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  for (const file of listed.split("\0").filter((name) => name !== "" && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(join(ROOT, file), join(path, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  const shared = join(dirname(ROOT), "shared");
  if (existsSync(shared)) symlinkSync(shared, join(folder, "shared"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]: () => {
      process.removeListener("exit", remove);
      remove();
    },
  };
}

/** The number of the line of a text that is to be broken; -1 where it does not stand there exactly once. */
export function lineOf(text: string, { from }: Pick<Break, "from">): number {
  const found = text.split("\n").flatMap((line, at) => (line.trim() === from ? [at] : []));
  return found.length === 1 ? (found[0] ?? -1) : -1;
}

/** Breaks the line; the result mends it. */
export function applyBreak(tree: string, given: Break): () => void {
  const path = join(tree, given.file);
  const text = readFileSync(path, "utf8");
  const at = lineOf(text, given);
  if (at < 0) throw new Error(`${given.id}: the line to break does not stand in ${given.file} exactly once`);
  const lines = text.split("\n");
  lines[at] = given.to;
  writeFileSync(path, lines.join("\n"));
  return () => writeFileSync(path, text);
}
