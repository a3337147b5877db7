import { spawnSync } from "node:child_process";
import { ROOT } from "../fixtures/project.ts";

/** `npm run advisories`: exit 1 where a package that is pinned has an advisory of severity high or worse; says so where nobody answered. */
const MAX_OUTPUT = 64 << 20;
const TIME_MS = 60_000;

const run = spawnSync("npm", ["audit", "--audit-level=high", "--json", "--silent", "--fetch-retries=0"], {
  cwd: ROOT,
  encoding: "utf8",
  maxBuffer: MAX_OUTPUT,
  timeout: TIME_MS,
});
const answer = parse(run.stdout);
const counts = answer?.metadata?.vulnerabilities;
if (counts === undefined) {
  const why = answer?.message ?? run.error?.message ?? "no answer";
  console.log(`the registry could not be asked for advisories: ${why}`);
} else {
  const grave = (counts["high"] ?? 0) + (counts["critical"] ?? 0);
  console.log(`advisories: ${JSON.stringify(counts)}`);
  if (grave > 0) process.exitCode = 1;
}

function parse(
  text: string,
): { message?: string; metadata?: { vulnerabilities?: Record<string, number> } } | null {
  try {
    return JSON.parse(text) as ReturnType<typeof parse>;
  } catch {
    return null;
  }
}
