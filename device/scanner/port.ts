import type { Capture, Scan } from "../scan.ts";
import type { DeviceNames } from "../transport/port.ts";

/** The lane's state as published on `…/{lane}/state`. */
export interface ScannerState {
  readonly state: "idle" | "scanning" | "paused" | "fault" | "absent";
  readonly code: string | null;
  readonly since: number;
}

/** The machine at the other end. */
export type ScannerMachine = DeviceNames;

/** What a driver reports beside captures; the lane turns them into alerts (`mqtt.md`, alert). */
export interface ScannerEvent {
  readonly code: string;
  readonly severity: "info" | "warning" | "critical";
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the machine may be told of a finished analysis (RESULT of `line-scan.md`). */
export interface ScanResult {
  readonly scanRef: string;
  readonly scanId: string;
  readonly revision: number;
  readonly decision: string;
  readonly recommendation: string;
  readonly detections: readonly unknown[];
}

/** The end of an acquisition. Gateway clock, ms since the epoch. */
export interface ScanEnded {
  /** As `onScanStart` gave it; the capture's `beganAt`. */
  readonly beganAt: number;
  /** The capture's `capturedAt`: earlier than `at` where the scan was re-sent after a lost link. */
  readonly capturedAt: number;
  /** When the gateway heard of it. */
  readonly at: number;
}

/** An acquisition that yields no capture. Gateway clock, ms since the epoch. */
export interface ScanLost {
  readonly at: number;
  /** As `onScanStart` gave it; null when the scan was refused before it began. */
  readonly beganAt: number | null;
}

/** The scanner port: bytes or files in, captures out. One file (or folder) per implementation, no base class. */
export interface ScannerDriver {
  /** Yields finished captures until `stop()`; back-pressure: the next is not produced before the consumer asks. */
  captures(): AsyncIterable<Capture>;
  /** The capture is durable: the scanner may delete its copy. */
  acknowledge(capture: Capture, scan: Pick<Scan, "scanId">): Promise<void>;
  /** The capture could not be stored; the scanner keeps its copy. */
  refuse(capture: Capture, code: string, message: string): Promise<void>;
  /** Best effort: a lost link loses it. */
  result(result: ScanResult): Promise<void>;
  readonly state: ScannerState;
  /** Who connected last; null, or absent, while it is not known. New whenever a state is told. */
  readonly machine?: ScannerMachine | null;
  onState(listener: (state: ScannerState) => void): () => void;
  onEvent(listener: (event: ScannerEvent) => void): () => void;
  /** First frame of an acquisition seen (for the tracker), gateway clock ms. */
  onScanStart(listener: (at: number) => void): () => void;
  /** The machine has said that an acquisition is over; its lines may still be asked for again. For the tracker. */
  onScanEnd?(listener: (end: ScanEnded) => void): () => void;
  /** An item went through the machine without a capture: refused, dropped, or lost with the link. For the tracker. */
  onScanLost?(listener: (loss: ScanLost) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}
