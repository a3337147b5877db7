import { ERROR_CODES } from "../../protocols/errors.ts";
import type { DeviceView, LaneView } from "../lane/lane-board.ts";

/** How well something is, worst last. */
export const LEVELS = ["ok", "info", "warning", "fault"] as const;
export type Level = (typeof LEVELS)[number];

/** What a person at the cabinet reads of something: how it is, and what to do about it. */
export interface Told {
  readonly level: Level;
  readonly text: string;
  /** Empty: nothing is to be done. */
  readonly remedy: string;
}

/** The worst of several; `ok` of none. */
export function worst(levels: Iterable<Level>): Level {
  return [...levels].reduce<Level>(
    (most, one) => (LEVELS.indexOf(one) > LEVELS.indexOf(most) ? one : most),
    "ok",
  );
}

/** Why something is absent: codes of links, errno or LYN_…. */
const ABSENCES: Readonly<Record<string, readonly [text: string, remedy: string]>> = {
  ECONNREFUSED: [
    "nothing listens at its address",
    "Switch it on; check its address and port in the configuration.",
  ],
  EHOSTUNREACH: ["its address cannot be reached", "Check its network cable and address."],
  ENETUNREACH: ["its network cannot be reached", "Check the gateway's network cable and address."],
  ENOTFOUND: ["its name is not known", "Check the name in the configuration and the network's name server."],
  ETIMEDOUT: ["it does not answer", "Check that it is switched on and that no firewall is between."],
  ECONNRESET: ["it ended the connection", "It is connected again by itself; check it if this goes on."],
  ENOENT: ["it is not plugged in", "Plug it in; check its device file in the configuration."],
  EACCES: ["the gateway may not open it", "Give the gateway's user access to the device file."],
  EBUSY: ["another program has it open", "End the other program."],
};

const LANE_STATES: Readonly<Record<string, Told>> = {
  idle: { level: "ok", text: "ready", remedy: "" },
  scanning: { level: "ok", text: "scanning", remedy: "" },
  paused: {
    level: "warning",
    text: "takes no new scan",
    remedy: "Wait until there is room again; see Storage below.",
  },
  fault: { level: "fault", text: "fault", remedy: "See the alerts below." },
  absent: {
    level: "fault",
    text: "no scanner",
    remedy: "Check that the scanner is switched on and connected.",
  },
};

/** What is said of a lane's state by its code, where that says more than the state. */
const LANE_CODES: Readonly<Record<string, Told>> = {
  PAUSED: {
    level: "warning",
    text: "paused by central",
    remedy: "Central resumes it; open scans are finished.",
  },
  SPOOL_FULL: {
    level: "fault",
    text: "storage is full, scans are refused",
    remedy: "See Storage below: free space, or see why central sends no receipts.",
  },
  DEVICE_LOST: {
    level: "fault",
    text: "a device of the lane does not answer any more",
    remedy: "See the device below.",
  },
};

export function laneTold({ state }: LaneView): Told {
  const { code } = state;
  const known = code === null ? undefined : LANE_CODES[code];
  if (known !== undefined) return known;
  const usual = LANE_STATES[state.state] ?? LANE_STATES["fault"]!;
  if (code === null) return usual;
  const { text, remedy } = absence(code);
  return {
    level: usual.level,
    text: `${usual.text}: ${text}`,
    remedy: remedy === "" ? usual.remedy : remedy,
  };
}

export function deviceTold({ state, code, fault }: DeviceView): Told {
  if (state === "connected" && fault === null) return { level: "ok", text: "connected", remedy: "" };
  if (state === "connected")
    return {
      level: "fault",
      text: fault ?? "",
      remedy: "Its readings are not relied on until that is mended.",
    };
  const { text, remedy } = absence(code);
  return { level: "warning", text: `absent: ${text}`, remedy };
}

function absence(code: string | null): { readonly text: string; readonly remedy: string } {
  if (code === null) return { text: "not seen yet", remedy: "Check its power and its cable." };
  const known = ABSENCES[code];
  if (known !== undefined) return { text: known[0], remedy: known[1] };
  const described = (ERROR_CODES as Readonly<Record<string, string>>)[code];
  return {
    text: described ?? code,
    remedy: "Check its power, its cable and its settings; it is opened again by itself.",
  };
}
