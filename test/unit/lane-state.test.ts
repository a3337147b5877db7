import { expect, it } from "vitest";
import { followLaneState } from "../../device/lane/lane-state.ts";
import { Listeners } from "../../device/listeners.ts";
import type { ScannerState } from "../../device/scanner/port.ts";
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
