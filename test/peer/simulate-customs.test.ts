import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseTrustedKey } from "../../device/trusted-keys.ts";
import { eventId } from "../../protocols/ids.ts";
import { verifyJws } from "../../protocols/jws.ts";
import { encodeEvent, type NamedEvent, topicFilter, topicFor, unwrap } from "../../protocols/mqtt/index.ts";
import { Customs, type CustomsOptions } from "../../simulator/customs/customs.ts";
import { signProfile } from "../../simulator/customs/profile.ts";
import type { CustomsCounts, CustomsReport } from "../../simulator/customs/report.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Delivery, truthLine } from "../../simulator/scanner/truth.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { readNdjson, startLynceus, until } from "../fixtures/processes.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";

const SITE = "NLRTM-EX";
const SCANS = Array.from(
  { length: 40 },
  (_, index) => `0195512c-7e3a-7b51-8c0d-${String(index).padStart(12, "0")}`,
);

/** A truth line of a parcel that has a declaration, with the delivery a test wants. */
function parcel(delivery: Delivery, nth = 0) {
  for (let index = nth * 10; ; index++) {
    const { truth } = simulateScan({ seed: 3, index });
    if (truth.declaration === null) continue;
    const line = truthLine(truth, `ref-${index}`, new Date().toISOString());
    return { ...line, delivery, targets: [] };
  }
}

interface Central {
  readonly reports: CustomsReport[];
  of<Name extends CustomsReport["event"]>(name: Name): Extract<CustomsReport, { event: Name }>[];
  stop(): Promise<CustomsCounts>;
}

describe("simulated customs", () => {
  let folder: string;
  let broker: Mosquitto;
  let gateway: MqttClient;
  let heard: NamedEvent[];
  let open: Central[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-customs-"));
    broker = await startMosquitto();
    heard = [];
    open = [];
    gateway = await connectAsync(broker.url, { protocolVersion: 5 });
    gateway.on("message", (_, payload) => {
      const event = unwrap(payload);
      if (event !== null) heard.push(event);
    });
    const names = ["receipt", "declaration", "outcome", "central", "profile"] as const;
    await gateway.subscribeAsync(
      names.map((name) => topicFilter(name)),
      { qos: 1 },
    );
  });

  afterEach(async () => {
    await Promise.all(open.map((central) => central.stop()));
    await gateway.endAsync(true);
    await broker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(more: Partial<CustomsOptions> = {}): Central {
    const reports: CustomsReport[] = [];
    const abort = new AbortController();
    const customs = new Customs({
      broker: broker.url,
      site: SITE,
      root: "nii",
      truth: join(folder, "truth.ndjson"),
      receipts: true,
      out: join(folder, "central.ndjson"),
      profile: null,
      witnessKey: null,
      report: (report) => reports.push(report),
      ...more,
    });
    const counts = customs.run(abort.signal);
    const central: Central = {
      reports,
      of: (name) =>
        reports.filter(
          (report): report is Extract<CustomsReport, { event: typeof name }> => report.event === name,
        ),
      stop: () => {
        abort.abort();
        return counts;
      },
    };
    open.push(central);
    return central;
  }

  const up = (central: Central) => until("central to be up", 10_000, () => central.of("connected")[0]);
  const dataOf = (name: string) =>
    heard.filter((event) => event.name === name).map((event) => event.data as Record<string, unknown>);
  const stored = () =>
    readNdjson<{ id: string; subject: string; receivedat: string }>(join(folder, "central.ndjson"));
  const announce = (line: unknown) =>
    appendFileSync(join(folder, "truth.ndjson"), `${JSON.stringify(line)}\n`);

  async function sendHit(
    sequence: number,
    over: Parameters<typeof sampleHit>[0] = {},
    resent = false,
  ): Promise<void> {
    const scanId = SCANS[sequence] ?? "";
    const data = sampleHit({ scanId, sequence, ...over });
    const payload = encodeEvent({
      name: "hit",
      id: eventId(scanId, data.revision),
      source: `/${SITE}/gw-01/lane-1`,
      subject: scanId,
      time: "2026-03-01T08:12:09.900Z",
      data,
      resent,
    });
    const topic = topicFor("hit", { site: SITE, gateway: "gw-01", lane: "lane-1" });
    await gateway.publishAsync(topic, Buffer.from(payload), { qos: 1 });
  }

  it("announces itself, retained, and leaves a will that says offline without taking receipts back", async () => {
    await up(start());
    expect(dataOf("central")).toMatchObject([{ online: true, receipts: true }]);
    const file = ["--receipts", "--out", join(folder, "other.ndjson"), "--json"];
    const run = startLynceus(["simulate", "customs", "--broker", broker.url, "--site", "NLRTM", ...file]);
    await until("the second central", 20_000, () => run.lines.some((line) => line.includes("connected")));
    run.child.kill("SIGKILL");
    await until("its will", 10_000, () => dataOf("central").at(-1)?.["online"] === false);
    expect(dataOf("central").at(-1)).toMatchObject({ online: false, receipts: true });
  });

  it("has a hit on disk before it is receipted, and keeps it once however often it comes", async () => {
    const central = start();
    await up(central);
    await sendHit(1);
    await until("the receipt", 10_000, () => dataOf("receipt")[0]);
    expect(stored()).toHaveLength(1);
    expect(stored()[0]).toMatchObject({ subject: SCANS[1], receivedat: expect.stringMatching(/^\d{4}-/) });
    await sendHit(1, {}, true);
    await until("the second receipt", 10_000, () => dataOf("receipt")[1]);
    expect(dataOf("receipt").map((receipt) => receipt["upToSequence"])).toEqual([1, 1]);
    expect(stored()).toHaveLength(1);
    expect(await central.stop()).toMatchObject({ hits: 1, duplicates: 1 });
  });

  it("receipts by id beyond a gap, and past a row that an alert calls undeliverable", async () => {
    await up(start());
    await sendHit(1);
    await until("1", 10_000, () => dataOf("receipt").length === 1);
    await sendHit(3);
    await until("3", 10_000, () => dataOf("receipt").length === 2);
    expect(dataOf("receipt")[1]).toMatchObject({ ids: [eventId(SCANS[3] ?? "", 1)] });
    const { journal, integrity } = sampleHit();
    const details = {
      sequence: 2,
      id: eventId(SCANS[2] ?? "", 1),
      scanId: SCANS[2] ?? null,
      reason: "too large",
    };
    const data = {
      code: "UNDELIVERABLE",
      severity: "critical" as const,
      message: "lost",
      remedy: "none",
      details,
      journal,
      sequence: 4,
      integrity,
    };
    const payload = encodeEvent({
      name: "alert",
      id: SCANS[9] ?? "",
      source: `/${SITE}/gw-01`,
      time: "2026-03-01T08:12:10.000Z",
      data,
    });
    await gateway.publishAsync(`nii/v1/${SITE}/gw-01/alert`, Buffer.from(payload), { qos: 1 });
    await until("all four", 10_000, () => dataOf("receipt")[2]?.["upToSequence"] === 4);
  });

  it("knows after SIGKILL what it kept, tolerates a torn last line, and takes what it had not yet kept", async () => {
    const out = join(folder, "central.ndjson");
    const args = [
      "simulate",
      "customs",
      "--broker",
      broker.url,
      "--site",
      SITE,
      "--receipts",
      "--out",
      out,
      "--json",
    ];
    const first = startLynceus(args);
    await until("central", 20_000, () => first.lines.some((line) => line.includes("connected")));
    for (const sequence of [1, 2, 3]) await sendHit(sequence);
    await until("three receipted", 10_000, () => dataOf("receipt").at(-1)?.["upToSequence"] === 3);
    first.child.kill("SIGKILL");
    await first.exited;
    truncateSync(out, readFileSync(out).length - 100);
    for (const sequence of [2, 3]) await sendHit(sequence, {}, true);
    const second = startLynceus(args);
    await until("the torn one again", 20_000, () =>
      second.lines.some((line) => line.includes('"event":"hit"')),
    );
    await until("the kept one", 10_000, () =>
      second.lines.some((line) => line.includes('"event":"duplicate"')),
    );
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(stored().map((event) => event.subject)).toEqual([SCANS[1], SCANS[2], SCANS[3]]);
    expect(readFileSync(out, "utf8").endsWith("}\n")).toBe(true);
  });

  it("publishes what is on time at once, as the truth file grows", async () => {
    writeFileSync(join(folder, "truth.ndjson"), "");
    await up(start());
    const line = parcel("on-time");
    announce(line);
    announce({ ...parcel("never", 1) });
    await until("the declaration", 10_000, () => dataOf("declaration")[0]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(dataOf("declaration")).toHaveLength(1);
    expect(dataOf("declaration")[0]).toMatchObject({
      schema: "customs-aed/1.0",
      revision: 1,
      receivedAt: line.at,
    });
  });

  it("publishes a late declaration after the hit, and amends one that was poor", async () => {
    const central = start();
    await up(central);
    const late = parcel("late");
    const amended = parcel("amended", 1);
    announce(late);
    announce(amended);
    await until("the poor one", 10_000, () => dataOf("declaration")[0]);
    const hitOf = (line: typeof late, sequence: number) =>
      sendHit(sequence, {
        identifiers: line.identifiers.map((id) => ({
          ...id,
          scheme: id.scheme as "S10",
          source: "barcode",
          confidence: 1,
        })),
      });
    await hitOf(late, 1);
    await hitOf(amended, 2);
    await until("both", 10_000, () => dataOf("declaration").length === 3);
    const said = dataOf("declaration").map((data) => [data["revision"], data["function"]]);
    expect(said[0]).toEqual([1, "original"]);
    expect(said.slice(1).sort()).toEqual([
      [1, "original"],
      [2, "amend"],
    ]);
    expect(central.of("hit").every((report) => report.matched)).toBe(true);
  });

  it("says the same again after a restart, and when a gateway asks for it", async () => {
    announce(parcel("on-time"));
    const first = start();
    await until("the declaration", 10_000, () => dataOf("declaration")[0]);
    await first.stop();
    await up(start());
    await until("it again", 10_000, () => dataOf("declaration")[1]);
    const request = encodeEvent({
      name: "declaration-request",
      id: "request-1",
      source: `/${SITE}/gw-01`,
      time: "2026-03-01T08:12:10.000Z",
      data: { gateway: "gw-01", since: new Date(Date.now() - 60_000).toISOString() },
    });
    await gateway.publishAsync(`nii/v1/${SITE}/declaration/request`, Buffer.from(request), { qos: 1 });
    await until("it a third time", 10_000, () => dataOf("declaration")[2]);
    const texts = new Set(dataOf("declaration").map((data) => JSON.stringify(data)));
    expect(texts.size).toBe(1);
  });

  it("sends the outcome of an examination that its truth implies", async () => {
    const central = start();
    await up(central);
    const lines = Array.from({ length: 12 }, (_, nth) => parcel("on-time", nth));
    for (const line of lines) announce(line);
    await until("the declarations", 10_000, () => dataOf("declaration").length >= 12);
    for (const [nth, line] of lines.entries()) {
      const identifiers = line.identifiers.map((id) => ({
        ...id,
        scheme: id.scheme as "S10",
        source: "barcode" as const,
        confidence: 1,
      }));
      await sendHit(nth + 1, { identifiers });
    }
    await until("outcomes", 15_000, () => dataOf("outcome").length >= 6);
    for (const outcome of dataOf("outcome")) {
      const line = lines[SCANS.indexOf(String(outcome["scanId"])) - 1];
      if (outcome["examination"] !== "full") continue;
      expect(outcome["result"]).toBe((line?.irregularities.length ?? 0) > 0 ? "confirmed" : "refuted");
    }
  });

  it("counts what it cannot read or tie to a parcel, and goes on", async () => {
    const central = start();
    await up(central);
    announce("no truth");
    const topic = topicFor("hit", { site: SITE, gateway: "gw-01", lane: "lane-1" });
    await gateway.publishAsync(topic, "not an event", { qos: 1 });
    await gateway.publishAsync(topicFor("hit", { site: SITE, gateway: "gw-02", lane: "lane-1" }), "{}", {
      qos: 1,
    });
    await sendHit(1);
    await until("the hit", 10_000, () => central.of("hit")[0]);
    expect(await central.stop()).toMatchObject({ hits: 1, malformed: 2, unmatched: 1 });
  });

  it("waits for a broker that is away, and takes what comes after", async () => {
    await broker.stop();
    const central = start();
    await until("a try", 10_000, () => central.of("disconnected").length >= 2);
    await broker.start();
    await until("the connection", 15_000, () => central.of("connected")[0]);
    await broker.stop();
    await broker.start();
    await until("the connection again", 15_000, () => central.of("connected")[1]);
    const again = await connectAsync(broker.url, { protocolVersion: 5 });
    await gateway.endAsync(true);
    gateway = again;
    await sendHit(1);
    await until("the hit", 10_000, () => central.of("hit")[0]);
  });

  it("publishes a risk profile that a gateway can verify, retained, with a key that it makes itself", async () => {
    const file = join(folder, "profile.json");
    const key = join(folder, "central.key");
    const profile = { schema: "lynceus-profile/1.0", version: 3, validFrom: "2026-01-01T00:00:00Z" };
    writeFileSync(file, JSON.stringify({ ...profile, deMinimisEur: 45 }));
    const central = start({ profile: await signProfile(file, key) });
    await until("the profile", 10_000, () => dataOf("profile").length === 1);
    expect(await until("the report", 10_000, () => central.of("profile")[0])).toMatchObject({ version: 3 });
    const [jws] = heard.filter(({ name }) => name === "profile").map(({ data }) => String(data));
    const { payload } = verifyJws(jws ?? "", [parseTrustedKey(readFileSync(`${key}.pub`))]);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ ...profile, deMinimisEur: 45 });
    const late = await connectAsync(broker.url, { protocolVersion: 5 });
    const kept = new Promise((resolve) => late.once("message", (...message) => resolve(message[2])));
    await late.subscribeAsync(topicFor("profile", { site: SITE }));
    expect(await kept).toMatchObject({ retain: true });
    await late.endAsync();
    // The key stays, and signs the next version too; what is no profile is refused by name.
    const keyText = readFileSync(key, "utf8");
    writeFileSync(file, JSON.stringify({ ...profile, version: "4" }));
    await expect(signProfile(file, key)).rejects.toThrow("at /version");
    expect(readFileSync(key, "utf8")).toBe(keyText);
  });

  it("refuses to receipt what it does not keep", async () => {
    const run = startLynceus(["simulate", "customs", "--broker", broker.url, "--site", SITE, "--receipts"]);
    expect(await run.exited).toBe(2);
    expect(run.stderr()).toContain("--out");
  });
});
