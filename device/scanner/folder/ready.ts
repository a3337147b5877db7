import type { LynceusError } from "../../../protocols/errors.ts";
import { decodeScan } from "../../image/decode.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import type { ImageInput } from "../../image/naming.ts";
import type { Capture, ScanKey } from "../../scan.ts";
import type { ScanStore } from "../../spool/port.ts";
import { captureOf as dicomCaptureOf, freshKeyOf, keyOf, machineOf } from "../dicom/capture.ts";
import type { ObjectWorker } from "../dicom/object-worker.ts";
import type { ScannerMachine } from "../port.ts";
import { captureOf } from "./capture.ts";
import { copyDurably, type FolderSet, joinedOf } from "./dicom-sets.ts";

/** Something in the folder that is whole: files of one scan. */
export interface Ready {
  /** Files that were dealt with and could not be moved are known again by it. */
  readonly id: string;
  /** Two of the same scan are never under way at once. */
  readonly scan: string;
  readonly paths: readonly string[];
  /** Gateway clock, ms since the epoch. */
  readonly seenAt: number;
  /** An incomplete set stays in the folder for what may come late. */
  readonly incomplete: FolderSet | null;
  /** Who made it, where the files say so. */
  readonly machine: ScannerMachine | null;
  /** The key to store it under; `stored`: the spool has it; `known`: the spool has as much of it as there is. */
  key(): Promise<ScanKey | "stored" | "known">;
  /** Writes it into the spool. Throws LYN_… where a file cannot be read, and what the spool throws. */
  capture(key: ScanKey): Promise<Capture>;
}

/** Where the files of a folder lane go. */
export interface ReadyContext {
  readonly lane: string;
  readonly store: ScanStore;
  readonly maxScanBytes: number;
  readonly clock: () => number;
}

/** An image, or a pair of them. */
export function imageReady(
  {
    input,
    paths,
    key,
    seenAt,
  }: {
    readonly input: ImageInput;
    readonly paths: readonly string[];
    readonly key: ScanKey;
    readonly seenAt: number;
  },
  { lane, store, maxScanBytes, clock }: ReadyContext,
): Ready {
  const id = `${key.startedAt} ${key.scanRef}`;
  return {
    id,
    scan: id,
    paths,
    seenAt,
    incomplete: null,
    machine: null,
    key: async () => {
      const known = await store.find(lane, key);
      return known?.complete && !known.otherStart ? "stored" : key;
    },
    capture: async (as) => {
      const scan = await decodeScan(input);
      const times = { beganAt: seenAt, receivedAt: clock() };
      return captureOf({ scan, key: as, times, lane, store, maxScanBytes });
    },
  };
}

/** The DICOM objects of one scan. */
export function dicomReady(
  set: FolderSet,
  context: ReadyContext & {
    readonly worker: Pick<ObjectWorker, "decode">;
    readonly onUnreadable: (file: DicomFile, error: LynceusError) => void;
  },
): Ready {
  const { lane, store, maxScanBytes, worker, onUnreadable } = context;
  const { scanUid, members, beganAt, complete } = set;
  const scan = `dicom ${scanUid}`;
  return {
    id: `${scan} ${members.length}`,
    scan,
    paths: members.map(({ path }) => path),
    seenAt: beganAt,
    incomplete: complete ? null : set,
    machine: machineOf(set),
    key: async () => {
      const known = await store.find(lane, keyOf(set));
      if (!complete && known !== null && !known.complete && !known.otherStart) return "known";
      return (await freshKeyOf(set, lane, store)) ?? "stored";
    },
    capture: async (key) =>
      dicomCaptureOf({
        set: await joinedOf(set),
        key,
        lane,
        store,
        decoder: worker,
        maxScanBytes,
        keepFile: copyDurably,
        onUnreadable,
      }),
  };
}
