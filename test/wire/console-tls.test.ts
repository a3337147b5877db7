import { readFileSync, writeFileSync } from "node:fs";
import { request as requestPlain } from "node:http";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Console, consoleOf } from "../../device/console/of-config.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Metrics } from "../../device/metrics/metrics.ts";
import type { Spool } from "../../device/spool/port.ts";
import { createAuthority, type PairFiles, type TestAuthority } from "../fixtures/certificates.ts";
import { until } from "../fixtures/processes.ts";
import { snapshotOf } from "../fixtures/snapshot.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const TOKEN = "a-token-of-more-than-sixteen-letters";
const WAIT_MS = 60_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

describe("the console off the loopback: TLS and a token", () => {
  const folder = temporaryFolder();
  let authority: TestAuthority;
  let pair: PairFiles;
  let spool: Spool;
  let console: Console;
  let port: number;

  beforeAll(async () => {
    authority = await createAuthority(folder.path);
    pair = await authority.pair("gw-01", { hosts: ["127.0.0.1"] });
    spool = await openTestSpool(join(folder.path, "spool"));
    writeFileSync(join(folder.path, "token"), `${TOKEN}\n`, { mode: 0o600 });
    console = consoleOf({
      config: {
        console: {
          listen: "0.0.0.0:0",
          tokenFile: join(folder.path, "token"),
          tls: { cert: pair.cert, key: pair.key },
        },
        gateway: { site: "NLRTM-EX", id: "gw-01" },
      },
      env: {},
      overview: { now: async () => snapshotOf(await spool.figures()) },
      spool,
      metrics: new Metrics(),
      log: SILENT_LOG,
    })!;
    console.start();
    port = await until("the console to listen", WAIT_MS, () => console.port);
  });
  afterAll(async () => {
    await console.stop();
    await spool.stop();
    folder[Symbol.dispose]();
  });

  function ask(path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const given = { host: "127.0.0.1", port, path, agent: false as const, ca: readFileSync(authority.ca) };
      request({ ...given, ...options }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      })
        .on("error", reject)
        .end(body);
    });
  }
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const PATHS = ["/api/state", "/api/events", "/metrics", "/api/pictures/x/0.png"];

  it("tells nobody anything without the token, or with a wrong one", async () => {
    for (const path of PATHS) {
      expect((await ask(path)).status, path).toBe(401);
      const wrong = await ask(path, bearer(`${TOKEN}x`));
      expect(wrong.status, path).toBe(401);
      expect(wrong.text).not.toContain("gw-01");
    }
    expect((await ask("/")).headers["location"]).toBe("/login");
    expect((await ask("/api/state", bearer(TOKEN))).text).toContain("gw-01");
    expect((await ask("/metrics", bearer(TOKEN))).status).toBe(200);
  });

  it("gives its cookie to TLS alone, and says that it is to be asked by TLS", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const login = await ask("/login", { method: "POST", headers }, `token=${TOKEN}`);
    expect(login.status).toBe(303);
    expect(String(login.headers["set-cookie"])).toMatch(/Secure/);
    expect(login.headers["strict-transport-security"]).toBeDefined();
  });

  it("does not answer plain HTTP", async () => {
    const plain = new Promise<number>((resolve) => {
      requestPlain({ host: "127.0.0.1", port, path: "/metrics", ...bearer(TOKEN) }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", () => resolve(0))
        .end();
    });
    expect(await plain).toBe(0);
  });

  it("speaks TLS 1.3 and no older one", async () => {
    const protocolOf = (options: { maxVersion?: "TLSv1.2"; minVersion?: "TLSv1.2" }) =>
      new Promise<string | null>((resolve) => {
        const socket = connect(
          { host: "127.0.0.1", port, ca: readFileSync(authority.ca), ...options },
          () => {
            const protocol = socket.getProtocol();
            socket.destroy();
            resolve(protocol);
          },
        );
        socket.on("error", () => resolve(null));
      });
    expect(await protocolOf({})).toBe("TLSv1.3");
    expect(await protocolOf({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" })).toBeNull();
  });

  it("shows the certificate that is configured: a client that trusts another authority ends the handshake", async () => {
    const stranger = await createAuthority(folder.path, "stranger");
    await expect(ask("/metrics", { ...bearer(TOKEN), ca: readFileSync(stranger.ca) })).rejects.toThrow(
      /certificate/,
    );
  });
});
