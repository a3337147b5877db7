import type { Peripheral } from "../peripheral/port.ts";
import type { ScannerDriver, ScannerState } from "../scanner/port.ts";

/**
 * Follows the state that is published of a lane (`mqtt.md`, state): the scanner's, but `fault` with the code DEVICE_LOST while a
 * device that was there is gone and the scanner itself is well. A device that has not been seen since the start is no fault:
 * a gateway may start before its devices.
 */
export function followLaneState(options: {
  readonly driver: Pick<ScannerDriver, "state" | "onState">;
  readonly peripherals: readonly Pick<Peripheral, "link" | "onLink">[];
  readonly publish: (state: ScannerState) => void;
}): void {
  const { driver, peripherals, publish } = options;
  const lost = new Set<number>();
  let lostSince = 0;
  let said: ScannerState | null = null;
  const say = () => {
    const { state } = driver;
    const well = state.state === "idle" || state.state === "scanning";
    const now: ScannerState =
      lost.size > 0 && well ? { state: "fault", code: "DEVICE_LOST", since: lostSince } : state;
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
  say();
}
