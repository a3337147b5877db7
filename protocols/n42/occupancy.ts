import { type ChannelState, type Occupancy, SigmaWindow } from "../radiation/occupancy.ts";
import type { N42Document, N42Measurement } from "./document.ts";

/** Seconds of the window that sigma is computed over. */
const WINDOW_S = 1;

/**
 * What a portal's document says of the item that passed. Alarms stand as the portal gives them, one of a category other than
 * neutron as gamma; a fault that is more than a warning makes every channel that does not alarm `fault`; a channel without a
 * measurement while the item was there says nothing.
 * @param at when the document came, ms since the epoch: the times in it are the portal's own clock's.
 */
export function occupancyOfN42(document: N42Document, at: number): Occupancy {
  const gamma = channelOf(document, "gamma");
  const neutron = channelOf(document, "neutron");
  const faults = document.faults.filter(({ severity }) => severity !== "Warning");
  const state = (channel: Channel, alarm: boolean): ChannelState => {
    if (alarm) return "alarm";
    if (faults.length > 0 && channel.exists) return "fault";
    return channel.measured ? "normal" : null;
  };
  const alarms = document.alarms.map(({ category }) => category);
  const seconds = document.measurements
    .filter(isOccupied)
    .reduce((sum, { realTimeS }) => sum + (realTimeS ?? 0), 0);
  return {
    beganAt: at - seconds * 1000,
    endedAt: at,
    gamma: state(
      gamma,
      alarms.some((category) => category !== "Neutron"),
    ),
    neutron: state(neutron, alarms.includes("Neutron")),
    gammaSigma: gamma.sigma,
    neutronSigma: neutron.sigma,
    faults: faults.map(({ code, description }) => (description ?? `fault ${code}`).slice(0, 100)).slice(0, 8),
    background: { gamma: gamma.perSecond, neutron: neutron.perSecond },
    slices: [],
  };
}

interface Channel {
  /** The portal has detectors for it. */
  readonly exists: boolean;
  /** Counts were taken while the item was there. */
  readonly measured: boolean;
  readonly perSecond: number | null;
  readonly sigma: number | null;
}

function channelOf({ detectors, measurements }: N42Document, channel: "gamma" | "neutron"): Channel {
  const wanted = new Set(
    detectors
      .filter(({ category }) => (category === "Neutron") === (channel === "neutron"))
      .map(({ id }) => id),
  );
  const totalOf = (measurement: N42Measurement) => {
    const counts = measurement.counts
      .filter(({ detector }) => wanted.has(detector))
      .map(({ total }) => total);
    const spectra = measurement.spectra
      .filter(({ detector }) => detector !== null && wanted.has(detector))
      .map(({ channels }) => channels.reduce((sum, count) => sum + count, 0));
    const all = counts.length > 0 ? counts : spectra;
    return all.length === 0 ? null : all.reduce((sum, count) => sum + count, 0);
  };
  const perSecond = rateOf(
    measurements.filter((each) => each.class === "Background" && !isOccupied(each)),
    totalOf,
  );
  const inside = measurements.filter(isOccupied).flatMap((each) => {
    const total = totalOf(each);
    return total === null ? [] : [{ total, realTimeS: each.realTimeS }];
  });
  const sliceS = inside[0]?.realTimeS ?? 0;
  const intervals = sliceS > 0 ? Math.max(1, Math.round(WINDOW_S / sliceS)) : 1;
  const window = new SigmaWindow({
    intervals: Math.min(intervals, inside.length || 1),
    background:
      perSecond === null || sliceS <= 0 ? null : perSecond * sliceS * Math.min(intervals, inside.length || 1),
  });
  for (const { total } of inside) window.add([total]);
  return { exists: wanted.size > 0, measured: inside.length > 0, perSecond, sigma: window.peak };
}

function isOccupied({ occupied, class: code }: N42Measurement): boolean {
  return occupied ?? code === "Foreground";
}

function rateOf(
  measurements: readonly N42Measurement[],
  totalOf: (measurement: N42Measurement) => number | null,
): number | null {
  let counts = 0;
  let seconds = 0;
  for (const each of measurements) {
    const total = totalOf(each);
    if (total === null || each.realTimeS === null) continue;
    counts += total;
    seconds += each.realTimeS;
  }
  return seconds > 0 ? counts / seconds : null;
}
