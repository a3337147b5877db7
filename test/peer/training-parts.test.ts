import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "../fixtures/project.ts";

const LIMIT_MS = 300_000;

it.each(["training_parts.py", "reading_parts.py"])(
  "the parts of the training program keep their promises: %s",
  async (file) => {
    const { stderr } = await promisify(execFile)("/usr/bin/python3", [`test/peer/${file}`], {
      cwd: ROOT,
      timeout: LIMIT_MS,
    });
    console.log(stderr.trim());
    expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK\s*$/);
  },
  LIMIT_MS,
);
