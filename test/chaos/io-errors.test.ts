import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import type { Mark } from "../fixtures/power-cut/mark.ts";
import { lossesOf } from "../fixtures/power-cut/survey.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

/** Scans taken under each kind of error; `npm run campaign` sets more. */
const SCANS = Number(process.env["LYNCEUS_IO_SCANS"] ?? 40);
/** Starts at most: each error that is fatal ends the process. */
const MAX_STARTS = 6 + SCANS / 4;
const EIO = 5;
const ENOSPC = 28;

type Said = Mark | "ready" | { readonly kind: "refused"; readonly code: string };

interface Profile {
  readonly name: string;
  /** Commands of libfiu, as `fiu-ctrl -c` takes them. */
  readonly enable: readonly string[];
}

const random = (name: string, probability: number, error: number) =>
  `enable_random name=posix/io/${name},probability=${probability},failinfo=${error}`;

const PROFILES: readonly Profile[] = [
  {
    name: "reads and writes that fail",
    enable: [
      ...["pread", "pread64"].map((name) => random(`rw/${name}`, 0.001, EIO)),
      ...["pwrite", "pwrite64"].map((name) => random(`rw/${name}`, 0.004, EIO)),
    ],
  },
  {
    name: "fsyncs that fail",
    enable: ["fsync", "fdatasync"].map((name) => random(`sync/${name}`, 0.01, EIO)),
  },
  {
    name: "a disk that is full now and then",
    enable: ["rw/pwrite", "rw/pwrite64", "oc/ftruncate", "oc/ftruncate64"].map((name) =>
      random(name, 0.01, ENOSPC),
    ),
  },
];

/** One start of the workload with errors from its first access to the spool on; returns what it said and its exit code. */
async function start(
  folder: string,
  profile: Profile,
  first: number,
  count: number,
): Promise<{ said: readonly Said[]; code: number | null }> {
  const script = new URL("../fixtures/chaos/io-errors.ts", import.meta.url).pathname;
  const control = join(folder, "fiu");
  const command = [
    "-x",
    "-f",
    control,
    process.execPath,
    script,
    join(folder, "spool"),
    String(first),
    String(count),
  ];
  const child = spawn("fiu-run", command, {
    env: { PATH: process.env["PATH"] ?? "", UV_USE_IO_URING: "0" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said: Said[] = [];
  const exited = once(child, "exit");
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = JSON.parse(line) as Said;
      said.push(entry);
      if (entry !== "ready") continue;
      const commands = profile.enable.flatMap((each) => ["-c", each]);
      const { status } = spawnSync("fiu-ctrl", ["-f", control, ...commands, String(child.pid)], {
        timeout: 20_000,
      });
      expect(status).toBe(0);
      child.stdin.write("go\n");
    }
    const [code] = (await exited) as [number | null];
    return { said, code };
  } finally {
    child.kill("SIGKILL");
  }
}

describe("a disk that errs now and then", { timeout: 60_000 + SCANS * 10_000 }, () => {
  test.each(PROFILES)(
    "P-40 $name: what was acknowledged is there, and nothing was acknowledged that is not",
    async (profile) => {
      using folder = temporaryFolder();
      const marks: Mark[] = [];
      const refusals: Record<string, number> = {};
      let [starts, ends, wanted] = [0, 0, SCANS];
      for (let seed = 0; seed < wanted && starts < MAX_STARTS; starts += 1) {
        const { said, code } = await start(folder.path, profile, seed, wanted - seed);
        for (const entry of said) {
          if (entry === "ready") continue;
          if (entry.kind === "refused") refusals[entry.code] = (refusals[entry.code] ?? 0) + 1;
          else marks.push(entry);
          if (entry.kind === "scan") seed = Math.max(seed, entry.seed);
        }
        seed = code === 0 ? wanted : seed + 1;
        if (code !== 0) ends += 1;
        // Errors are drawn by chance: a run that saw none shows nothing.
        if (ends === 0 && Object.keys(refusals).length === 0) wanted += SCANS;
      }
      const scans = marks.filter(({ kind }) => kind === "scan").length;
      process.stdout.write(`${profile.name}: ${JSON.stringify({ starts, ends, scans, refusals })}\n`);
      expect(lossesOf(join(folder.path, "spool"), marks)).toEqual([]);
      expect(scans).toBeGreaterThan(SCANS / 10);
      expect(Object.keys(refusals).length + ends).toBeGreaterThan(0);
    },
  );
});
