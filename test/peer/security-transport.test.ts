import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { createServer, type TlsOptions } from "node:tls";
import { describe, expect, test } from "vitest";
import type { Credentials } from "../../device/uplink/connection-options.ts";
import { createAuthority, type PairFiles } from "../fixtures/certificates.ts";
import { until } from "../fixtures/processes.ts";
import { startSecuredBroker } from "../fixtures/secured-broker.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;

/** A server that would be the broker; it keeps what the gateway says to it. */
async function impostor(
  options: TlsOptions | null,
): Promise<{ url: string; heard: Buffer[]; close(): void }> {
  const heard: Buffer[] = [];
  const listener = (socket: import("node:net").Socket) => {
    socket.on("data", (data: Buffer) => heard.push(data));
    socket.on("error", () => undefined);
  };
  const server: Server = options === null ? createTcpServer(listener) : createServer(options, listener);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () => server.close(),
  };
}

const files = ({ cert, key }: PairFiles) => ({ cert: readFileSync(cert), key: readFileSync(key) });

describe("a broker that is not who it should be is not spoken to, and the gateway says why", () => {
  test.each([
    ["P-54 another authority's certificate", /not trusted/, "BROKER_UNTRUSTED"],
    ["an expired certificate", /has expired/, "BROKER_UNTRUSTED"],
    ["a certificate for another name", /another name/, "BROKER_UNTRUSTED"],
    ["a revoked certificate", /was revoked/, "BROKER_UNTRUSTED"],
    ["TLS 1.2 at most", /does not speak TLS 1\.3/, "BROKER_UNTRUSTED"],
    ["TLS 1.2 at most, by WebSocket", /does not speak TLS 1\.3/, "BROKER_UNTRUSTED"],
    ["a revoked certificate, by WebSocket", /was revoked/, "BROKER_UNTRUSTED"],
    ["no TLS on the port", /not speak TLS on that port|before it accepted|handshake|hang up|closed/, null],
  ])("%s", async (which, reason, code) => {
    using folder = temporaryFolder();
    const authority = await createAuthority(folder.path);
    const stranger = await createAuthority(folder.path, "stranger");
    const hosts = ["127.0.0.1"];
    const server = await authority.pair("broker", {
      hosts: which.includes("another name") ? ["elsewhere.example"] : hosts,
      ...(which.includes("expired") ? { fromDays: -9, toDays: -1 } : {}),
    });
    const foreign = await stranger.pair("broker", { hosts });
    const crl = await authority.crl(which.includes("revoked") ? [server.serial] : []);
    const shown = files(which.includes("another authority") ? foreign : server);
    const options = which.startsWith("no TLS")
      ? null
      : { ...shown, ...(which.startsWith("TLS 1.2") ? { maxVersion: "TLSv1.2" as const } : {}) };
    const broker = await impostor(options);
    const spool = await openTestSpool(join(folder.path, "spool"));
    await storeHit(spool, 1);
    const credentials: Credentials = {
      password: "a secret that stays here",
      ca: readFileSync(authority.ca),
      crl: readFileSync(crl),
      ...files(await authority.pair("gateway")),
    };
    const { uplink, alerts } = createTestUplink(
      spool,
      which.endsWith("WebSocket") ? broker.url.replace("mqtts", "wss") : broker.url,
      {
        username: "gw-01",
        credentials: async () => credentials,
      },
    );
    await uplink.start();
    // A server without TLS that says nothing is noticed by the time that a connection may take.
    if (code !== null) {
      await until(
        "the reason",
        WAIT_MS,
        () => uplink.state.hit.reason?.match(reason) && uplink.state.in.reason,
      );
      await until("the alert", WAIT_MS, () => alerts.length >= 2);
      expect(new Set(alerts.map((alert) => alert.code))).toEqual(new Set([code]));
      // Tried again and again, told once for each connection.
      await until("another try", WAIT_MS, () => uplink.state.hit.state === "waiting");
      expect(alerts).toHaveLength(2);
    } else await until("the handshake that is not answered", WAIT_MS, () => broker.heard.length > 0);
    expect(uplink.state.hit.state).not.toBe("online");
    const said = Buffer.concat(broker.heard).toString("latin1");
    expect(said).not.toContain("MQTT");
    expect(said).not.toContain("a secret");
    expect((await spool.figures()).unpublished).toBe(1);
    await uplink.stop();
    await spool.stop();
    broker.close();
  });
});

test("certificates that are replaced on disk are used without a restart: one clean change, nothing lost, no word of an end", async () => {
  using folder = temporaryFolder();
  await using secured = await startSecuredBroker(folder.path, ["NLRTM-EX/gw-01"]);
  const at = (name: string) => join(folder.path, name);
  const put = (role: string, pair: PairFiles) => {
    // Not at once, as an operator's two copies: what does not fit together is left for the next look.
    copyFileSync(pair.cert, at(`${role}.pem.new`));
    renameSync(at(`${role}.pem.new`), at(`${role}.pem`));
    copyFileSync(pair.key, at(`${role}.key`));
  };
  for (const role of ["hit", "in", "bulk"]) put(role, await secured.role("gw-01", role));
  const spool = await openTestSpool(at("spool"));
  const { uplink, alerts } = createTestUplink(spool, secured.url, {
    credentials: async (role) => ({
      ca: readFileSync(secured.authority.ca),
      cert: readFileSync(at(`${role}.pem`)),
      key: readFileSync(at(`${role}.key`)),
    }),
    onCommand: async () => undefined,
    credentialsMs: 50,
  });
  const states: string[] = [];
  const central = await openCentral(secured.url, {
    ca: readFileSync(secured.authority.ca),
    ...files(await secured.authority.pair("central")),
  });
  await uplink.start();
  await until("all roles", WAIT_MS, () =>
    Object.values(uplink.state).every(({ state }) => state === "online"),
  );
  const old = uplink.state.hit.since;
  uplink.onState(({ hit }) => states.push(hit.state));
  writeFileSync(at("hit.pem"), readFileSync((await secured.role("gw-01", "hit")).cert));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(uplink.state.hit.since, "a certificate without its key is left alone").toBe(old);
  put("hit", await secured.role("gw-01", "hit"));
  await until(
    "the new connection",
    WAIT_MS,
    () => uplink.state.hit.state === "online" && uplink.state.hit.since > old,
  );
  const { scanId } = await storeHit(spool, 1);
  await until("a hit on it", WAIT_MS, () => central.rows().some(({ event }) => event.subject === scanId));
  expect(states.slice(0, 2)).toEqual(["connecting", "online"]);
  expect(central.states()).not.toContain("offline");
  expect(alerts).toEqual([]);
  await uplink.stop();
  await spool.stop();
  await central.close();
});
