import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { expect, it } from "vitest";
import { type ChainRow, chainRow, verifyChain } from "../../protocols/chain.ts";
import { type Hit, hitSchema } from "../../protocols/mqtt/hit.ts";
import { readEventData, unwrap } from "../../protocols/mqtt/index.ts";
import { createAuthority } from "../fixtures/certificates.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { startLynceus, until } from "../fixtures/processes.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const GATEWAYS = 4;

it("simulate fleet sends many gateways' traffic, each with a signed chain of its own, and prints what the broker took", async () => {
  await using broker = await startMosquitto();
  const rows = new Map<string, ChainRow[]>();
  const keys = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  client.on("message", (topic, payload) => {
    const [, , , gateway = "", ...rest] = topic.split("/");
    seen.add(rest.join("/"));
    const event = unwrap(payload)!;
    if (event.name === "info") {
      const { signingKeys } = readEventData("info", event.data);
      for (const { keyId, publicKey } of signingKeys)
        keys.set(keyId, new Uint8Array(Buffer.from(publicKey, "base64url")));
    }
    if (event.name !== "hit") return;
    expect(hitSchema.safeParse(event.data).error?.issues ?? []).toEqual([]);
    const list = rows.get(gateway) ?? [];
    rows.set(gateway, list);
    const row = chainRow(event.data as Hit);
    if (!list.some(({ sequence }) => sequence === row.sequence)) list.push(row);
  });
  await client.subscribeAsync("nii/v1/XXSIM/#", { qos: 1 });
  const size = ["--gateways", String(GATEWAYS), "--rate", "4", "--minutes", "0.1"];
  const fleet = startLynceus(["simulate", "fleet", "--broker", broker.url, ...size, "--json"]);
  expect(await fleet.exited, fleet.stderr()).toBe(0);
  const figures = JSON.parse(fleet.lines[0] ?? "null") as Record<string, number>;
  expect(figures).toMatchObject({ gateways: GATEWAYS, connections: GATEWAYS, lostConnections: 0 });
  expect(figures["hits"]).toBeGreaterThan(0);
  expect(figures["acknowledged"]).toBe(figures["hits"]);
  await client.endAsync(true);
  expect([...seen].sort()).toEqual(["health", "info", "lane-1/hit", "lane-1/state", "status"]);
  expect(keys.size).toBe(GATEWAYS);
  expect([...rows.values()].flat()).toHaveLength(figures["hits"] ?? 0);
  for (const list of rows.values()) {
    const ordered = list.sort((a, b) => a.sequence - b.sequence);
    expect(verifyChain(ordered, { keys })).toMatchObject({ ok: true, rows: ordered.length });
  }
}, 180_000);

it("simulate fleet shows each gateway's certificate to a broker that asks for one, and names a file that is missing", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority(folder.path, "ca");
  const server = await authority.pair("broker", { hosts: ["127.0.0.1"] });
  for (const gateway of ["sim-0001", "sim-0002"]) {
    const { cert, key } = await authority.pair(gateway);
    copyFileSync(cert, join(folder.path, `${gateway}.crt`));
    copyFileSync(key, join(folder.path, `${gateway}.key`));
  }
  await using broker = await startMosquitto({
    config: [
      "require_certificate true",
      `cafile ${authority.ca}`,
      `certfile ${server.cert}`,
      `keyfile ${server.key}`,
    ],
  });
  const run = (...files: string[]) => {
    const size = ["--gateways", "2", "--rate", "4", "--json"];
    const url = `mqtts://127.0.0.1:${broker.port}`;
    return startLynceus(["simulate", "fleet", "--broker", url, ...size, "--ca", authority.ca, ...files]);
  };
  const named = (kind: string) => join(folder.path, `{gateway}.${kind}`);
  const known = run("--cert", named("crt"), "--key", named("key"));
  const sends = (gateway: string) =>
    new RegExp(`Received PUBLISH from lynceus-XXSIM-${gateway}-hit .*/hit'`).test(broker.log());
  await until("hits of both gateways", 60_000, () => sends("sim-0001") && sends("sim-0002"));
  known.child.kill("SIGTERM");
  expect(await known.exited, known.stderr()).toBe(0);
  expect(JSON.parse(known.lines[0] ?? "null")).toMatchObject({ connections: 2 });
  const missing = run("--cert", named("pem"), "--key", named("key"));
  expect(await missing.exited).toBe(2);
  expect(missing.stderr()).toContain("sim-0001.pem");
}, 180_000);
