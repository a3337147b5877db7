import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { unpackRecord } from "../../device/declarations/codec.ts";
import { openDeclarations } from "../../device/declarations/open.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { declarationOf, openCentral } from "../fixtures/central.ts";
import {
  ADDRESSEE,
  CSV_MAP,
  CSV_TEXT,
  ITMATT_JSON,
  LEAKY_TEXT,
  PERSONS,
  SENDER,
  WCO_XML,
  XFZB_XML,
} from "../fixtures/declaration-messages.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { freePort, startLynceus, until } from "../fixtures/processes.ts";
import { createSite } from "../fixtures/site.ts";

const WAIT_MS = 300_000;

/** Every file below a folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What of the two people stands in a text or in bytes. */
function leaksIn(bytes: Uint8Array | string): string[] {
  const buffer = Buffer.from(bytes);
  return PERSONS.filter((piece) => buffer.includes(piece));
}

test("two people in every sender's message are in no topic, hit, metric, log or file", {
  timeout: 1_200_000,
}, async () => {
  const messages = mkdtempSync(join(tmpdir(), "lynceus-messages-"));
  const consolePort = await freePort();
  const site = await createSite({
    peripherals: false,
    extra: `console: { listen: "127.0.0.1:${consolePort}" }\n`,
  });
  const broker = await startMosquitto({ port: site.brokerPort });
  const central = await openCentral(site.brokerPort);
  const sender = new LineSender();
  await sender.listen(site.scannerPort);
  /** Everything on the broker but what this test and the converter publish themselves. */
  const heard: { topic: string; payload: Uint8Array }[] = [];
  const converted: Uint8Array[] = [];
  const listener = await connectAsync(`mqtt://127.0.0.1:${site.brokerPort}`, { protocolVersion: 5 });
  let converting = true;
  listener.on("message", (topic, payload) => {
    if (!topic.endsWith("/declaration")) heard.push({ topic, payload });
    else if (converting) converted.push(payload);
  });
  await listener.subscribeAsync("#", { qos: 1 });
  const gateway = site.gateway();
  try {
    await until("the lane to be idle", WAIT_MS, () => central.last("state")?.["state"] === "idle");

    // Without a declaration: a provisional hit, and central is asked.
    const { scanId } = await sender.send(simulateScan({ seed: 31, index: 0, mix: "traffic" }), "p-1", [
      "]C0RR473124829GB",
    ]);
    const provisional = await until("the provisional hit", WAIT_MS, () =>
      central.hits().find((hit) => hit.scanId === scanId),
    );
    expect(provisional.reasons.map(({ code }) => code)).toContain("DECLARATION_MISSING");
    const asked = await until("the request", WAIT_MS, () =>
      heard
        .filter(({ topic }) => topic.endsWith("/declaration/request"))
        .map(
          ({ payload }) =>
            unwrap(payload)?.data as { scanId?: string; identifiers?: unknown; since?: string },
        )
        .find((request) => request.scanId === scanId),
    );
    expect(asked).toMatchObject({
      gateway: "gw-01",
      identifiers: [{ scheme: "S10", value: "RR473124829GB" }],
    });

    // The broker had no session of this gateway: everything is asked for.
    const requests = heard.filter(({ topic }) => topic.endsWith("/declaration/request"));
    expect(requests.some(({ payload }) => JSON.stringify(unwrap(payload)?.data).includes("since"))).toBe(
      true,
    );

    // Each adapter, through the command that publishes.
    const write = (name: string, text: string) => {
      writeFileSync(join(messages, name), text);
      return join(messages, name);
    };
    write("token.key", "k".repeat(32));
    write("map.json", JSON.stringify(CSV_MAP));
    const files = [
      [write("post.csv", CSV_TEXT), "--map", join(messages, "map.json")],
      [write("itmatt.json", JSON.stringify(ITMATT_JSON))],
      [write("wco.xml", WCO_XML), "--flow", "container"],
      [write("xfzb.xml", XFZB_XML)],
    ];
    const said: string[] = [];
    for (const [file = "", ...own] of files) {
      const command = startLynceus([
        ...[
          "declarations",
          "convert",
          file,
          ...own,
          "--direction",
          "import",
          "--key",
          join(messages, "token.key"),
        ],
        ...["--broker", `mqtt://127.0.0.1:${site.brokerPort}`, "--site", "NLRTM-EX"],
      ]);
      // Of the ITMATT message one item has no number.
      expect(await command.exited).toBe(file.endsWith("itmatt.json") ? 1 : 0);
      said.push(...command.lines, command.stderr());
    }
    expect(said.join("\n")).toContain("personal pieces taken out");
    const revised = await until("the revision with the declaration", WAIT_MS, () =>
      central.hits().find((hit) => hit.scanId === scanId && hit.declarations.length > 0),
    );
    expect(revised).toMatchObject({ revision: expect.any(Number), cause: "declaration" });
    converting = false;

    // And straight over MQTT, as a careless central would.
    const careless = (value: string) => ({
      ...declarationOf(value, { items: [{ seq: 1, description: LEAKY_TEXT }] }),
      parties: {
        consignor: { kind: "natural", ...SENDER },
        consignee: { kind: "legal", publicId: ADDRESSEE.name, ...ADDRESSEE },
      },
      [SENDER.name]: ADDRESSEE.email,
      declarationRef: `for ${SENDER.email}`,
    });
    await central.declare(careless("RR123456785BR"));
    await central.declare({ ...careless("EE123456785CN"), aedId: SENDER.name });
    await central.declare({ ...careless("EE123456785CN"), schema: ADDRESSEE.name });
    await central.declare(new TextEncoder().encode(`{"name": "${SENDER.name}", ${ADDRESSEE.email}`));
    const second = await sender.send(simulateScan({ seed: 31, index: 1, mix: "traffic" }), "p-2", [
      "]C0RR123456785BR",
    ]);
    const matched = await until("a hit with the careless declaration", WAIT_MS, () =>
      central.hits().find((hit: Hit) => hit.scanId === second.scanId && hit.declarations.length > 0),
    );
    expect(matched.declarations[0]?.quality.findings.length).toBeGreaterThan(0);
    await until(
      "three dead letters",
      WAIT_MS,
      () => central.alerts().filter(({ code }) => code === "DECLARATION_DEAD_LETTER").length > 0,
    );

    // What the gateway shows by itself, and what its commands print.
    for (const path of ["metrics", "api/state", `api/pictures/${scanId}/0.png`]) {
      const answer = await fetch(`http://127.0.0.1:${consolePort}/${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(leaksIn(new Uint8Array(await answer.arrayBuffer()))).toEqual([]);
    }
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    const commands = [
      ["outbox", "--config", site.config, "--json"],
      ["report", "--config", site.config, "--json"],
      ["report", "--config", site.config, "--html", join(messages, "report.html")],
      ["replay", "--spool", join(site.folder, "spool"), "--config", site.config, "--json"],
      ["export", "--scan", scanId, "--config", site.config, "--out", join(messages, "evidence")],
    ];
    for (const args of commands) {
      const command = startLynceus(args);
      expect([args[0], await command.exited]).toEqual([args[0], 0]);
      expect([args[0], ...leaksIn([...command.lines, command.stderr()].join("\n"))]).toEqual([args[0]]);
    }
    expect(leaksIn(readFileSync(join(messages, "report.html")))).toEqual([]);
    expect(filesOf(join(messages, "evidence")).length).toBeGreaterThan(3);
    for (const file of filesOf(join(messages, "evidence")))
      expect([file, ...leaksIn(readFileSync(file))]).toEqual([file]);
    const statistics = heard
      .filter(({ topic }) => topic.endsWith("/statistics"))
      .map(({ payload }) => unwrap(payload)?.data as Statistics);
    expect(statistics.at(-1)).toMatchObject({ scrubbed: expect.any(Number), lanes: [{ synthetic: true }] });
    expect(
      statistics.at(-1)?.dataQualityBy?.find(({ by, key }) => by === "declarant" && key === "natural persons")
        ?.declarations,
    ).toBeGreaterThan(0);
    for (const { topic, payload } of heard)
      expect([topic, ...leaksIn(topic), ...leaksIn(payload)]).toEqual([topic]);
    // The csv table's own scanned number is no secret; nothing of a person is published.
    for (const payload of converted) expect(leaksIn(payload)).toEqual([]);
    expect(converted.length).toBeGreaterThanOrEqual(5);
    expect(leaksIn(said.join("\n"))).toEqual([]);
    expect(leaksIn(gateway.lines.join("\n") + gateway.stderr())).toEqual([]);
    for (const file of filesOf(join(site.folder, "spool")))
      expect([file, ...leaksIn(readFileSync(file))]).toEqual([file]);
    // Compressed records say nothing to a search: they are read.
    const store = openDeclarations(join(site.folder, "spool"));
    const records = store
      .all("SELECT body FROM records")
      .map((row) => unpackRecord(row["body"] as Uint8Array));
    store.close();
    expect(records.length).toBeGreaterThanOrEqual(5);
    for (const record of records) expect(leaksIn(JSON.stringify(record))).toEqual([]);
    expect(
      records.some(({ declaration }) =>
        declaration.items?.some(({ description }) => description.startsWith("wool blanket")),
      ),
    ).toBe(true);
  } finally {
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    await central.close();
    await listener.endAsync(true);
    await sender.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
    rmSync(messages, { recursive: true, force: true });
  }
});
