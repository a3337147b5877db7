import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../fixtures/project.ts";
import { commandOf, GATES, type Piece, piecesOf } from "./gates.ts";
import { reportOf } from "./report.ts";
import { type Done, keyOf, readState, writeState } from "./state.ts";

const FOLDER = "test/.cache/campaign";
const LAST_LINES = 12;

const USAGE = `npm run campaign -- [--fraction F] [--only GATE,…] [--minutes M] [--seed N] [--again] [--list] [--folder DIR]

Runs the long versions of the tests of reliability, piece by piece, and writes report.md to DIR (default ${FOLDER}).
A campaign that was broken off goes on where it was; --again forgets what was run. --fraction 0.1 runs a tenth of each gate
(0 < F <= 1, default 1), --minutes begins no piece after so long. Each line of the report holds the command that repeats it.
Gates: ${GATES.map(({ name, size, unit }) => `${name} (${size} ${unit})`).join(", ")}.
Exit code: 0 all pieces passed, 1 one failed, 3 the time was over before the end.`;

/** Runs one piece in a process group of its own and keeps what it printed in a file. */
async function run(piece: Piece, folder: string): Promise<Done> {
  const { gate, count, seed } = piece;
  const began = performance.now();
  const log = join(folder, `${gate.name}-${seed}.log`);
  const file = createWriteStream(log);
  const only = gate.only === undefined ? [] : ["-t", gate.only];
  const limitMs = (gate.secondsPerUnit * count + 600) * 1000;
  const args = [
    join(ROOT, "node_modules", "vitest", "vitest.mjs"),
    "run",
    ...gate.tests,
    ...only,
    "--testTimeout",
    String(limitMs),
  ];
  const env = { ...process.env, ...gate.env(count, seed) };
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let tail: string[] = [];
  const note = (chunk: Buffer) => {
    file.write(chunk);
    tail = [...tail, ...chunk.toString().split("\n")].filter((line) => line.trim() !== "").slice(-LAST_LINES);
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  const end = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // all of it has ended
    }
  };
  const timer = setTimeout(end, limitMs);
  process.once("exit", end);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  process.removeListener("exit", end);
  end();
  file.end();
  const seconds = Math.round((performance.now() - began) / 1000);
  return { gate: gate.name, count, seed, passed: code === 0, seconds, log, tail: code === 0 ? [] : tail };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      fraction: { type: "string", default: "1" },
      only: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string", default: "1" },
      again: { type: "boolean" },
      list: { type: "boolean" },
      folder: { type: "string", default: join(ROOT, FOLDER) },
      help: { type: "boolean", short: "h" },
    },
  });
  const names = values.only?.split(",") ?? GATES.map(({ name }) => name);
  const unknown = names.filter((name) => !GATES.some((gate) => gate.name === name));
  const [fraction, seed, minutes] = [values.fraction, values.seed, values.minutes ?? "1e9"].map(Number) as [
    number,
    number,
    number,
  ];
  if (
    values.help === true ||
    unknown.length > 0 ||
    !(fraction > 0 && fraction <= 1) ||
    !(minutes > 0) ||
    !Number.isInteger(seed)
  ) {
    process.stdout.write(`${unknown.length > 0 ? `no such gate: ${unknown.join(", ")}\n` : ""}${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const pieces = GATES.filter(({ name }) => names.includes(name)).flatMap((gate) =>
    piecesOf(gate, fraction, seed),
  );
  if (values.list === true) {
    process.stdout.write(`${pieces.map(commandOf).join("\n")}\n`);
    return 0;
  }
  const { folder } = values;
  mkdirSync(folder, { recursive: true });
  const until = performance.now() + minutes * 60_000;
  const state = values.again === true ? {} : readState(folder);
  for (const piece of pieces) {
    if (state[keyOf(piece)]?.passed === true) continue;
    if (performance.now() > until) return finish(folder, state, 3);
    const done = await run(piece, folder);
    state[keyOf(piece)] = done;
    writeState(folder, state);
    const verdict = done.passed ? "passed" : "FAILED";
    process.stdout.write(
      `${piece.gate.name.padEnd(10)} ${String(piece.count).padStart(9)} ${piece.gate.unit}, seed ${piece.seed}: ${verdict} in ${done.seconds} s\n`,
    );
    if (!done.passed) process.stdout.write(`  ${done.tail.join("\n  ")}\n  again: ${commandOf(piece)}\n`);
  }
  const failed = pieces.some((piece) => state[keyOf(piece)]?.passed !== true);
  return finish(folder, state, failed ? 1 : 0);
}

function finish(folder: string, state: Readonly<Record<string, Done>>, code: number): number {
  const report = join(folder, "report.md");
  writeFileSync(report, reportOf(state));
  process.stdout.write(`report: ${report}\n`);
  return code;
}

// What runs goes with this process: its end listens to the exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
