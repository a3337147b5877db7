import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runReplay } from "../../device/cli/replay/run.ts";
import { printReport } from "../../device/cli/report/print.ts";
import { parseSince } from "../../device/cli/since.ts";
import { openJournal } from "../../device/spool/database.ts";
import { parcelPlane, writeGrey16 } from "../fixtures/image-files.ts";
import { storeScored } from "../fixtures/scored-spool.ts";
import { BLADE_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const ITEMS = [
  { firearm: 0.9, outcome: "confirmed" },
  { firearm: 0.9, outcome: "confirmed" },
  { firearm: 0.7, outcome: "refuted" },
  { firearm: null, outcome: "refuted" },
  { firearm: null, outcome: "partial" },
  { firearm: 0.2 },
  { firearm: null },
  { firearm: null },
] as const;

/** Stored scans with outcomes, read by the command line beside what wrote them. */
describe("lynceus report and lynceus replay", () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  let ids: readonly string[] = [];

  beforeAll(async () => {
    const spool = await openTestSpool(path("spool"));
    ids = await storeScored(spool, ITEMS);
    await spool.putOutcome({
      outcomeId: crypto.randomUUID(),
      scanId: crypto.randomUUID(),
      at: "2026-11-20T08:00:00Z",
      body: "{}",
    });
    await spool.stop();
    writeFileSync(
      path("lynceus.yaml"),
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1" }
spool: { path: spool }
lanes:
  - { id: lane-1, scanner: { driver: folder, path: . }, decideOnSynthetic: true, fusion: { prior: 0.01, bands: { medium: 0.05, high: 0.3 }, floor: { firearm: 0.6 } } }
`,
    );
    const yaml = readFileSync(path("lynceus.yaml"), "utf8");
    writeFileSync(
      path("small.yaml"),
      yaml.replace("decideOnSynthetic", "models: [threat-detector], decideOnSynthetic"),
    );
  }, 60_000);
  afterAll(() => folder[Symbol.dispose]());

  async function report(options: { since?: string; json?: boolean; html?: string | true }): Promise<string> {
    let text = "";
    const out = { write: (part: string) => (text += part) };
    await printReport({ config: path("lynceus.yaml"), ...options }, { now: Date.now() + 1, env: {}, out });
    return text;
  }

  async function replay(options: Partial<Parameters<typeof runReplay>[0]>) {
    const lines: string[] = [];
    const said: string[] = [];
    const all = await runReplay({
      limit: 100,
      json: true,
      now: Date.now(),
      env: {},
      out: (text) => lines.push(text),
      say: (text) => said.push(text),
      ...options,
    });
    return { all, lines, said, scans: lines.slice(0, -1), summary: lines.at(-1) ?? "" };
  }

  it("report counts outcomes, precision by share, reasons and models, synthetic scans apart", async () => {
    const { schema, site, populations } = JSON.parse(await report({ json: true }));
    expect({ schema, site }).toEqual({ schema: "lynceus-report/1", site: "NLRTM-EX" });
    expect(populations).toHaveLength(1);
    const [{ synthetic, performance, proposal }] = populations;
    expect(synthetic).toBe(true);
    expect(performance).toMatchObject({
      hits: 8,
      outcomes: { confirmed: 2, refuted: 2, partial: 1, full: 4, unknownScan: 1 },
      calibration: { claim: { examined: 4, irregular: 2 } },
    });
    expect(performance.ranking.at[0]).toMatchObject({
      share: 0.01,
      items: 1,
      precision: { count: 1, of: 1 },
    });
    expect(performance.ranking.note).toMatch(/recall cannot be said/);
    const firearm = performance.reasons.find(({ name }: { name: string }) => name === "THREAT_FIREARM");
    expect(firearm.precision).toMatchObject({ count: 2, of: 3 });
    expect(performance.models[0]).toMatchObject({ name: "threat-detector@0.3.0", items: 8 });
    expect(proposal).toMatchObject({ proposed: false, why: /too few full examinations/, members: null });
  });

  it("report is text for people and one HTML file with plots, and takes --since", async () => {
    const text = await report({});
    expect(text).toContain("2 confirmed, 2 refuted, 1 partial; 4 of full examinations");
    expect(text).toMatch(/THREAT_FIREARM +\d scans, \d alarms, irregular 66\.7 % \(2 of 3/);
    await report({ html: path("report.html") });
    const html = readFileSync(path("report.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>/);
    expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(2);
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    expect(await report({ html: true })).toMatch(/^<!doctype html>/);
    const later = JSON.parse(await report({ json: true, since: "2099-01-01" }));
    expect(later.populations[0].performance.hits).toBe(0);
    expect(() => parseSince("yesterday", 0)).toThrow("no time");
    expect(parseSince("24h", 100 * 3.6e6)).toBe(76 * 3.6e6);
    expect(parseSince("1970-01-02", 0)).toBe(86_400_000);
  });

  it("replay by a configuration's thresholds tells what differs and why, and what it does to what was found", async () => {
    const before = digests(path("spool"));
    const { all, scans, summary } = await replay({ spool: path("spool"), config: path("lynceus.yaml") });
    expect(all).toBe(true);
    expect(scans).toHaveLength(ITEMS.length);
    const all_ = scans.map((line) => JSON.parse(line));
    const strong = all_.find(({ scan }) => scan === ids[2]);
    expect(strong).toMatchObject({ irregular: false, after: { decision: "ALARM", band: "high" } });
    expect(strong.differences.map(({ what }: { what: string }) => what)).toContain("floor");
    expect(strong.differences.find(({ what }: { what: string }) => what === "floor").text).toBe(
      "firearm is above its floor now (0.70, floor 0.60)",
    );
    expect(all_.find(({ scan }) => scan === ids[7])).toMatchObject({ changed: false, differences: [] });
    expect(JSON.parse(summary)).toMatchObject({
      summary: { scans: 8, notReplayed: 0, examined: { irregular: { scans: 2 }, regular: { scans: 2 } } },
    });
    expect(digests(path("spool"))).toEqual(before);
  });

  it("replay tries a profile in plain English, from its JSON", async () => {
    const flows = { postal: { prior: 0.2, bands: { medium: 0.3, high: 0.9 }, randomRate: 0.1 } };
    const profile = { schema: "lynceus-profile/1.0", version: 9, validFrom: "2026-01-01T00:00:00Z", flows };
    writeFileSync(path("profile.json"), JSON.stringify(profile));
    const { lines } = await replay({
      spool: folder.path,
      profile: path("profile.json"),
      json: false,
      limit: 1,
    });
    expect(lines.join("")).toMatch(/the lane's own settings → profile 9/);
    expect(lines.join("")).toMatch(/prior 1 % → 20 %: log-odds \+3\.21 for every scan/);
    expect(lines.at(-1)).toMatch(/1 scans: 1 differ[\s\S]*Nothing was published/);
  });

  it("replay compares with the kept result where the hit itself was erased", async () => {
    const { database } = openJournal(path("spool"), Date.now());
    database.run("UPDATE outbox SET event = NULL WHERE scan_id = ?", ids[2] ?? "");
    database.close();
    const { all, scans } = await replay({ spool: path("spool"), config: path("lynceus.yaml") });
    expect(all).toBe(true);
    const erased = scans.map((line) => JSON.parse(line)).find(({ scan }) => scan === ids[2]);
    expect(erased).toMatchObject({ irregular: false, after: { decision: "ALARM", band: "high" } });
    expect(erased.differences.map(({ what }: { what: string }) => what)).toContain("floor");
  });

  it("replay says which scans have no planes any more, does the others, and fails", async () => {
    const models = path("models");
    await writeTinyModel(models, BLADE_MODEL);
    const { all, scans, summary } = await replay({
      spool: path("spool"),
      config: path("small.yaml"),
      models,
    });
    const before = JSON.parse(summary).summary;
    expect({ all, ...before }).toMatchObject({ all: true, scans: 8, notReplayed: 0 });
    const [first] = scans.map((line) => JSON.parse(line));
    // Noise is no image: nothing is shown to a model.
    expect(first.after).toMatchObject({ decision: "UNKNOWN", models: [] });
    expect(first.differences.map(({ what }: { what: string }) => what)).toContain("models");
    const lost = readdirSync(path("spool"), { recursive: true })
      .map(String)
      .find((name) => /v0-e0\.u16$/.test(name));
    rmSync(path(`spool/${lost ?? "none"}`));
    const again = await replay({ spool: path("spool"), config: path("small.yaml"), models });
    expect(again.all).toBe(false);
    expect(JSON.parse(again.summary)).toMatchObject({ summary: { scans: 8, notReplayed: 1 } });
    expect(again.scans.map((line) => JSON.parse(line).note).filter(Boolean)).toEqual([
      expect.stringMatching(/not kept any more/),
    ]);
  });

  it("replay of a folder compares with what lynceus scan says", async () => {
    mkdirSync(path("images"));
    for (const energy of ["low", "high"]) {
      const plane = parcelPlane(96, 128, 60_000, energy === "low" ? 0.3 : 0.5);
      await writeGrey16(path(`images/a.${energy}.png`), plane, 96);
    }
    writeFileSync(path("images/a.json"), JSON.stringify({ airLevel: 60_000 }));
    writeFileSync(path("images/b.png"), "no image");
    const { all, scans } = await replay({ folder: path("images"), profile: path("profile.json") });
    expect(all).toBe(false);
    const [good, bad] = scans.map((line) => JSON.parse(line));
    expect(good).toMatchObject({ scan: "a", after: { profile: "9" }, changed: true });
    expect(bad).toMatchObject({ scan: "b", before: null, note: expect.any(String) });
  }, 60_000);

  it("replay refuses what it cannot use before it does anything", async () => {
    await expect(replay({})).rejects.toMatchObject({ code: "LYN_USAGE" });
    await expect(replay({ spool: path("nowhere") })).rejects.toMatchObject({ code: "LYN_PATH_MISSING" });
    writeFileSync(path("no.json"), "{]");
    const profile = path("no.json");
    await expect(replay({ spool: path("spool"), profile })).rejects.toMatchObject({ code: "LYN_PROFILE" });
  });
});

/** Contents of the journal and the planes: a reader leaves SQLite's shared memory file behind. */
function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true }).map(String).sort();
  return Object.fromEntries(
    files
      .filter((name) => statSync(join(folder, name)).isFile() && !/-(shm|wal)$/.test(name))
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex"),
      ]),
  );
}
