import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../../protocols/jws.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { type SignedMessage, signMessage } from "../../protocols/mqtt/signed.ts";
import { topicFor } from "../../protocols/mqtt/topics.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Central, declarationOf, openCentral, outcomeOf } from "../fixtures/central.ts";
import { openCommander } from "../fixtures/commander.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const WAIT_MS = 90_000;
const SITE = "NLRTM-EX";
/** Messages of each kind. */
const FLOOD = 200;
const keys = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
let sequence = 0;

function event(name: SignedMessage | "profile" | "command" | "receipt", data: unknown): Uint8Array {
  return encodeEvent({
    name,
    id: crypto.randomUUID(),
    source: "/central",
    time: new Date().toISOString(),
    data,
  });
}

/** An S10 number of its own, whose check digit nobody asks about. */
function numberOf(at: number): string {
  return `RB${String(at).padStart(8, "0")}9NL`;
}

function signed(
  message: SignedMessage,
  data: unknown,
  key: KeyObject = keys.privateKey,
  aud = SITE,
): Uint8Array {
  sequence += 1;
  const issuedAt = new Date().toISOString();
  const notAfter = new Date(Date.now() + 600_000).toISOString();
  return event(message, signMessage({ message, aud, sequence, issuedAt, notAfter, data }, key));
}

/** A gateway as a process that takes declarations and outcomes signed only, at a broker where anybody may publish. */
describe("a gateway at a broker that lets anybody publish", () => {
  let site: Site;
  let broker: Mosquitto;
  let central: Central;
  let gateway: Running;
  const sender = new LineSender();
  const scan = simulateScan({ seed: 31, index: 0, mix: "traffic" });

  beforeAll(async () => {
    const trust =
      "trust: { central: [central.pub], require: [declaration, outcome] }\ncommands: { allow: [health] }\ndeclarations: { maxBytes: 50KB }\n";
    site = await createSite({ extra: trust });
    writeFileSync(
      join(site.folder, "central.pub"),
      String(keys.publicKey.export({ type: "spki", format: "pem" })),
    );
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    await sender.listen(site.scannerPort);
    gateway = site.gateway();
    await until("the lane to be idle", WAIT_MS, () => central.last("state")?.["state"] === "idle");
  }, 2 * WAIT_MS);
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await central.close();
    await sender.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  const refusals = (message: string, why: string) =>
    central
      .alerts()
      .filter(
        ({ code, details }) =>
          code === "INBOUND_REFUSED" && details["message"] === message && details["why"] === why,
      );
  const refused = (message: string, why: string) =>
    until(`${message} ${why}`, WAIT_MS, () => refusals(message, why).length > 0);
  const declare = (bytes: Uint8Array) => central.publish(topicFor("declaration", { site: SITE }), bytes);

  it("takes a signed declaration; a plain, forged, foreign or replayed one changes nothing and is told", async () => {
    const value = "EE123456785CN";
    const { scanId } = await sender.send(scan, "inbound-1", [`]C0${value}`]);
    await until("the first hit", WAIT_MS, () => central.hits().some((hit) => hit.scanId === scanId));
    await declare(event("declaration", declarationOf(value)));
    await refused("declaration", "unsigned");
    await declare(signed("declaration", declarationOf(value), stranger.privateKey));
    await refused("declaration", "forged");
    await declare(signed("declaration", declarationOf(value), keys.privateKey, "DEHAM"));
    await refused("declaration", "foreign");
    expect(
      central
        .hits()
        .filter((hit) => hit.scanId === scanId)
        .every((hit) => hit.declarations.length === 0),
    ).toBe(true);
    const declaration = declarationOf(value);
    const good = signed("declaration", declaration);
    await declare(good);
    const hit = await until("the hit with it", WAIT_MS, () =>
      central.hits().find((one) => one.scanId === scanId && one.declarations.length > 0),
    );
    expect(hit.declarations.map(({ aedId }) => aedId)).toEqual([declaration["aedId"]]);
    await declare(good);
    await refused("declaration", "replayed");
  });

  it("takes no forged or replayed outcome, profile or command", async () => {
    const outcome = {
      schema: "lynceus-outcome/1.0",
      outcomeId: crypto.randomUUID(),
      scanId: central.hits()[0]?.scanId ?? "",
      revision: 1,
      result: "confirmed",
      examination: "full",
      classes: [],
      goodsGroups: [],
      officerAction: null,
      at: new Date().toISOString(),
    };
    const outcomes = topicFor("outcome", { site: SITE });
    await central.publish(outcomes, event("outcome", outcome));
    await refused("outcome", "unsigned");
    await central.publish(outcomes, signed("outcome", outcome, stranger.privateKey));
    await refused("outcome", "forged");
    const good = signed("outcome", outcome);
    await central.publish(outcomes, good);
    await central.publish(outcomes, good);
    await refused("outcome", "replayed");
    const profile = JSON.stringify({
      schema: "lynceus-profile/1.0",
      version: 99,
      validFrom: "2026-01-01T00:00:00Z",
    });
    await central.publish(
      topicFor("profile", { site: SITE }),
      event("profile", signJws(profile, stranger.privateKey)),
    );
    await until("the profile's refusal", WAIT_MS, () =>
      central.alerts().some(({ code }) => code === "PROFILE_REFUSED"),
    );
    const commander = await openCommander(site.brokerPort);
    expect((await commander.ask("pause", { lane: "lane-1" })).error?.code).toBe("UNAUTHORISED");
    expect((await commander.ask("health", {})).ok).toBe(true);
    await until("the command's refusal", WAIT_MS, () =>
      central
        .alerts()
        .some(({ code, details }) => code === "INBOUND_REFUSED" && details["message"] === "command"),
    );
    await commander.close();
    expect(central.last("state")?.["state"]).toBe("idle");
  });

  it("a flood of garbage, oversize and nested messages costs a few alerts and no hit", async () => {
    const before = central.alerts().length;
    const began = performance.now();
    const nested = new TextEncoder().encode(`{"data":${"[".repeat(100_000)}`);
    const huge = new Uint8Array(300 * 1024).fill(0x20);
    for (let at = 0; at < 200; at += 1) {
      const some = [nested, huge, Uint8Array.of(at), event("declaration", declarationOf("EE123456785CN"))];
      await declare(some[at % some.length] ?? nested);
    }
    const { scanId } = await sender.send(scan, "inbound-2");
    await until("a hit all the same", WAIT_MS, () => central.hits().some((hit) => hit.scanId === scanId));
    // One in ten seconds of each kind, however long it takes.
    expect(central.alerts().length - before).toBeLessThan(20 + (performance.now() - began) / 1000);
    expect(gateway.child.exitCode).toBeNull();
    const fresh = signed("declaration", declarationOf("RR473124829GB"));
    await declare(fresh);
    await declare(fresh);
    await until(
      "the next signed one to be read",
      WAIT_MS,
      () => refusals("declaration", "replayed").length > 1,
    );
  });
  it("a flood by who may send: amendments, declarations, outcomes, commands and receipts; hits still go out", {
    timeout: 4 * WAIT_MS,
  }, async () => {
    const value = "RR473124829GB";
    const { scanId } = await sender.send(scan, "flood-1", [`]C0${value}`]);
    await until("its hit", WAIT_MS, () => central.hits().some((hit) => hit.scanId === scanId));
    const aedId = crypto.randomUUID();
    const outcome = () => outcomeOf(scanId);
    const command = { name: "health", args: {}, notAfter: new Date(Date.now() + 600_000).toISOString() };
    const receipt = { journal: crypto.randomUUID(), upToSequence: 1 };
    const own = { site: SITE, gateway: "gw-01", name: "health" };
    const sent: Promise<unknown>[] = [];
    const publish = (name: "declaration" | "outcome" | "command" | "receipt", bytes: Uint8Array) =>
      sent.push(central.publish(topicFor(name, own), bytes));
    for (let at = 1; at <= FLOOD; at += 1) {
      const amended = declarationOf(value, { aedId, revision: at });
      publish("declaration", signed("declaration", at % 2 === 0 ? amended : declarationOf(numberOf(at))));
      publish("command", event("command", command));
      publish("receipt", event("receipt", receipt));
      if (at % 4 === 0) publish("outcome", signed("outcome", outcome()));
    }
    // In the midst of it.
    const { scanId: next } = await sender.send(scan, "flood-2");
    await until("a hit all the same", WAIT_MS, () => central.hits().some((hit) => hit.scanId === next));
    await Promise.all(sent);
    for (const message of ["declaration", "outcome", "command"])
      await until(`the alert on ${message}`, WAIT_MS, () =>
        central
          .alerts()
          .some(({ code, details }) => code === "INBOUND_FLOOD" && details["message"] === message),
      );
    await until("the alert on the store", WAIT_MS, () =>
      central.alerts().some(({ code }) => code === "DECLARATIONS_FULL"),
    );
    // Eight at once, and then ever more seldom: it took less than 17 minutes.
    expect(central.hits().filter((hit) => hit.scanId === scanId).length).toBeLessThan(20);
    expect(statSync(join(site.folder, "spool/declarations.db")).size).toBeLessThan(1_000_000);
    expect(gateway.child.exitCode).toBeNull();
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.child.pid}/status`, "utf8"))?.[1];
    expect(Number(resident)).toBeLessThan(800_000);
  });
});
