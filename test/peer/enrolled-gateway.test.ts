import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Health } from "../../protocols/mqtt/health.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import { Authority } from "../../simulator/authority/authority.ts";
import { AuthorityServer } from "../../simulator/authority/server.ts";
import { AuthorityStore } from "../../simulator/authority/store.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { freePort, startLynceus, until } from "../fixtures/processes.ts";
import { startSecuredBroker } from "../fixtures/secured-broker.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 110_000;

it("token, enrolment, gateway, hit: over the Mosquitto configuration that is shipped, without a certificate made by hand", {
  timeout: 400_000,
}, async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const store = new AuthorityStore({ folder: at("authority"), clock: Date.now });
  await store.start();
  const authority = new Authority({ store, lifetimeMs: 3_600_000, clock: Date.now });
  const server = new AuthorityServer({ address: { host: "127.0.0.1", port: 0 }, authority, store });
  const url = `https://127.0.0.1:${(await server.start()).port}`;
  mkdirSync(at("broker"));
  await using secured = await startSecuredBroker(at("broker"), ["NLRTM-EX/gw-01"], store.pair);

  const token = await store.issueToken(
    { site: "NLRTM-EX", gateway: "gw-01" },
    { authority: url, lifetimeMs: 60_000 },
  );
  writeFileSync(at("token.json"), JSON.stringify(token));
  const args = ["enroll", "--authority", url, "--token", at("token.json"), "--out", at("enrolment")];
  expect(await startLynceus(args).exited).toBe(0);

  const sender = new LineSender();
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
  const central = await secured.client(await secured.authority.pair("central"));
  const hits: Hit[] = [];
  const healths: Health[] = [];
  central.on("message", (_topic, payload) => {
    const event = unwrap(payload);
    if (event?.name === "hit") hits.push(event.data as Hit);
    if (event?.name === "health") healths.push(event.data as Health);
  });
  await central.subscribeAsync(["nii/v1/+/+/+/hit", "nii/v1/+/+/health"], { qos: 1 });
  const gateway = startLynceus(["run", "--config", at("lynceus.yaml")]);
  try {
    const { scanId } = await sender.send(simulateScan({ seed: 31, index: 0, mix: "traffic" }), "enrolled-1");
    await until("the hit", WAIT_MS, () => hits.some((hit) => hit.scanId === scanId));
    const health = await until("health", WAIT_MS, () => healths[0]);
    expect(health.certificates?.map(({ role, daysLeft }) => [role, daysLeft])).toEqual([
      ["hit", 0],
      ["bulk", 0],
      ["in", 0],
    ]);
    expect(Date.parse(health.certificateExpiry ?? "")).toBeGreaterThan(Date.now());
  } finally {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await sender.close();
    await server.stop();
  }
});
