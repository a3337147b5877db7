import type { Peripheral } from "../peripheral/port.ts";
import type { ScannerDriver, ScannerState } from "../scanner/port.ts";
import type { LanePause } from "./paused-lanes.ts";

/**
 * Follows the state that is published of a lane (`mqtt.md`, state): the scanner's, but `fault` with the code DEVICE_LOST while a
 * device that was there is gone and the scanner itself is well. A device that has not been seen since the start is no fault:
 * a gateway may start before its devices. `paused` with the code PAUSED while central has paused the lane, unless a scan is still
 * open or the scanner is at fault.
 */
export function followLaneState(options: {
  readonly driver: Pick<ScannerDriver, "state" | "onState">;
  readonly peripherals: readonly Pick<Peripheral, "link" | "onLink">[];
  /** Whether central has paused the lane; absent: it cannot. */
  readonly paused?: LanePause;
  readonly publish: (state: ScannerState) => void;
}): void {
  const { driver, peripherals, paused, publish } = options;
  const lost = new Set<number>();
  let lostSince = 0;
  let said: ScannerState | null = null;
  const say = () => {
    const state = resumed(driver.state, paused);
    const well = state.state === "idle" || state.state === "scanning";
    const pausedSince = paused?.since() ?? null;
    const now: ScannerState =
      pausedSince !== null && state.state !== "scanning" && state.state !== "fault"
        ? { state: "paused", code: "PAUSED", since: pausedSince }
        : lost.size > 0 && well
          ? { state: "fault", code: "DEVICE_LOST", since: lostSince }
          : state;
    if (said?.state === now.state && said.code === now.code) return;
    said = now;
    publish(now);
  };
  peripherals.forEach((peripheral, at) => {
    let seen = peripheral.link.state === "connected";
    peripheral.onLink(({ state, since }) => {
      if (state === "connected") {
        seen = true;
        lost.delete(at);
      } else if (seen && !lost.has(at)) {
        if (lost.size === 0) lostSince = since;
        lost.add(at);
      }
      say();
    });
  });
  driver.onState(say);
  paused?.onChange(say);
  say();
}

/** A driver that refused an item of a paused lane may say so until the next one comes: a resumed lane is idle. */
function resumed(state: ScannerState, paused: LanePause | undefined): ScannerState {
  if (paused === undefined || state.code !== "PAUSED" || paused.since() !== null) return state;
  return { ...state, state: "idle", code: null };
}
