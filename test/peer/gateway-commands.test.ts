import { createHash, generateKeyPairSync } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { signJws } from "../../protocols/jws.ts";
import { MAX_IMAGE_PART_BYTES } from "../../protocols/mqtt/limits.ts";
import { type Commanding, openCommanding } from "../fixtures/commanding.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { freePort, startProcess, until } from "../fixtures/processes.ts";
import { createSite } from "../fixtures/site.ts";

const MINUTE = 60_000;
const PROMTOOL = "/usr/bin/promtool";
const notAfter = () => new Date(Date.now() + 10 * MINUTE).toISOString();

it(
  "a gateway does every command of the contract, once, and stays paused across a restart",
  async () => {
    const consolePort = await freePort();
    const site = await createSite({
      extra: `trust: { central: [central.pub] }\nconsole: { listen: "127.0.0.1:${consolePort}" }\n`,
    });
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(site.folder, "central.pub"), publicKey.export({ type: "spki", format: "pem" }));
    await using _broker = await startMosquitto({ port: site.brokerPort });
    const central = await openCommanding(`mqtt://127.0.0.1:${site.brokerPort}`);
    const seed = ["--seed", "5", "--rate", "2"];
    let gateway = site.gateway();
    const scanner = site.scanner(["--scans", "2", ...seed]);
    try {
      expect(await scanner.exited, scanner.stderr()).toBe(0);
      const plain = (name: string, args: object = {}) =>
        central.ask(name, { name, args, notAfter: notAfter() });
      const signed = (name: string, args: object, id?: string) =>
        central.ask(
          name,
          signJws(JSON.stringify({ aud: "NLRTM-EX/gw-01", name, args, notAfter: notAfter() }), privateKey),
          id,
        );
      const hits = () => central.heard.filter(({ event }) => event.name === "hit");
      await until("two hits", 2 * MINUTE, () => new Set(hits().map(({ data }) => data["scanId"])).size === 2);
      const first = hits()[0]!;
      const scanId = String(first.data["scanId"]);

      const health = await plain("health");
      expect(health.data).toMatchObject({ queue: {}, disk: {}, clock: {} });
      const outbox = await plain("outbox", { limit: 5 });
      expect(outbox.data).toMatchObject({ figures: { journal: first.data["journal"] }, deadLetters: [] });

      const journal = String(first.data["journal"]);
      const sequence = Number(first.data["sequence"]);
      const resend = await plain("resend", { journal, from: sequence, to: sequence });
      expect(resend.data).toEqual({ queued: 1, gone: 0 });
      const again = await until("the hit again", MINUTE, () =>
        hits().find(({ event }) => event.id === first.event.id && event.resent === true),
      );
      expect(again.data).toEqual(first.data);
      expect((await plain("resend", { journal: crypto.randomUUID(), from: 1, to: 2 })).error?.code).toBe(
        "NOT_FOUND",
      );
      expect((await plain("resend", { journal, from: 2, to: 1 })).error?.code).toBe("BAD_REQUEST");

      // A scan whose analysis is under way has its first score, and may be rescored all the same.
      const rescore = await plain("rescore", { scanId });
      expect(rescore.ok, JSON.stringify(rescore)).toBe(true);
      await until("the revision", MINUTE, () =>
        hits().find(({ data }) => data["scanId"] === scanId && data["cause"] === "rescore"),
      );
      expect((await plain("rescore", { scanId: crypto.randomUUID() })).error?.code).toBe("NOT_FOUND");

      await imageComesWhole(central, scanId);
      expect((await plain("reboot")).error?.code).toBe("UNKNOWN_COMMAND");
      expect((await plain("pause", { lane: "lane-1" })).error?.code).toBe("UNAUTHORISED");
      expect((await signed("pause", { lane: "lane-9" })).error?.code).toBe("NOT_FOUND");

      await metricsAreSound(`http://127.0.0.1:${consolePort}/metrics`);

      const id = crypto.randomUUID();
      const token = signJws(
        JSON.stringify({
          aud: "/NLRTM-EX/gw-01",
          name: "pause",
          args: { lane: "lane-1" },
          notAfter: notAfter(),
        }),
        privateKey,
      );
      const done = { id, ok: true, data: { lane: "lane-1", paused: true, changed: true } };
      expect(await central.ask("pause", token, id)).toEqual(done);
      const states = () =>
        central.heard.filter(({ event }) => event.name === "state").map(({ data }) => data);
      await until("the lane to be paused", MINUTE, () => states().at(-1)?.["state"] === "paused");

      gateway.child.kill("SIGTERM");
      expect(await gateway.exited).toBe(0);
      const before = states().length;
      gateway = site.gateway();
      await until("the gateway to be back", 2 * MINUTE, () => states().length > before);
      // The same event again: its answer is repeated, nothing is done. The same signed command under another id is refused.
      expect(await central.ask("pause", token, id)).toEqual(done);
      expect((await central.ask("pause", token)).error?.code).toBe("UNAUTHORISED");
      const more = site.scanner(["--scans", "1", "--seed", "77", "--rate", "2"]);
      await until("the paused lane", MINUTE, () => states().at(-1)?.["state"] === "paused");
      const known = new Set(hits().map(({ data }) => data["scanId"]));
      await until("a refusal", MINUTE, () => more.lines.some((line) => line.includes("PAUSED")));
      expect(hits().every(({ data }) => known.has(data["scanId"]))).toBe(true);
      expect((await signed("resume", { lane: "lane-1" })).data).toMatchObject({
        paused: false,
        changed: true,
      });
      await until("the scan that waited", 2 * MINUTE, () =>
        hits().some(({ data }) => !known.has(data["scanId"])),
      );
      expect(await more.exited, more.stderr()).toBe(0);
    } finally {
      scanner.child.kill("SIGKILL");
      gateway.child.kill("SIGKILL");
      await gateway.exited;
      await central.close();
      site.remove();
    }
  },
  8 * MINUTE,
);

async function imageComesWhole(central: Commanding, scanId: string): Promise<void> {
  const args = { scanId, form: "raw16", view: 0, energy: "low" };
  const answer = await central.ask("image", { name: "image", args, notAfter: notAfter() });
  const { files } = answer.data as { files: { sha256: string; bytes: number; parts: number }[] };
  expect(files).toHaveLength(1);
  const { sha256, bytes, parts } = files[0]!;
  const own = central.parts.filter(({ header }) => header.request === answer.id);
  expect(own).toHaveLength(parts);
  for (const part of own) expect(part.bytes.length).toBeLessThanOrEqual(MAX_IMAGE_PART_BYTES);
  const whole = Buffer.concat(
    [...own].sort((a, b) => a.header.part - b.header.part).map((part) => Buffer.from(part.bytes)),
  );
  expect(whole.length).toBe(bytes);
  expect(createHash("sha256").update(whole).digest("hex")).toBe(sha256);
}

/** Prometheus' own checker finds nothing to say about names, units and help. */
async function metricsAreSound(url: string): Promise<void> {
  const text = await (await fetch(url)).text();
  for (const name of [
    "lynceus_hits_total",
    "lynceus_scan_to_hit_seconds_count",
    "lynceus_stage_duration_seconds_bucket",
    "lynceus_outbox_depth_rows",
    "lynceus_outbox_oldest_age_seconds",
    "lynceus_spool_used_bytes",
    "lynceus_broker_connections_total",
    "lynceus_device_up",
  ])
    expect(text, name).toContain(`\n${name}`);
  if (!existsSync(PROMTOOL)) {
    console.log("promtool is not installed: the metrics are not checked by it");
    return;
  }
  const check = startProcess("/bin/sh", ["-c", 'printf %s "$METRICS" | promtool check metrics'], {
    env: { ...process.env, METRICS: text },
  });
  expect(await check.exited, check.stderr()).toBe(0);
  expect(check.stderr()).toBe("");
}
