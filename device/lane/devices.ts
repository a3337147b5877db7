import type { Alert } from "../alerts.ts";
import type { Peripheral } from "../peripheral/port.ts";
import type { Measured } from "../scan.ts";

/** A device of the lane whose coming and going is told. */
export type WatchedDevice = Pick<Peripheral, "id" | "onLink" | "onEvent"> & { readonly kind: string };

/** Raises an alert of the lane. */
export type RaiseAlert = (alert: Alert) => void;

/**
 * What a lane's peripherals report beside readings, as alerts: their own events, and that one has gone or is back. One that
 * was never there since the start is said once it has been seen, not before: a gateway may start before its devices.
 */
export function watchDevices(peripherals: readonly WatchedDevice[], raise: RaiseAlert): void {
  for (const peripheral of peripherals) {
    peripheral.onEvent?.((event) => raise(event));
    let seen = false;
    let gone = false;
    peripheral.onLink(({ state, code }) => {
      if (state === "connected") {
        if (gone) raise(backAlert(peripheral));
        gone = false;
        seen = true;
      } else if (seen && !gone) {
        gone = true;
        raise(goneAlert(peripheral, code));
      }
    });
  }
}

function goneAlert({ id, kind }: WatchedDevice, code: string | null): Alert {
  return {
    code: "DEVICE_LOST",
    severity: "warning",
    message: `The ${kind} ${id} does not answer any more`,
    remedy: "Check its power and its cable; it is opened again by itself.",
    details: { device: id, kind, cause: code },
  };
}

function backAlert({ id, kind }: WatchedDevice): Alert {
  return {
    code: "DEVICE_BACK",
    severity: "info",
    message: `The ${kind} ${id} is back`,
    remedy: "Nothing is to be done.",
    details: { device: id, kind },
  };
}

/**
 * What an item's hit says of radiation when no occupancy was tied to it: a portal that is gone or faulty is `fault`, never
 * left out as if there were none; a sound one that saw no item says nothing (null, null).
 */
export function withPortalFaults(measured: Measured, peripherals: readonly Peripheral[]): Measured {
  const portals = peripherals.filter(({ kind }) => kind === "radiation");
  if (measured.radiation !== null || portals.length === 0) return measured;
  const faulty = portals.some(({ link, fault }) => link.state !== "connected" || (fault ?? null) !== null);
  const state = faulty ? "fault" : null;
  return { ...measured, radiation: { gamma: state, neutron: state, sigma: null } };
}
