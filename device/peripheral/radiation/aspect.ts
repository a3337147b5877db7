import {
  ASPECT_BLOCK_REGISTERS,
  ASPECT_HEADER_REGISTERS,
  AspectPortal,
  readAspectBlock,
  readAspectHeader,
} from "../../../protocols/radiation/aspect.ts";
import { pause } from "../../backoff.ts";
import { type ModbusLink, modbusAddress, modbusTransport } from "../../transport/modbus.ts";
import type { Peripheral } from "../port.ts";
import { type PortalOptions, portalOf } from "./portal.ts";

/** Registers are read this often, ms: an item of 0.3 m at 1 m/s is seen. */
export const ASPECT_POLL_MS = 200;

/** A portal that does not answer a request within this is lost, ms. */
const REQUEST_MS = 2_000;

/** An Aspect portal by its registers over Modbus TCP (`nii-standards.md` §4.3). */
export function aspectPortal(
  options: Omit<PortalOptions, "transport"> & {
    readonly url: string;
    /** 1 … 32 */
    readonly unit: number;
    /** {@link ASPECT_POLL_MS} unless said. */
    readonly pollMs?: number;
  },
): Peripheral {
  const { clock, url, unit, pollMs = ASPECT_POLL_MS } = options;
  const transport = modbusTransport({
    url,
    address: modbusAddress(url).address,
    unit,
    requestMs: REQUEST_MS,
  });
  return portalOf({ ...options, transport }, async (link, context, report) => {
    const { client } = link as ModbusLink;
    const portal = new AspectPortal();
    const gone = new AbortController();
    void endOf(link.source).then(() => gone.abort());
    const over = AbortSignal.any([context.signal, gone.signal]);
    try {
      const header = readAspectHeader((await client.readHoldingRegisters(0, ASPECT_HEADER_REGISTERS)).data);
      while (!over.aborted) {
        const { data: block } = await client.readHoldingRegisters(header.base, ASPECT_BLOCK_REGISTERS);
        context.healthy();
        const passed = portal.take(readAspectBlock(block), clock());
        report.faults(portal.faults);
        for (const occupancy of passed) report.occupancy(occupancy);
        await pause(pollMs, over);
      }
    } finally {
      const cut = portal.lost(clock());
      if (cut !== null) report.occupancy(cut);
    }
  });
}

async function endOf(source: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of source);
}
