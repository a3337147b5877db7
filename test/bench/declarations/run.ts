/**
 * Ten million declarations on the gateway's disk: bytes each, time of a lookup through the spool (as a scan does it, also
 * while declarations come in), memory, and what they cost a start. `LYNCEUS_DECLARATIONS` sets another number;
 * `LYNCEUS_DECLARATIONS_IN` names a folder that is kept, and that a second run measures without filling it again.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Declaration } from "../../../protocols/declaration.ts";
import { Random } from "../../../simulator/random.ts";
import { manyDeclarations } from "../../fixtures/declaration-traffic.ts";
import { openTestSpool } from "../../fixtures/uplink.ts";
import { report, spreadOf, spreadText } from "../figures.ts";
import { fillStore, STORED_SEED } from "./fill.ts";
import { fusingFigures } from "./fusing.ts";

const COUNT = Number(process.env["LYNCEUS_DECLARATIONS"] ?? 10_000_000);
const LOOKUPS = 2000;
/** Declarations that come in beside the second round of lookups, each in a transaction of its own. */
const INCOMING = 400;

const kept = process.env["LYNCEUS_DECLARATIONS_IN"];
const directory = kept ?? mkdtempSync(join(tmpdir(), "lynceus-declarations-"));
/** Says that the folder holds all of them: a filling that was broken off begins anew. */
const filled = `${directory}.filled-${COUNT}`;
const empty = mkdtempSync(join(tmpdir(), "lynceus-declarations-none-"));
const random = new Random(5, "lookups");

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function p99(times: readonly number[]): string {
  const sorted = [...times].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN).toFixed(2);
}

function fill(): (index: number) => Declaration {
  if (existsSync(filled)) return manyDeclarations(STORED_SEED);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const began = performance.now();
  const declarationOf = fillStore(directory, COUNT);
  const seconds = (performance.now() - began) / 1000;
  report("declarations: storing", `${(COUNT / seconds).toFixed(0)} a second, ${COUNT} in all`);
  if (kept !== undefined) writeFileSync(filled, "");
  return declarationOf;
}

try {
  const declarationOf = fill();
  const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  report("declarations: on the disk", `${(bytes / COUNT).toFixed(0)} bytes each (aim ≤ 600)`);

  const bare = await timed(async () => (await openTestSpool(empty)).stop());
  const full = await timed(async () => (await openTestSpool(directory)).stop());
  report(
    "declarations: start and stop of the spool",
    `${full.toFixed(0)} ms full, ${bare.toFixed(0)} ms empty`,
  );

  const before = process.memoryUsage.rss();
  const spool = await openTestSpool(directory);
  const wanted = Array.from({ length: LOOKUPS }, () => declarationOf(random.int(0, COUNT - 1)));
  const look = async (declaration: Declaration) => {
    const found = await spool.findDeclarations(declaration.identifiers ?? [], Date.now());
    if (!found.some((one) => one.declaration.aedId === declaration.aedId))
      throw new Error("a declaration was not found");
  };
  const times: number[] = [];
  for (const declaration of wanted) times.push(await timed(() => look(declaration)));
  report(
    "declarations: a lookup",
    `${spreadText(spreadOf(times), "ms", 2)}, p99 ${p99(times)} ms (aim ≤ 5 ms)`,
  );

  await fusingFigures(spool, wanted);

  const fresh = manyDeclarations(12);
  let coming = true;
  const incoming = (async () => {
    for (let index = 0; index < INCOMING && coming; index += 1)
      await spool.putDeclaration(fresh(index), [], Date.now());
  })();
  const beside: number[] = [];
  for (const declaration of wanted.slice(0, LOOKUPS / 4)) beside.push(await timed(() => look(declaration)));
  coming = false;
  await incoming;
  report(
    "declarations: a lookup while others come in",
    `${spreadText(spreadOf(beside), "ms", 2)}, p99 ${p99(beside)} ms`,
  );
  const grown = (process.memoryUsage.rss() - before) / 1e6;
  report("declarations: memory for the open store", `${grown.toFixed(0)} MB`);
  await spool.stop();
} finally {
  if (kept === undefined) rmSync(directory, { recursive: true, force: true });
  rmSync(empty, { recursive: true, force: true });
}
