import { describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import {
  BeltActions,
  type BeltActionsOptions,
  LEAD_MS,
  MAX_ITEMS,
  PULSE_MS,
} from "../../device/belt/actions.ts";
import { Outputs, RETRY_MS } from "../../device/belt/outputs.ts";
import type { BeltOutput, Conveyor } from "../../device/belt/port.ts";
import { SILENT_LOG } from "../../device/log.ts";

/** A plant that writes down what it was told; `fail` makes it refuse. */
function plant(outputs: readonly BeltOutput[] = ["stop", "divert"]) {
  const told: string[] = [];
  const state = { fail: false };
  const conveyor: Conveyor = {
    id: "plc",
    link: { state: "connected", code: null, since: 0 },
    onBelt: () => () => undefined,
    onEye: () => () => undefined,
    onState: () => () => undefined,
    onLink: () => () => undefined,
    has: (output) => outputs.includes(output),
    set: async (output, on) => {
      if (state.fail) throw new Error("gone");
      told.push(`${output} ${on ? "on" : "off"}`);
    },
    start: () => undefined,
    stop: async () => undefined,
  };
  return { conveyor, told, state };
}

function actions(options: Partial<BeltActionsOptions> & { readonly conveyor: Conveyor }) {
  const alerts: Alert[] = [];
  const clock = { now: 0 };
  const common = { lane: "lane-1", alert: (alert: Alert) => void alerts.push(alert), now: () => clock.now };
  const outputs = new Outputs({ ...common, conveyor: options.conveyor, log: SILENT_LOG });
  const subject = new BeltActions({
    ...common,
    outputs,
    has: (output) => options.conveyor.has(output),
    onAlarm: "divert",
    onFault: "none",
    latches: false,
    ...options,
  });
  return { subject, outputs, clock, codes: () => alerts.map(({ code }) => code) };
}

/** Lets what was asked of the plant be answered. */
const answered = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("belt actions", () => {
  it("stop at once on an alarm, and not on a clear scan", async () => {
    const { conveyor, told } = plant();
    const { subject, outputs } = actions({ conveyor, onAlarm: "stop" });
    subject.captured("a");
    subject.captured("b");
    await subject.decided("a", "CLEAR");
    expect(told).toEqual([]);
    await subject.decided("b", "ALARM");
    expect(told).toEqual(["stop on"]);
    expect(outputs.figures).toMatchObject({ acted: 1, failed: 0 });
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

  /** A belt at 1 mm a ms: it stands at `mm`, and what was asked of the plant before is answered. */
  async function ride(
    { subject, clock }: Pick<ReturnType<typeof actions>, "subject" | "clock">,
    mm: number,
  ): Promise<void> {
    clock.now = mm;
    subject.moved(mm);
    await answered();
  }

  /** What the diverter was told after it was put into its place. */
  const diverterOf = (told: readonly string[]) => told.filter((each) => each.startsWith("divert")).slice(1);

  it("divert while the item passes the diverter, told a little before it comes", async () => {
    const { conveyor, told } = plant();
    const belt = actions({ conveyor, passage: () => ({ from: 1000, to: 1400 }) });
    belt.subject.captured("a");
    await ride(belt, 500);
    await belt.subject.decided("a", "ALARM");
    await ride(belt, 1000 - LEAD_MS - 10);
    expect(diverterOf(told)).toEqual([]);
    await ride(belt, 1000 - LEAD_MS + 10);
    await ride(belt, 990);
    await ride(belt, 1395);
    expect(diverterOf(told)).toEqual(["divert on"]);
    await ride(belt, 1410);
    expect(diverterOf(told)).toEqual(["divert on", "divert off"]);
    expect(belt.codes()).toEqual([]);
  });

  it("let an item that rides on pass before they divert the next", async () => {
    const { conveyor, told } = plant();
    const passages = new Map([
      ["a", { from: 500, to: 950 }],
      ["b", { from: 1000, to: 1400 }],
    ]);
    const belt = actions({ conveyor, passage: (scanId) => passages.get(scanId) ?? null });
    belt.subject.captured("a");
    belt.subject.captured("b");
    await ride(belt, 100);
    await belt.subject.decided("a", "CLEAR");
    await belt.subject.decided("b", "ALARM");
    for (const mm of [500, 900, 940]) await ride(belt, mm);
    expect(diverterOf(told)).toEqual([]);
    for (const mm of [960, 980, 1200, 1410]) await ride(belt, mm);
    expect(diverterOf(told)).toEqual(["divert on", "divert off"]);
    expect(belt.codes()).toEqual([]);
  });

  it("say so when an item alarms only after it has passed", async () => {
    const { conveyor } = plant();
    const belt = actions({ conveyor, passage: () => ({ from: 1000, to: 1400 }) });
    belt.subject.captured("a");
    belt.subject.captured("b");
    for (const mm of [900, 1100, 1500]) await ride(belt, mm);
    await belt.subject.decided("a", "CLEAR");
    expect(belt.codes()).toEqual([]);
    await belt.subject.decided("b", "ALARM");
    expect(belt.codes()).toEqual(["BELT_NOT_DIVERTED"]);
    belt.subject.stop();
  });

  it("say so when the plant goes before an item is set aside", async () => {
    const { conveyor } = plant();
    const belt = actions({ conveyor, passage: () => ({ from: 1000, to: 1400 }) });
    for (const scanId of ["a", "b", "c"]) belt.subject.captured(scanId);
    await ride(belt, 100);
    await belt.subject.decided("a", "ALARM");
    await belt.subject.decided("b", "CLEAR");
    belt.subject.away();
    expect(belt.codes()).toEqual(["BELT_NOT_DIVERTED"]);
    await belt.subject.decided("c", "ALARM");
    expect(belt.codes()).toEqual(["BELT_NOT_DIVERTED", "BELT_NOT_DIVERTED"]);
    belt.subject.stop();
  });

  it("stop the belt and say so when the diverter may have moved too late", async () => {
    const { conveyor, told } = plant();
    const belt = actions({ conveyor, passage: () => ({ from: 1000, to: 1400 }) });
    belt.subject.captured("a");
    for (const mm of [900, 1100]) await ride(belt, mm);
    await belt.subject.decided("a", "ALARM");
    for (const mm of [1150, 1410]) await ride(belt, mm);
    expect(diverterOf(told)).toEqual(["divert on", "divert off"]);
    expect(told.filter((each) => each.startsWith("stop"))).toEqual(["stop off", "stop on"]);
    expect(belt.codes()).toEqual(["BELT_NOT_DIVERTED"]);
    belt.subject.stop();
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
    await answered();
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

  it("stop the belt when it is not known any more where the item is", async () => {
    const { conveyor, told } = plant();
    let known: { from: number; to: number } | null = { from: 1000, to: 1400 };
    const { subject, codes } = actions({ conveyor, onFault: "stop", passage: () => known });
    subject.captured("alarm");
    subject.captured("undecided");
    subject.moved(500);
    await subject.decided("alarm", "ALARM");
    known = null;
    subject.moved(600);
    await answered();
    expect(told).toEqual(["stop on", "stop on"]);
    expect(codes()).toEqual(["BELT_NOT_DIVERTED", "BELT_UNDECIDED"]);
    subject.stop();
  });

  it("act on the oldest item when too many are on the belt", () => {
    const { conveyor } = plant();
    const { subject, codes } = actions({
      conveyor,
      onFault: "stop",
      passage: () => ({ from: 1e6, to: 2e6 }),
    });
    for (let n = 0; n <= MAX_ITEMS; n++) subject.captured(String(n));
    expect(codes()).toEqual(["BELT_UNDECIDED"]);
    subject.stop();
  });

  it("hold a stop until people reset the plant, where the plant has a reset", async () => {
    const { conveyor, told } = plant();
    const { subject } = actions({ conveyor, onAlarm: "stop", latches: true });
    subject.captured("a");
    await subject.decided("a", "ALARM");
    await new Promise((resolve) => setTimeout(resolve, PULSE_MS + 100));
    expect(told).toEqual(["stop on"]);
    subject.reset();
    await answered();
    expect(told).toEqual(["stop on", "stop off"]);
  });

  it("write an output until the plant has taken it, on and off", async () => {
    const { conveyor, told, state } = plant();
    const { outputs, clock, codes } = actions({ conveyor });
    clock.now += RETRY_MS;
    outputs.connected();
    await answered();
    expect(told.splice(0)).toEqual(["stop off", "divert off"]);
    state.fail = true;
    await outputs.want("divert", true);
    clock.now += RETRY_MS;
    outputs.tick();
    await answered();
    expect(codes()).toEqual(["BELT_OUTPUT_FAILED"]);
    state.fail = false;
    clock.now += RETRY_MS;
    outputs.tick();
    await answered();
    expect(told).toEqual(["divert on"]);
    state.fail = true;
    await outputs.want("divert", false);
    expect(codes()).toEqual(["BELT_OUTPUT_FAILED", "BELT_OUTPUT_FAILED"]);
    state.fail = false;
    clock.now += RETRY_MS;
    outputs.connected();
    await answered();
    expect(told).toContain("divert off");
    expect(outputs.figures.failed).toBe(2);
  });
});
