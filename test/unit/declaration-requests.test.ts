import { afterEach, describe, expect, test } from "vitest";
import { DeclarationRequests, MAX_ASKING } from "../../device/declarations/requests.ts";
import { DEFAULT_RETENTION_MS } from "../../device/declarations/retention.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Spool } from "../../device/spool/port.ts";
import {
  type DeclarationRequest,
  declarationRequestSchema,
} from "../../protocols/mqtt/declaration-request.ts";
import { trafficDeclaration } from "../fixtures/declaration-traffic.ts";
import { until } from "../fixtures/processes.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const NOW = Date.parse("2026-03-02T00:00:00Z");
const WAIT_MS = 20_000;
const SCAN_ID = "019ca000-0000-7000-8000-000000000001";

describe("declarations asked for", () => {
  const folder = temporaryFolder();
  let spool: Spool;
  let requests: DeclarationRequests;
  let online = true;
  let asked: DeclarationRequest[] = [];

  async function begin(): Promise<void> {
    asked = [];
    requests = new DeclarationRequests({
      gateway: "gw-01",
      spool,
      publish: async (request) => {
        if (online) asked.push(declarationRequestSchema.parse(request));
        return online;
      },
      clock: () => NOW,
      log: SILENT_LOG,
      retryMs: 20,
    });
    requests.start();
  }

  afterEach(async () => {
    await requests.stop();
    await spool.stop();
  });

  test("of a scan that none matches, by what is sure of its identifiers", async () => {
    spool = await openTestSpool(folder.path);
    await begin();
    const read = { source: "barcode", confidence: 1 } as const;
    requests.missing({
      scanId: SCAN_ID,
      identifiers: [
        { scheme: "S10", value: "RR473124829GB", checkOk: true, ...read },
        { scheme: "S10", value: "RR473124828GB", checkOk: false, ...read },
      ],
    });
    requests.missing({ scanId: SCAN_ID.replace(/1$/, "2"), identifiers: [] });
    await until("both to be asked for", WAIT_MS, () => asked.length === 2);
    expect(asked).toEqual([
      { gateway: "gw-01", scanId: SCAN_ID, identifiers: [{ scheme: "S10", value: "RR473124829GB" }] },
      { gateway: "gw-01", scanId: SCAN_ID.replace(/1$/, "2") },
    ]);
  });

  test("waits for the broker, each scan once, the newest thousand", async () => {
    spool = await openTestSpool(folder.path);
    await begin();
    online = false;
    const idOf = (n: number) => `019ca000-0000-7000-8000-${String(n).padStart(12, "0")}`;
    for (let n = 0; n < MAX_ASKING + 5; n += 1) requests.missing({ scanId: idOf(n), identifiers: [] });
    requests.missing({ scanId: idOf(MAX_ASKING), identifiers: [] });
    online = true;
    await until("all to be asked for", WAIT_MS, () => asked.length >= MAX_ASKING);
    expect(new Set(asked.map(({ scanId }) => scanId)).size).toBe(MAX_ASKING);
    expect(asked[0]?.scanId).toBe(idOf(5));
  });

  test("after a lost session all since the newest there is, also when the gateway was stopped before it could ask", async () => {
    spool = await openTestSpool(folder.path);
    await begin();
    online = false;
    await requests.sessionLost();
    await requests.stop();
    expect(await spool.declarationGap()).toBe(NOW - DEFAULT_RETENTION_MS);
    await spool.stop();

    spool = await openTestSpool(folder.path);
    await begin();
    online = true;
    await until("the gap to be asked for", WAIT_MS, () => asked.length === 1);
    expect(asked).toEqual([{ gateway: "gw-01", since: new Date(NOW - DEFAULT_RETENTION_MS).toISOString() }]);
    await until("the gap to be closed", WAIT_MS, async () => (await spool.declarationGap()) === null);

    await spool.putDeclaration(trafficDeclaration(1, 1), [], NOW - 3_600_000);
    await requests.sessionLost();
    await until("the second gap to be asked for", WAIT_MS, () => asked.length === 2);
    expect(asked[1]?.since).toBe(new Date(NOW - 3_600_000 - 600_000).toISOString());
  });
});
