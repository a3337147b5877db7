import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import { LineSplitter } from "../../../protocols/line-splitter.ts";
import { parseVm250Line, VM250_MAX_LINE, type Vm250Message } from "../../../protocols/radiation/vm250.ts";
import { Vm250Portal } from "../../../protocols/radiation/vm250-portal.ts";
import type { Peripheral } from "../port.ts";
import { type PortalOptions, portalOf } from "./portal.ts";

/** Lines in a row that are none before the device counts as the wrong one. */
export const PORTAL_MAX_BAD_LINES = 50;
/** How often the silence is looked at, ms. */
const LOOK_MS = 100;

/** A VM-250-type portal: its ASCII lines over TCP or a serial line (`nii-standards.md` §4.2). It is only listened to. */
export function vm250Portal(options: PortalOptions): Peripheral {
  const { id, clock, log } = options;
  return portalOf(options, async (link, context, report) => {
    const portal = new Vm250Portal();
    const lines = new PortalLines(options);
    let heardAt = performance.now();
    let silent = false;
    const watch = setInterval(() => {
      if (performance.now() - heardAt < portal.silentMs) return;
      silent = true;
      void link.close();
    }, LOOK_MS);
    try {
      for await (const chunk of link.source) {
        for (const message of lines.push(chunk)) {
          heardAt = performance.now();
          if (message.kind !== "other") context.healthy();
          else log.info({ device: id, code: message.code }, "the portal sent a line of an unknown code");
          const over = portal.take(message, clock());
          report.faults(portal.faults);
          if (over !== null) report.occupancy(over);
        }
      }
      if (silent) throw silence(id);
    } finally {
      clearInterval(watch);
      const cut = portal.lost(clock());
      if (cut !== null) report.occupancy(cut);
    }
  });
}

/** Lines of the link as messages; too many bad ones in a row mean that this is no such portal. */
class PortalLines {
  readonly #options: PortalOptions;
  readonly #splitter = new LineSplitter({ maxLength: VM250_MAX_LINE });
  #bad = 0;

  constructor(options: PortalOptions) {
    this.#options = options;
  }

  *push(chunk: Uint8Array): Generator<Vm250Message> {
    for (const line of this.#splitter.push(chunk)) {
      const message = line.kind === "line" ? this.#parse(line.text) : null;
      if (message === null) this.#countBad();
      else {
        this.#bad = 0;
        yield message;
      }
    }
  }

  #parse(text: string): Vm250Message | null {
    try {
      return parseVm250Line(text);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      if (this.#bad === 0)
        this.#options.log.warn({ device: this.#options.id, why: error.message }, "line dropped");
      return null;
    }
  }

  #countBad(): void {
    this.#bad += 1;
    if (this.#bad <= PORTAL_MAX_BAD_LINES) return;
    const { id } = this.#options;
    throw new LynceusError("LYN_PERIPHERAL_PROTOCOL", `${id} does not send a portal's lines`, {
      remedy: "Check the portal's address, that its ASCII output is on, and baud rate and parity",
      details: { device: id },
    });
  }
}

/** A portal that has fallen silent. */
export function silence(device: string): LynceusError {
  return new LynceusError("LYN_LINK_SILENT", `${device} says nothing`, {
    remedy: "Check that the portal is on and that no other program takes its output",
    details: { device },
  });
}
