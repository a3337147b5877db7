import { parseReportDescriptor, splitReports } from "../../protocols/hid/descriptor.ts";
import { encodePosCommand, type PosCommand, PosDecoder } from "../../protocols/hid/pos.ts";
import type { HidLink } from "../transport/hid.ts";
import { Labels } from "./barcode-labels.ts";
import type { Peripheral } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";

/** The rest of a label that is continued comes within this, ms. */
const CONTINUED_MS = 500;

const SAID = { overlong: "too long", malformed: "malformed" } as const;

export interface HidReaderOptions extends PeripheralOptions {
  /** Tell the reader to beep its error tone where a label holds no identifier; default false. */
  readonly beep?: boolean | undefined;
}

/** A HID POS bar code reader, with what it can be told. */
export interface HidReader extends Peripheral {
  /** Resolves false where the reader is absent or does not offer the command. */
  tell(command: PosCommand): Promise<boolean>;
}

/** A bar code reader in HID POS mode; its reports are read by its own descriptor. */
export function barcodeHidReader(options: HidReaderOptions): HidReader {
  let tell: (command: PosCommand) => Promise<boolean> = async () => false;
  const peripheral = supervisedPeripheral("barcode", options, async (link, context, emit, report) => {
    const reports = parseReportDescriptor((link as HidLink).reportDescriptor);
    const decoder = new PosDecoder(reports);
    const labels = new Labels(options, emit, report);
    const writer = link.sink.getWriter();
    tell = async (command) => {
      const report = encodePosCommand(reports, command);
      if (report === null) return false;
      return writer.write(report).then(
        () => true,
        () => false,
      );
    };
    let lastAt = Number.NEGATIVE_INFINITY;
    let dropped = 0;
    try {
      for await (const chunk of link.source) {
        const now = performance.now();
        if ((link as HidLink).dropped() > dropped) labels.flooded();
        dropped = (link as HidLink).dropped();
        if (now - lastAt > CONTINUED_MS) decoder.reset();
        lastAt = now;
        for (const report of splitReports(reports, chunk)) {
          const result = decoder.push(report);
          if (result === null) continue;
          if (result.kind === "label") {
            context.healthy();
            if (labels.label(result.text) === 0 && options.beep === true) await tell("beep-error");
          } else labels.noLabel(`the reader sent a label that is ${SAID[result.kind]}; dropped`);
        }
      }
    } finally {
      tell = async () => false;
      labels.close();
      writer.releaseLock();
    }
  });
  return Object.assign(peripheral, { tell: (command: PosCommand) => tell(command) });
}
