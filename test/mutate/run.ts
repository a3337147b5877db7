import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { Break } from "./break.ts";
import { BREAKS } from "./breaks.ts";
import { applyBreak, copyTree, type TreeCopy } from "./copy.ts";
import { type Known, keyOf, readKnown, STATE_FILE, writeKnown } from "./known.ts";
import { type PromiseRun, runPromises } from "./vitest.ts";

const USAGE = `npm run mutate -- [--again] [--report FILE] [P-NN…]

Breaks one line of the product for each promise of device/PROMISES.md, in a copy of the tree, and sees its test go red.
A promise that was seen red is not run again until its test, the broken file or the break changes; --again runs all.
--report writes the result as Markdown. Exit code 1: the test of a promise stayed green, or does not pass unbroken.`;

type Verdict = "red" | "STILL GREEN" | "DID NOT RUN" | "FAILS UNBROKEN" | "NO SUCH TEST";

type Judged = { readonly verdict: Verdict; readonly seconds: number };

/** Runs the tests of breaks of one file as they are, once, then each with its line broken. */
async function judge(
  tree: TreeCopy,
  breaks: readonly Break[],
  told: (given: Break, judged: Judged) => void,
): Promise<void> {
  const [{ test, env = {} } = { test: "" }] = breaks;
  let began = performance.now();
  const sound = await runPromises(tree.path, { test, env, ids: breaks.map(({ id }) => id) });
  for (const each of breaks) {
    const verdict = soundVerdict(sound(each.id)) ?? (await brokenVerdict(tree, each));
    told(each, { verdict, seconds: Math.round((performance.now() - began) / 100) / 10 });
    began = performance.now();
  }
}

/** Null where the test passes unbroken. */
function soundVerdict({ passed, failed, skipped }: PromiseRun): Verdict | null {
  if (failed > 0) return "FAILS UNBROKEN";
  if (passed > 0) return null;
  return skipped > 0 ? "DID NOT RUN" : "NO SUCH TEST";
}

async function brokenVerdict(tree: TreeCopy, given: Break): Promise<Verdict> {
  const mend = applyBreak(tree.path, given);
  try {
    const run = await runPromises(tree.path, { ...given, ids: [given.id] });
    const { passed, failed } = run(given.id);
    const green = passed > 0 ? "STILL GREEN" : "DID NOT RUN";
    return failed > 0 ? "red" : green;
  } finally {
    mend();
  }
}

/** Breaks whose tests can run together: of one file, and made short in the same way. */
function together(breaks: readonly Break[]): readonly (readonly Break[])[] {
  return [...Map.groupBy(breaks, ({ test, env = {} }) => `${test} ${JSON.stringify(env)}`).values()];
}

function report(known: Known): string {
  const rows = BREAKS.map(({ id, test, file }) => {
    const one = known[id];
    return `| ${id} | \`${test}\` | \`${file}\` | ${one?.verdict ?? "not run"} | ${one?.seconds ?? ""} |`;
  });
  return ["| promise | test | broken | seen | s |", "|---|---|---|---|---|", ...rows, ""].join("\n");
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      again: { type: "boolean" },
      report: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const unknown = positionals.filter((id) => !BREAKS.some((each) => each.id === id));
  if (unknown.length > 0) {
    process.stderr.write(`no such promise: ${unknown.join(" ")}\n${USAGE}\n`);
    return 2;
  }
  const chosen = BREAKS.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  using tree = copyTree();
  const keys = new Map(chosen.map((each) => [each.id, keyOf(tree.path, each)]));
  const before = readKnown();
  const stale = chosen.filter(
    ({ id }) => values.again === true || before[id]?.key !== keys.get(id) || before[id]?.verdict !== "red",
  );
  for (const group of together(stale))
    await judge(tree, group, ({ id, file }, { verdict, seconds }) => {
      // Read anew: another run may have seen others meanwhile.
      writeKnown({ ...readKnown(), [id]: { key: keys.get(id) ?? "", verdict, seconds } });
      process.stdout.write(`${id}  ${verdict.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s  ${file}\n`);
    });
  const known = readKnown();
  const bad = chosen.filter(({ id }) => known[id]?.verdict !== "red").map(({ id }) => id);
  if (values.report !== undefined) {
    mkdirSync(dirname(values.report), { recursive: true });
    writeFileSync(values.report, report(known));
  }
  process.stdout.write(
    bad.length === 0
      ? `${chosen.length} promises: each break was seen red (${STATE_FILE})\n`
      : `${bad.length} of ${chosen.length} promises are not shown by their tests: ${bad.join(" ")}\n`,
  );
  return bad.length === 0 ? 0 : 1;
}

// What runs, and the copy of the tree, go with this process: their ends listen to its exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
