import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../../protocols/jws.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { topicFor } from "../../protocols/mqtt/topics.ts";
import { type Central, openCentral } from "../fixtures/central.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, startLynceus, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const WAIT_MS = 110_000;
const TOPIC = topicFor("profile", { site: "NLRTM-EX" });
const keys = generateKeyPairSync("ed25519");

/** A profile of one flow, signed by central, in its event. */
function profileEvent(version: number, change: object = {}): Uint8Array {
  const flows = { postal: { prior: 0.07, bands: { medium: 0.11, high: 0.42 }, randomRate: 1 } };
  const payload = {
    schema: "lynceus-profile/1.0",
    version,
    validFrom: "2026-01-01T00:00:00Z",
    flows,
    ...change,
  };
  return encodeEvent({
    name: "profile",
    id: crypto.randomUUID(),
    source: "/central",
    time: new Date().toISOString(),
    data: signJws(JSON.stringify(payload), keys.privateKey),
  });
}

/** A gateway, a scanner and a broker as real processes; central signs a profile, examines, and asks for the report. */
describe("a gateway with a risk profile of central", () => {
  let site: Site;
  let broker: Mosquitto;
  let central: Central;
  let gateway: Running;

  beforeAll(async () => {
    site = await createSite({ extra: "trust: { central: [central.pub] }\n" });
    const pem = String(keys.publicKey.export({ type: "spki", format: "pem" }));
    writeFileSync(join(site.folder, "central.pub"), pem);
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    await central.publish(TOPIC, profileEvent(7), true);
    gateway = site.gateway();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
  }, 3 * WAIT_MS);
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await central.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  const codes = () => central.alerts().map(({ code }) => code);
  const scan = async (seed: number) => {
    const known = new Set(central.hits().map(({ scanId }) => scanId));
    const scanner = site.scanner(["--scans", "1", "--seed", String(seed)]);
    const hit = await until("a hit", WAIT_MS, () =>
      central.hits().find(({ scanId, models }) => !known.has(scanId) && models.length > 0),
    );
    await scanner.exited;
    return hit;
  };
  const lynceus = async (...args: readonly string[]) => {
    const command = startLynceus(args);
    return { code: await command.exited, ...command };
  };

  it("scores by the retained profile from the next scan on", async () => {
    await until("the profile", WAIT_MS, () => codes().includes("PROFILE_APPLIED"));
    const { score, selection } = await scan(3);
    expect(score).toMatchObject({ profile: "7", prior: 0.07, bands: { medium: 0.11, high: 0.42 } });
    expect(selection.probability).toBe(1);
  });

  it("refuses a lower version and says so", async () => {
    await central.publish(TOPIC, profileEvent(6));
    const refused = () => central.alerts().filter(({ code }) => code === "PROFILE_REFUSED");
    await until("the refusal", WAIT_MS, () => refused().length === 1);
    expect(refused()[0]).toMatchObject({
      severity: "warning",
      message: expect.stringMatching(/version 6 is lower than 7/),
    });
  });

  it("keeps it across a restart without the broker's copy, and takes a higher one without a restart", async () => {
    await central.publish(TOPIC, "", true);
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    gateway = site.gateway();
    expect((await scan(4)).score.profile).toBe("7");
    const flows = { postal: { prior: 0.2, bands: { medium: 0.3, high: 0.6 }, randomRate: 0 } };
    await central.publish(TOPIC, profileEvent(8, { flows }), true);
    await until(
      "the profile",
      WAIT_MS,
      () => codes().filter((code) => code === "PROFILE_APPLIED").length === 2,
    );
    expect((await scan(5)).score).toMatchObject({ profile: "8", prior: 0.2 });
  });

  it("reports on outcomes while the gateway runs", async () => {
    const [hit] = central.hits();
    const at = new Date().toISOString();
    const data = {
      schema: "lynceus-outcome/1.0",
      outcomeId: crypto.randomUUID(),
      scanId: hit?.scanId ?? "",
      revision: hit?.revision ?? 1,
      result: "confirmed",
      examination: "full",
      classes: [],
      goodsGroups: [],
      officerAction: null,
      at,
    } as const;
    const event = { name: "outcome", id: crypto.randomUUID(), source: "/central", time: at, data } as const;
    await central.publish(topicFor("outcome", { site: "NLRTM-EX" }), encodeEvent(event));
    const population = await until("the outcome", WAIT_MS, async () => {
      const { code, lines } = await lynceus("report", "--config", site.config, "--json");
      expect(code).toBe(0);
      const [first] = JSON.parse(lines[0] ?? "").populations;
      return first.performance.outcomes.confirmed === 1 && first;
    });
    expect(population).toMatchObject({ synthetic: true, performance: { hits: 3, ranking: { random: 1 } } });
    expect(population.performance.models.length).toBeGreaterThan(0);
    const text = await lynceus("report", "--config", site.config, "--since", "1d");
    expect(text.lines.join("\n")).toContain("1 confirmed, 0 refuted, 0 partial; 1 of full examinations");
  });

  it("replays its scans through other thresholds and through models, and nothing of it is published", async () => {
    const events = central.hits().length;
    const trial = join(site.folder, "trial.json");
    const flows = { postal: { prior: 0.001, bands: { medium: 0.5, high: 0.9 }, randomRate: 0 } };
    const version = { schema: "lynceus-profile/1.0", version: 99, validFrom: "2026-01-01T00:00:00Z" };
    writeFileSync(trial, JSON.stringify({ ...version, flows }));
    const spool = join(site.folder, "spool");
    const other = await lynceus(
      "replay",
      "--spool",
      spool,
      "--config",
      site.config,
      "--profile",
      trial,
      "--json",
    );
    expect(other.stderr()).toBe("");
    expect(other.code).toBe(0);
    const scans = other.lines.slice(0, -1).map((line) => JSON.parse(line));
    expect(scans).toHaveLength(3);
    for (const { before, after, changed, differences } of scans) {
      expect([before.profile, after.profile, changed]).toEqual([expect.stringMatching(/^[78]$/), "99", true]);
      expect(differences.map(({ text }: { text: string }) => text).join("\n")).toMatch(
        /prior \S+ % → 0\.1 %/,
      );
    }
    // The same models on the same planes say the same.
    const same = await lynceus("replay", "--spool", spool, "--limit", "1", "--json");
    expect(same.code).toBe(0);
    expect(JSON.parse(same.lines[0] ?? "")).toMatchObject({ changed: false });
    expect(central.hits()).toHaveLength(events);
  });
});
