import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, startLynceus, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";
import { openCentral, type TestCentral } from "../fixtures/uplink.ts";

const MINUTES_MS = 20 * 60_000;
const WAIT_MS = 120_000;

/** Debian's libfaketime, for a process with threads; null where it is not installed. */
function fakeTime(): string | null {
  for (const folder of readdirSync("/usr/lib")) {
    const file = join("/usr/lib", folder, "faketime/libfaketimeMT.so.1");
    try {
      if (readdirSync(join(file, "..")).includes("libfaketimeMT.so.1")) return file;
    } catch {
      // no library of this architecture
    }
  }
  return null;
}

/** A gateway whose clock is as far off as a file says: `+365d`. The time since the machine started is the real one. */
function startGateway(site: Site, library: string, offset: string): Running {
  writeFileSync(offsetFile(site), offset);
  return startLynceus(["run", "--config", site.config], {
    env: {
      ...process.env,
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offsetFile(site),
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });
}

function offsetFile(site: Site): string {
  return join(site.folder, "offset");
}

async function ready(gateway: Running): Promise<void> {
  await until("the gateway to be ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
}

async function stop(gateway: Running): Promise<void> {
  gateway.child.kill("SIGTERM");
  expect(await gateway.exited).toBe(0);
}

/** Hits of a phase; each scan is acknowledged before its scanner ends. */
async function scan(site: Site, central: TestCentral, seed: number): Promise<readonly Hit[]> {
  const before = hitsOf(central).length;
  const scanner = site.scanner(["--seed", String(seed), "--rate", "1", "--scans", "2"]);
  await until("two hits", WAIT_MS, () => hitsOf(central).length >= before + 2);
  scanner.child.kill("SIGTERM");
  await scanner.exited;
  return hitsOf(central).slice(before);
}

interface Hit {
  readonly sequence: number;
  readonly capturedAt: number;
  readonly decidedAt: number;
  readonly synchronised: boolean;
}

function hitsOf(central: TestCentral): readonly Hit[] {
  const hits = central.rows().filter(({ topic }) => topic.endsWith("/hit"));
  const first = new Map(hits.map(({ event }) => [event.id, event.data]));
  return [...first.values()].map((data) => ({
    sequence: Number(data["sequence"]),
    capturedAt: Date.parse(String(data["capturedAt"])),
    decidedAt: Date.parse(String(data["decidedAt"])),
    synchronised: (data["clock"] as { synchronised: boolean }).synchronised,
  }));
}

test(
  "a clock that jumps a year either way, while the gateway runs and between two runs, reorders nothing and expires nothing",
  async () => {
    const library = fakeTime();
    if (library === null) {
      process.stdout.write("libfaketime is not installed: the real process is not tried\n");
      return;
    }
    const site = await createSite({ peripherals: false });
    const broker = await startMosquitto({ port: site.brokerPort });
    const central = await openCentral(broker.url);
    let gateway = startGateway(site, library, "+0");
    try {
      await ready(gateway);
      await central.send("declaration", {
        schema: "customs-aed/1.0",
        aedId: "1b671a64-40d5-491e-99b0-da01ff1f3341",
        revision: 1,
        function: "original",
        receivedAt: new Date().toISOString(),
        identifiers: [{ scheme: "S10", value: "RB743554139US" }],
        privacy: { retainUntil: new Date(Date.now() + 30 * 24 * 3.6e6).toISOString() },
      });
      const hits = [...(await scan(site, central, 1))];

      writeFileSync(offsetFile(site), "+365d");
      hits.push(...(await scan(site, central, 2)));
      await until("the alert", WAIT_MS, () =>
        central
          .rows()
          .some(
            ({ event: { data } }) =>
              data["code"] === "CLOCK_STEPPED" &&
              (data["details"] as { followed: boolean }).followed === false,
          ),
      );
      await stop(gateway);

      gateway = startGateway(site, library, "-365d");
      await ready(gateway);
      hits.push(...(await scan(site, central, 3)));
      await stop(gateway);

      // The stamps are the true time's all along, and in the order of the numbers.
      for (const { capturedAt } of hits) expect(Math.abs(capturedAt - Date.now())).toBeLessThan(MINUTES_MS);
      expect(hits.map(({ sequence }) => sequence)).toEqual(
        hits.map(({ sequence }) => sequence).sort((one, other) => one - other),
      );
      const decided = hits.map(({ decidedAt }) => decidedAt);
      expect(decided).toEqual([...decided].sort((one, other) => one - other));
      expect(hits.slice(2).some(({ synchronised }) => synchronised)).toBe(false);

      gateway = startGateway(site, library, "+365d");
      await ready(gateway);
      await stop(gateway);
      expect(contents(site)).toEqual({ rows: expect.any(Number), erased: 0, images: 6, declarations: 1 });
    } finally {
      gateway.child.kill("SIGKILL");
      await gateway.exited;
      await central.close();
      await broker[Symbol.asyncDispose]();
      site.remove();
    }
  },
  10 * 60_000,
);

/** What the spool still has: rows and those without their data, scans with images, declarations. */
function contents(site: Site) {
  const open = (name: string) => new DatabaseSync(join(site.folder, "spool", name), { readOnly: true });
  const [journal, declarations] = [open("journal.db"), open("declarations.db")];
  const count = (db: DatabaseSync, sql: string) =>
    Number(db.prepare(`SELECT count(*) AS n FROM ${sql}`).get()?.["n"]);
  const found = {
    rows: count(journal, "outbox"),
    erased: count(journal, "outbox WHERE event IS NULL"),
    images: count(journal, "scans WHERE evicted = 0"),
    declarations: count(declarations, "records"),
  };
  journal.close();
  declarations.close();
  return found;
}
