import { describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { BeltActions, type BeltActionsOptions } from "../../device/belt/actions.ts";
import type { BeltOutput, Conveyor } from "../../device/belt/port.ts";
import { SILENT_LOG } from "../../device/log.ts";

/** A plant that writes down what it was told. */
function plant(outputs: readonly BeltOutput[] = ["stop", "divert"]) {
  const told: string[] = [];
  const conveyor: Conveyor = {
    id: "plc",
    link: { state: "connected", code: null, since: 0 },
    onBelt: () => () => undefined,
    onEye: () => () => undefined,
    onState: () => () => undefined,
    onLink: () => () => undefined,
    has: (output) => outputs.includes(output),
    set: async (output, on) => {
      told.push(`${output} ${on ? "on" : "off"}`);
    },
    start: () => undefined,
    stop: async () => undefined,
  };
  return { conveyor, told };
}

function actions(options: Partial<BeltActionsOptions> & Pick<BeltActionsOptions, "conveyor">) {
  const alerts: Alert[] = [];
  const subject = new BeltActions({
    lane: "lane-1",
    onAlarm: "divert",
    onFault: "none",
    alert: (alert) => alerts.push(alert),
    now: () => 0,
    log: SILENT_LOG,
    ...options,
  });
  return { subject, codes: () => alerts.map(({ code }) => code) };
}

describe("belt actions", () => {
  it("stop at once on an alarm, and not on a clear scan", async () => {
    const { conveyor, told } = plant();
    const { subject } = actions({ conveyor, onAlarm: "stop" });
    subject.captured("a");
    subject.captured("b");
    await subject.decided("a", "CLEAR");
    expect(told).toEqual([]);
    await subject.decided("b", "ALARM");
    expect(told).toEqual(["stop on"]);
    expect(subject.figures).toMatchObject({ acted: 1, late: 0, failed: 0 });
    subject.stop();
  });

  it("act on the first hit only", async () => {
    const { conveyor, told } = plant();
    const { subject } = actions({ conveyor, onAlarm: "stop" });
    subject.captured("a");
    await subject.decided("a", "CLEAR");
    await subject.decided("a", "ALARM");
    expect(told).toEqual([]);
  });

  it("divert while the item passes the diverter", async () => {
    const { conveyor, told } = plant();
    const { subject } = actions({ conveyor, passage: () => ({ from: 1000, to: 1400 }) });
    subject.captured("a");
    subject.moved(500);
    await subject.decided("a", "ALARM");
    subject.moved(990);
    expect(told).toEqual([]);
    subject.moved(1005);
    subject.moved(1395);
    expect(told).toEqual(["divert on"]);
    subject.moved(1410);
    expect(told).toEqual(["divert on", "divert off"]);
  });

  it("do what onFault says of an item that arrives undecided", async () => {
    const { conveyor, told } = plant();
    const { subject, codes } = actions({
      conveyor,
      onFault: "stop",
      passage: () => ({ from: 1000, to: 1400 }),
    });
    subject.captured("a");
    subject.moved(1001);
    expect(told).toEqual(["stop on"]);
    expect(codes()).toEqual(["BELT_UNDECIDED"]);
    await subject.decided("a", "ALARM");
    expect(told).toEqual(["stop on"]);
    subject.stop();
  });

  it("do what onFault says of a scan that was not analysed", async () => {
    const { conveyor, told } = plant();
    const { subject } = actions({ conveyor, onFault: "divert" });
    subject.captured("a");
    await subject.decided("a", "UNKNOWN");
    expect(told).toEqual(["divert on"]);
    subject.stop();
  });

  it("stop the belt when the item to divert cannot be told, or has passed", async () => {
    for (const passage of [() => null, () => ({ from: 1, to: 2 })]) {
      const { conveyor, told } = plant();
      const { subject, codes } = actions({ conveyor, passage });
      subject.moved(100);
      subject.captured("a");
      await subject.decided("a", "ALARM");
      expect(told).toEqual(["stop on"]);
      expect(codes()).toEqual(["BELT_NOT_DIVERTED"]);
      subject.stop();
    }
  });

  it("say when the plant cannot be told", async () => {
    const { conveyor } = plant();
    const failing = { ...conveyor, set: () => Promise.reject(new Error("gone")) };
    const { subject, codes } = actions({ conveyor: failing, onAlarm: "stop" });
    subject.captured("a");
    await subject.decided("a", "ALARM");
    expect(codes()).toEqual(["BELT_OUTPUT_FAILED"]);
    expect(subject.figures.failed).toBe(1);
    subject.stop();
  });
});
