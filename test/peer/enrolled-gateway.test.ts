import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeBroker } from "../../device/cli/doctor/broker.ts";
import { loadConfig } from "../../device/config/load.ts";
import { ENROLMENT_ROLES } from "../../protocols/enrolment.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Health } from "../../protocols/mqtt/health.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import type { Status } from "../../protocols/mqtt/status.ts";
import { Authority } from "../../simulator/authority/authority.ts";
import { certify } from "../../simulator/authority/certificates.ts";
import { AuthorityServer } from "../../simulator/authority/server.ts";
import { AuthorityStore } from "../../simulator/authority/store.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { freePort, type Running, startLynceus, until } from "../fixtures/processes.ts";
import { type SecuredBroker, startSecuredBroker } from "../fixtures/secured-broker.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 180_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The reference authority; it renews nothing before it is let. */
class PatientAuthority extends Authority {
  readonly #let = Promise.withResolvers<void>();

  renewals(): void {
    this.#let.resolve();
  }

  override async renew(...asked: Parameters<Authority["renew"]>): ReturnType<Authority["renew"]> {
    await this.#let.promise;
    return super.renew(...asked);
  }
}

describe("an enrolled gateway at the Mosquitto configuration that is shipped", () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const pairFile = (role: string) => at(`enrolment/${role}.pem`);
  const serialOf = (role: string) => new X509Certificate(readFileSync(pairFile(role))).serialNumber;
  const scan = simulateScan({ seed: 31, index: 0, mix: "traffic" });
  const sender = new LineSender();
  const hits: Hit[] = [];
  const healths: Health[] = [];
  const states: string[] = [];
  let store: AuthorityStore;
  let authority: PatientAuthority;
  let server: AuthorityServer;
  let secured: SecuredBroker;
  let gateway: Running | undefined;

  beforeAll(async () => {
    store = new AuthorityStore({ folder: at("authority"), clock: Date.now });
    await store.start();
    authority = new PatientAuthority({ store, lifetimeMs: HOUR_MS, clock: Date.now });
    server = new AuthorityServer({ address: { host: "127.0.0.1", port: 0 }, authority, store });
    const url = `https://127.0.0.1:${(await server.start()).port}`;
    mkdirSync(at("broker"));
    secured = await startSecuredBroker(at("broker"), ["NLRTM-EX/gw-01"], store.pair);
    const name = { site: "NLRTM-EX", gateway: "gw-01" };
    const token = await store.issueToken(name, { authority: url, lifetimeMs: HOUR_MS });
    writeFileSync(at("token.json"), JSON.stringify(token));
    const args = ["enroll", "--authority", url, "--token", at("token.json"), "--out", at("enrolment")];
    expect(await startLynceus(args).exited).toBe(0);
    const port = await freePort();
    await sender.listen(port);
    writeFileSync(
      at("lynceus.yaml"),
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "${secured.url}", tls: { enrolment: enrolment } }
spool: { path: spool, minFreeBytes: 100MB, maxBytes: 5GB }
lanes: [{ id: lane-1, scanner: { driver: line-scan, transport: "tcp://127.0.0.1:${port}" }, decideOnSynthetic: true }]
`,
    );
  }, 3 * WAIT_MS);
  afterAll(async () => {
    gateway?.child.kill("SIGTERM");
    await gateway?.exited;
    await sender.close();
    authority.renewals();
    await server.stop();
    await secured[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function listen(): Promise<void> {
    const central = await secured.client(await secured.authority.pair("central"));
    central.on("message", (_topic, payload) => {
      const event = unwrap(payload);
      if (event?.name === "hit") hits.push(event.data as Hit);
      if (event?.name === "health") healths.push(event.data as Health);
      if (event?.name === "status") states.push((event.data as Status).state);
    });
    await central.subscribeAsync(["nii/v1/+/+/+/hit", "nii/v1/+/+/health", "nii/v1/+/+/status"], { qos: 1 });
  }

  async function sendAndSee(scanRef: string): Promise<void> {
    const { scanId } = await sender.send(scan, scanRef);
    await until(`the hit of ${scanRef}`, WAIT_MS, () => hits.some((hit) => hit.scanId === scanId));
  }

  /** The same key with a certificate of which two thirds are over: it still holds for minutes, and is to be renewed. */
  async function age(role: string): Promise<void> {
    const pem = readFileSync(pairFile(role), "utf8");
    const key = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "der" });
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const certificate = await certify(
      store.pair,
      await crypto.subtle.importKey("spki", new Uint8Array(key), algorithm, true, ["verify"]),
      {
        commonName: `NLRTM-EX.gw-01.${role}`,
        use: "client",
        notBefore: new Date(Date.now() - 41 * MINUTE_MS),
        notAfter: new Date(Date.now() + 19 * MINUTE_MS),
      },
    );
    const own = pem.slice(pem.indexOf("-----BEGIN PRIVATE KEY-----"));
    writeFileSync(pairFile(role), `${certificate.toString("pem").trimEnd()}\n${own}`, { mode: 0o600 });
  }

  it("token, enrolment, gateway, hit: without a certificate made by hand; health says how long each lasts", {
    timeout: 3 * WAIT_MS,
  }, async () => {
    for (const role of ENROLMENT_ROLES) await age(role);
    await listen();
    gateway = startLynceus(["run", "--config", at("lynceus.yaml")]);
    await sendAndSee("enrolled-1");
    const health = await until("health", WAIT_MS, () => healths[0]);
    expect(health.certificates?.map(({ role, daysLeft }) => [role, daysLeft])).toEqual([
      ["hit", 0],
      ["bulk", 0],
      ["in", 0],
    ]);
    expect(Date.parse(health.certificateExpiry ?? "")).toBeGreaterThan(Date.now());
  });

  it("a doctor beside it asks it, and pushes no session of it out", { timeout: 2 * WAIT_MS }, async () => {
    const config = await loadConfig(at("lynceus.yaml"));
    await until(
      "all roles to be connected",
      WAIT_MS,
      async () => (await probeBroker(config, {})).state === "ok",
    );
    const found = await probeBroker(config, {});
    expect(found).toMatchObject({ state: "ok", found: expect.stringMatching(/runs and is connected/) });
    await sendAndSee("enrolled-2");
    expect(secured.broker.log()).not.toMatch(/already connected|taken over/);
    expect(states).not.toContain("offline");
  });

  it("renewed while connected: changes over with no word of an end, and from then on uses the new ones alone", {
    timeout: 6 * WAIT_MS,
  }, async () => {
    const old = ENROLMENT_ROLES.map(serialOf);
    const said = () => gateway?.stderr() ?? "";
    const changed = () =>
      ENROLMENT_ROLES.filter((role) =>
        said().includes(`"role":"${role}","msg":"certificates for the broker have changed`),
      );
    authority.renewals();
    // A renewal that was kept waiting has failed by its own time limit, and comes again after its back-off.
    await until(
      "all roles to have changed over",
      2 * WAIT_MS,
      () => changed().length === ENROLMENT_ROLES.length,
    );
    expect(ENROLMENT_ROLES.map(serialOf).filter((serial) => old.includes(serial))).toEqual([]);
    await sendAndSee("enrolled-3");
    expect(states).not.toContain("offline");
    // What is revoked cannot connect: a broker that begins anew sees which certificates are shown now.
    await secured.revoke(...old);
    await secured.broker.stop();
    await secured.broker.start();
    await listen();
    await sendAndSee("enrolled-4");
    const config = await loadConfig(at("lynceus.yaml"));
    await until("all roles again", WAIT_MS, async () => (await probeBroker(config, {})).state === "ok");
    expect(said()).not.toMatch(/CERTIFICATE_REFUSED/);
    expect(gateway?.child.exitCode).toBeNull();
    expect(new Set(hits.map(({ scanId }) => scanId)).size).toBe(4);
  });

  it("where no gateway runs the doctor connects in its name, and leaves its session as it was", {
    timeout: 2 * WAIT_MS,
  }, async () => {
    gateway?.child.kill("SIGTERM");
    await gateway?.exited;
    // Its goodbye takes two seconds at most: on a busy machine the broker says the last word in its stead.
    await until("its last word", WAIT_MS, () => ["stopped", "offline"].includes(states.at(-1) ?? ""));
    const receipts = "nii/v1/NLRTM-EX/gw-01/receipt";
    const central = await secured.client(await secured.authority.pair("central"));
    await central.publishAsync(receipts, "what waits for the gateway", { qos: 1 });
    await central.endAsync();
    const found = await probeBroker(await loadConfig(at("lynceus.yaml")), {});
    expect(found).toMatchObject({ state: "ok", found: expect.stringMatching(/accepts the gateway/) });
    const waited: string[] = [];
    const [cert, key] = [pairFile("hit"), pairFile("hit")];
    const onMessage = (client: MqttClient) => client.on("message", (topic) => void waited.push(topic));
    await secured.client({ cert, key, serial: "" }, { clientId: "hit", clean: false }, onMessage);
    await until("what waited at the broker", WAIT_MS, () => waited.includes(receipts));
  });
});
