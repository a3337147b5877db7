import type { Log } from "../../log.ts";
import type { ScanStore } from "../../spool/port.ts";
import type { Transport } from "../../transport/port.ts";
import type { ScannerDriver } from "../port.ts";

/** Version of this interface; a module built for another major is refused. */
export const DRIVER_API = 1;

/** What a driver module is started with. */
export interface DriverContext {
  readonly lane: string;
  /** `scanner.options` of the configuration, as written; the module validates it. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: ScanStore;
  /** Bytes of image data a scan may have. */
  readonly maxScanBytes: number;
  /** Dark and air frames older than this are reported, ms (`scanner.maxCalibrationAge`); absent: never. */
  readonly maxCalibrationAgeMs?: number | undefined;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  /** Opens a link by its URL (`cli.md`): tcp, listen+tcp, serial, replay. Throws LYN_TRANSPORT_URL. */
  transport(url: string): Transport;
}

/** What a vendor's module exports. */
export interface DriverModule {
  readonly apiVersion: typeof DRIVER_API;
  readonly name: string;
  /** Inert until `start()`; throws a LynceusError for options that cannot be used. */
  createDriver(context: DriverContext): ScannerDriver;
  /** A machine to test the driver against; `lynceus driver test` needs it. */
  createPeer?(): ConformancePeer;
}

/** A scan that the suite asks of a peer. */
export interface PeerScan {
  readonly scanRef: string;
  /** Lines and detector pixels. */
  readonly width: number;
  readonly height: number;
  /** Counts of line x, pixel y at `x × height + y`. */
  readonly samples: Uint16Array;
}

/** A stand-in for the vendor's machine, on real sockets, serial lines or files. */
export interface ConformancePeer {
  /** Starts the machine; resolves with the options for the driver. */
  start(): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
  /** Offers a scan; the machine keeps it and sends it again until it is acknowledged. Resolves when it was sent once. */
  send(scan: PeerScan): Promise<void>;
  /** Refs of the scans that the driver acknowledged, in order. */
  readonly acknowledged: readonly string[];
  /** Cuts the link as a pulled cable does; the machine accepts or opens a new one. Absent: there is no link. */
  cut?(): Promise<void>;
  /** Sends bytes that are no message of the protocol, or a file that is no image. */
  garbage(bytes: Uint8Array): Promise<void>;
}
