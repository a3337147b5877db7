import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { type ReportsConfig, reportsSchema } from "../../device/config/dicom.ts";
import { type Reports, reportsOf } from "../../device/dicom-out/of-config.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { dxOf, fileOf, uidOf } from "../fixtures/dicom.ts";
import { reportCommitment, type TestArchive, testArchive } from "../fixtures/dicom-archive.ts";
import { freePort, until } from "../fixtures/processes.ts";

const WAIT_MS = 60_000;
const FAST = { baseMs: 20, maxMs: 40, commitMs: 60_000 };

describe("storage commitment of two archives behind one listener", () => {
  let folder: string;
  let alpha: TestArchive;
  let beta: TestArchive;
  let listen: number;
  let alerts: Alert[];
  let reports: Reports | null;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-commitment-"));
    [alpha, beta] = [await testArchive(), await testArchive()];
    listen = await freePort();
    alerts = [];
  });
  afterEach(async () => {
    await reports?.stop();
    reports = null;
    await alpha.close();
    await beta.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const files = (archive: string, state: string) => readdirSync(join(folder, "dicom/out", archive, state));
  const instanceOf = (name: string) => uidOf(`${name} 0 single instance`);
  const codes = () => alerts.map(({ code }) => code);

  async function start(timings: object = FAST, more: Partial<Record<"alpha" | "beta", object>> = {}) {
    const config: ReportsConfig = reportsSchema.parse({
      archives: [
        {
          id: "alpha",
          address: `127.0.0.1:${alpha.port}`,
          aeTitle: "ALPHA",
          commitment: true,
          ...more.alpha,
        },
        { id: "beta", address: `127.0.0.1:${beta.port}`, aeTitle: "BETA", commitment: true, ...more.beta },
      ],
      commitment: { listen: `127.0.0.1:${listen}` },
    });
    reports = await reportsOf(config, {
      spoolPath: folder,
      site: "NLRTM-EX",
      gateway: "gw-01",
      env: {},
      spool: {
        journal: crypto.randomUUID(),
        hitsAfter: async () => [],
        scan: async () => null,
        onCommitted: () => () => undefined,
        takesBulk: () => true,
      },
      alerts: { raise: async (alert) => void alerts.push(alert) },
      clock: Date.now,
      log: SILENT_LOG,
      timings,
    });
    await reports.start();
  }

  async function send(name: string): Promise<void> {
    const bytes = fileOf(dxOf(name, { energy: "single", energies: { number: 0, count: 1 } }));
    for (const destination of reports?.output.destinations ?? [])
      await destination.put({ name: `${name}.dcs`, order: "1", content: { bytes } });
  }
  const report = (of: TestArchive, calling: string, more: { bad?: boolean } = {}) => {
    const { transaction, instances } = of.asked.at(-1) ?? { transaction: "", instances: [] };
    return reportCommitment(listen, { transaction, [more.bad ? "bad" : "good"]: instances }, { calling });
  };

  it("releases what one archive commits to in its own queue only", async () => {
    await start();
    await send("one");
    await until("both are asked", WAIT_MS, () => alpha.asked.length === 1 && beta.asked.length === 1);
    expect(alpha.asked[0]?.instances).toEqual([instanceOf("one")]);
    expect(await report(alpha, "ALPHA")).toBe(0);
    expect(files("alpha", "committing")).toEqual([]);
    expect(files("beta", "committing")).toEqual(["1-one.dcs"]);
    expect(await report(beta, "BETA")).toBe(0);
    expect(files("beta", "committing")).toEqual([]);
    expect(alerts).toEqual([]);
  });

  it("refuses strangers, transactions that it did not ask for, and reports that are none", async () => {
    await start();
    await send("two");
    await until("both are asked", WAIT_MS, () => alpha.asked.length === 1 && beta.asked.length === 1);
    const instances = [instanceOf("two")];
    const unknown = { transaction: "2.25.99", good: instances };
    expect(await reportCommitment(listen, unknown, { calling: "ALPHA" })).toBe(0x0110);
    expect(await report(alpha, "MALLORY")).toBe("rejected 3");
    // An archive speaks for itself: not in a transaction of another.
    expect(await report(alpha, "BETA")).toBe(0x0110);
    const asked = { transaction: alpha.asked[0]?.transaction ?? "", good: instances };
    expect(await reportCommitment(listen, asked, { calling: "ALPHA", called: "OTHER" })).toBe("rejected 7");
    const bytes = new TextEncoder().encode("neither explicit nor implicit, but text");
    expect(await reportCommitment(listen, unknown, { calling: "ALPHA", bytes })).toBe(0x0110);
    expect(files("alpha", "committing")).toEqual(["1-two.dcs"]);
    expect(files("beta", "committing")).toEqual(["1-two.dcs"]);
    expect(await report(alpha, "ALPHA")).toBe(0);
  });

  it("keeps what a refused request was about, and asks again", async () => {
    alpha.behaviour.actionStatus = 0x0110;
    await start({ ...FAST, commitMs: 200 });
    await send("three");
    await until("asked again", WAIT_MS, () => alpha.asked.length >= 3);
    expect([...files("alpha", "committing"), ...files("alpha", "waiting")]).toEqual(["1-three.dcs"]);
    expect(
      alerts.filter(
        ({ code, details }) => code === "ARCHIVE_UNCOMMITTED" && details?.["archive"] === "alpha",
      ),
    ).toMatchObject([{ details: { objects: "kept" } }]);
    alpha.behaviour.actionStatus = 0;
    const before = alpha.asked.length;
    await until("asked in the end", WAIT_MS, () => alpha.asked.length > before);
    // A transaction is over after 200 ms, and another is asked for.
    await until("its word to be taken", WAIT_MS, async () => (await report(alpha, "ALPHA")) === 0);
    await until(
      "nothing left",
      WAIT_MS,
      () => [...files("alpha", "committing"), ...files("alpha", "waiting")].length === 0,
    );
  });

  it("releases objects without commitment only where the archive has no such service, and says so", async () => {
    alpha.behaviour.offersCommitment = false;
    await start();
    await send("four");
    await until("released", WAIT_MS, () => codes().includes("ARCHIVE_UNCOMMITTED"));
    await until(
      "nothing left",
      WAIT_MS,
      () => [...files("alpha", "committing"), ...files("alpha", "waiting")].length === 0,
    );
    expect(alerts[0]).toMatchObject({ details: { archive: "alpha", objects: "released" } });
    await until("beta is asked", WAIT_MS, () => beta.asked.length === 1);
    expect(files("beta", "committing")).toEqual(["1-four.dcs"]);
  });

  it("sends what an archive does not commit to again after a while, says it, and puts it aside in the end", async () => {
    await start();
    await send("five");
    for (let round = 1; round <= 20; round++) {
      await until(`asked ${round} times`, WAIT_MS, () => alpha.asked.length === round);
      expect(await report(alpha, "ALPHA", { bad: true })).toBe(0);
    }
    await until("put aside", WAIT_MS, () => files("alpha", "failed").length === 1);
    await until("word of it", WAIT_MS, () => codes().length === 2);
    expect(alpha.stored).toHaveLength(20);
    expect(codes()).toEqual(["ARCHIVE_UNCOMMITTED", "ARCHIVE_REFUSES"]);
    expect(files("beta", "committing")).toEqual(["1-five.dcs"]);
  });

  it("an object that one archive will not take now stands in nobody's way, and states are told by archive", async () => {
    alpha.behaviour.storeStatus = (instance) => (instance === instanceOf("six") ? 0x0110 : 0);
    await start();
    await send("six");
    await send("seven");
    await until("the other went", WAIT_MS, () => alpha.stored.includes(instanceOf("seven")));
    await until("said", WAIT_MS, () => codes().includes("ARCHIVE_UNREACHABLE"));
    expect(files("alpha", "waiting")).toEqual(["1-six.dcs"]);
    // The archive has an object a moment before it is known here that it does.
    const states = await until("beta has both", WAIT_MS, async () => {
      const told = await reports?.output.states();
      return told?.[1]?.state === "idle" && told[1].committing === 2 && told;
    });
    expect(states).toMatchObject([
      { id: "alpha", kind: "archive", waiting: 1, failed: 0 },
      { id: "beta", kind: "archive", state: "idle", code: null, waiting: 0, committing: 2, sent: 2 },
    ]);
    alpha.behaviour.storeStatus = () => 0;
    await until("it goes in the end", WAIT_MS, () => alpha.stored.includes(instanceOf("six")));
  });
});
