import { once } from "node:events";
import { connect } from "node:net";
import { Requestor } from "../../../protocols/dicom/net/requestor.ts";
import { SOP_CLASS, SYNTAX } from "../../../protocols/dicom/uids.ts";
import { retryDelayMs, sleep } from "../../backoff.ts";
import { type Address, formatAddress } from "../../peripherals/address.ts";
import { Random } from "../../random.ts";
import { simulateScan } from "../../scan.ts";
import type { ScannerReport, ScannerSummary } from "../report.ts";
import { TruthFile, truthLine } from "../truth.ts";
import { objectsOf, type SentObject, uidOf } from "./objects.ts";

export interface DicomRunOptions {
  readonly connect: Address;
  /** AE titles of the gateway and of this scanner. */
  readonly called: string;
  readonly calling: string;
  /** Items; Infinity: until stopped. */
  readonly scans: number;
  /** Items per second. */
  readonly rate: number;
  readonly seed: number;
  readonly truth: string | null;
  readonly report: (report: ScannerReport) => void;
}

/** Between an item's announcement and its scan, ms: time for its declaration to come. */
const LEAD_MS = 1000;
/** A peer that says nothing for so long is given up for now. */
const IDLE_MS = 30_000;
/** Tries of one scan that the gateway refuses, not counting those that do not reach it. */
const MAX_REFUSALS = 50;

const OWN = {
  implementationClass: "2.25.189105420127741025366013219045286617001",
  implementationVersion: "LYNCEUS_SIM",
};

/**
 * A scanner that hands its scans over by C-STORE, an association a scan, as DICOS DX objects. A scan counts as acknowledged
 * when each of its objects was answered Success; else it is sent again.
 */
export async function runDicomScanner(options: DicomRunOptions, stop: AbortSignal): Promise<ScannerSummary> {
  const { seed, scans, rate, report } = options;
  const truth = options.truth === null ? null : new TruthFile(options.truth);
  const serial = `SIM-${seed}`;
  const prefix = `${serial}-${Date.now().toString(36)}`;
  const random = new Random(seed, "dicom");
  const done = { scans: 0, acknowledged: 0, givenUp: 0, resent: 0, connections: 0 };
  await truth?.start();
  report({ event: "listening", scanner: null, barcode: null, scale: null });
  const began = performance.now();
  try {
    for (let index = 0; index < scans && !stop.aborted; index++) {
      const name = `${prefix}-${String(index).padStart(6, "0")}`;
      const scan = simulateScan({ seed, index, mix: "traffic" });
      const at = new Date().toISOString();
      await truth?.append(truthLine(scan.truth, uidOf(name), at));
      await sleep(Math.max(LEAD_MS, began + (index * 1000) / rate - performance.now()), stop);
      if (stop.aborted) break;
      report({ event: "scanned", at: new Date().toISOString(), index, scanRef: uidOf(name) });
      done.scans += 1;
      const objects = objectsOf(scan, name, serial, Date.now());
      await handOver({ options, objects, index, scanRef: uidOf(name), random, done }, stop);
    }
  } finally {
    await truth?.stop();
  }
  const summary = { ...done, outstanding: done.scans - done.acknowledged };
  report({ event: "summary", ...summary });
  return summary;
}

interface HandOver {
  readonly options: DicomRunOptions;
  readonly objects: readonly SentObject[];
  readonly index: number;
  readonly scanRef: string;
  readonly random: Random;
  readonly done: { acknowledged: number; givenUp: number; resent: number; connections: number };
}

async function handOver(
  { options, objects, index, scanRef, random, done }: HandOver,
  stop: AbortSignal,
): Promise<void> {
  const { report } = options;
  let refusals = 0;
  for (let attempt = 0; !stop.aborted; attempt++) {
    if (attempt > 0) done.resent += 1;
    try {
      const refused = await sendAll(options, objects, stop, done);
      if (refused === null) {
        done.acknowledged += 1;
        report({ event: "acknowledged", at: new Date().toISOString(), index, scanRef, scanId: scanRef });
        return;
      }
      refusals += 1;
      report({ event: "refused", code: refused, message: "C-STORE was refused", scanRef });
    } catch (error) {
      report({ event: "disconnected", reason: (error as Error).message });
    }
    if (refusals >= MAX_REFUSALS) {
      done.givenUp += 1;
      report({ event: "given-up", index, scanRef, code: "REFUSED" });
      return;
    }
    await sleep(retryDelayMs(attempt, random), stop);
  }
}

/** Null when all were answered Success, else the first status that was not. */
async function sendAll(
  { connect: address, called, calling, report }: DicomRunOptions,
  objects: readonly SentObject[],
  stop: AbortSignal,
  done: { connections: number },
): Promise<string | null> {
  const socket = connect({ ...address, noDelay: true });
  const cut = () => socket.destroy();
  stop.addEventListener("abort", cut, { once: true });
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect");
    socket.setTimeout(IDLE_MS, cut);
    done.connections += 1;
    report({ event: "connected", peer: formatAddress(address) });
    const write = (bytes: Uint8Array) =>
      new Promise<void>((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    const contexts = [
      { abstractSyntax: SOP_CLASS.dicosDxProcessing, transferSyntaxes: [SYNTAX.explicitLittle] },
    ];
    const requestor = new Requestor({ link: { source: socket, write }, called, calling, contexts, ...OWN });
    await requestor.associate();
    for (const { dataset, ...object } of objects) {
      const { status } = await requestor.store({ ...object, dataset: [dataset] });
      if (status !== 0) return `0x${status.toString(16).padStart(4, "0")}`;
    }
    await requestor.release();
    return null;
  } finally {
    stop.removeEventListener("abort", cut);
    socket.destroy();
  }
}
