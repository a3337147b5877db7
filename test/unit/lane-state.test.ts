import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { followLaneState } from "../../device/lane/lane-state.ts";
import { PausedLanes } from "../../device/lane/paused-lanes.ts";
import { Listeners } from "../../device/listeners.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { ScannerState } from "../../device/scanner/port.ts";
import type { ScanStore } from "../../device/spool/port.ts";
import type { LinkState } from "../../device/transport/port.ts";

function device() {
  const links = new Listeners<LinkState>();
  const link: LinkState = { state: "absent", code: "LYN_LINK_NOT_OPEN", since: 0 };
  return {
    link,
    onLink: (listener: (state: LinkState) => void) => links.add(listener),
    goes: (state: LinkState["state"], since: number) => links.tell({ state, code: null, since }),
  };
}

it("is red while a device that was there is gone, and green when it is back; one never seen is no fault", () => {
  const states = new Listeners<ScannerState>();
  let state: ScannerState = { state: "idle", code: null, since: 1 };
  const driver = {
    get state() {
      return state;
    },
    onState: (listener: (state: ScannerState) => void) => states.add(listener),
  };
  const scanner = (now: ScannerState["state"], since: number) => {
    state = { state: now, code: null, since };
    states.tell(state);
  };
  const [reader, scale, portal] = [device(), device(), device()];
  const said: string[] = [];
  const publish = (now: ScannerState) => void said.push(`${now.state} ${now.code} ${now.since}`);
  followLaneState({ driver, peripherals: [reader, scale, portal], publish });
  reader.goes("connected", 2);
  scale.goes("connected", 2);
  portal.goes("absent", 2);
  scanner("scanning", 3);
  reader.goes("absent", 4);
  reader.goes("absent", 5);
  scale.goes("absent", 6);
  scanner("idle", 7);
  reader.goes("connected", 8);
  scanner("absent", 9);
  scanner("idle", 10);
  scale.goes("connected", 11);
  expect(said).toEqual([
    "idle null 1",
    "scanning null 3",
    "fault DEVICE_LOST 4",
    "absent null 9",
    "fault DEVICE_LOST 4",
    "idle null 10",
  ]);
});

it("is paused while central says so, also after a restart, and takes no new scan; an open one goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-paused-"));
  const options = {
    lanes: ["lane-1"],
    file: join(folder, "lanes", "paused.json"),
    clock: () => 5,
    log: SILENT_LOG,
  };
  try {
    const states = new Listeners<ScannerState>();
    let state: ScannerState = { state: "scanning", code: null, since: 1 };
    const driver = {
      get state() {
        return state;
      },
      onState: (listener: (state: ScannerState) => void) => states.add(listener),
    };
    const store: ScanStore = {
      admission: () => ({ ok: true }),
      find: async () => null,
      begin: () => Promise.reject(new Error("not asked for")),
    };
    const paused = new PausedLanes(options);
    await paused.start();
    const said: string[] = [];
    const publish = (now: ScannerState) => void said.push(`${now.state} ${now.code} ${now.since}`);
    followLaneState({ driver, peripherals: [], paused: paused.follow("lane-1"), publish });
    const admitting = paused.admitting(store);
    expect(admitting.admission("lane-1")).toEqual({ ok: true });
    expect(await paused.set("lane-1", true)).toBe(true);
    expect(await paused.set("lane-1", true)).toBe(false);
    expect(admitting.admission("lane-1")).toMatchObject({ ok: false, code: "PAUSED" });
    expect(admitting.admission("lane-2")).toEqual({ ok: true });
    for (const now of ["idle", "absent", "fault", "idle"] as const) {
      state = { state: now, code: null, since: 7 };
      states.tell(state);
    }
    const again = new PausedLanes(options);
    const heard: string[] = [];
    again.onChange((lane) => heard.push(lane));
    await again.start();
    expect(again.since("lane-1")).toBe(5);
    expect(heard).toEqual(["lane-1"]);
    await paused.set("lane-1", false);
    expect(said).toEqual([
      "scanning null 1",
      "paused PAUSED 5",
      "fault null 7",
      "paused PAUSED 5",
      "idle null 7",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
