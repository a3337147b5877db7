import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startLynceus } from "../fixtures/processes.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const CONFIG = `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1" }
spool: { path: spool }
lanes: [{ id: lane-1, scanner: { driver: folder, path: scans } }]
`;

it("lynceus outbox shows rows page by page, of a state or a lane", async () => {
  using folder = temporaryFolder();
  const config = join(folder.path, "lynceus.yaml");
  writeFileSync(config, CONFIG);
  const spool = await openTestSpool(join(folder.path, "spool"));
  try {
    for (let row = 1; row <= 5; row++) await storeHit(spool, row);
    await spool.deadLetter(2, "too large");
    const shown = async (...options: string[]) => {
      const run = startLynceus(["outbox", "--config", config, "--json", ...options]);
      expect(await run.exited, run.stderr()).toBe(0);
      const { rows, next, deadLetters } = JSON.parse(run.lines[0] ?? "null") as {
        rows: { sequence: number; lane: string }[];
        next: number | null;
        deadLetters: unknown[];
      };
      return { rows: rows.map(({ sequence }) => sequence), next, letters: deadLetters.length };
    };
    // The sixth row is the alert that the second cannot be delivered: it is of no lane.
    expect(await shown("--limit", "3", "--state", "unpublished")).toEqual({
      rows: [6, 5, 4],
      next: 4,
      letters: 0,
    });
    expect(await shown("--limit", "3", "--before", "4", "--lane", "lane-1")).toMatchObject({
      ...{ rows: [3, 2, 1], next: null },
    });
    expect(await shown("--state", "dead")).toEqual({ rows: [2], next: null, letters: 1 });
    const wrong = startLynceus(["outbox", "--config", config, "--state", "lost"]);
    expect([await wrong.exited, wrong.stderr()]).toEqual([2, expect.stringContaining("unpublished")]);
  } finally {
    await spool.stop();
  }
});

it("lynceus outbox shows dead letters with their ids and reasons, and retry sends them again, beside a running gateway", async () => {
  using folder = temporaryFolder();
  const config = join(folder.path, "lynceus.yaml");
  writeFileSync(config, CONFIG);
  const spool = await openTestSpool(join(folder.path, "spool"));
  try {
    const { sequence, id } = await storeHit(spool, 1);
    const alerts: string[] = [];
    await spool.deadLetter(sequence, "70000 bytes, the broker takes 10000");
    // Metrics count the spool's own alerts too, those of its start as well.
    spool.onAlert(({ code, severity }) => alerts.push(`${code} ${severity}`));
    expect(alerts).toEqual(["UNDELIVERABLE critical"]);
    const shown = startLynceus(["outbox", "--config", config]);
    expect(await shown.exited, shown.stderr()).toBe(0);
    const line = shown.lines.find((each) => each.startsWith("dead letter  outbox")) ?? "";
    expect(line).toContain(id);
    expect(line).toContain("the broker takes 10000");
    const stranger = crypto.randomUUID();
    const retried = startLynceus(["outbox", "retry", id, stranger, "--config", config, "--json"]);
    expect(await retried.exited, retried.stderr()).toBe(1);
    expect(JSON.parse(retried.lines[0] ?? "null")).toEqual({ retried: 1, unknown: [stranger] });
    const due = await spool.due({ limit: 10, receipts: false, now: Date.now(), inFlight: new Set() });
    expect(due.map((row) => row.id)).toContain(id);
    expect(await spool.deadLetters(10)).toEqual([]);
  } finally {
    await spool.stop();
  }
});
