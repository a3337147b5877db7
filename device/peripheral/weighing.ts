import type { MtSicsReply } from "../../protocols/mt-sics.ts";

/** Masses up to this are an empty scale, kg. */
export const EMPTY_KG = 0.005;
/** Two stable masses so close are the same item, kg; above it, a new one came to lie without the scale running empty. */
const SAME_KG = 0.005;

/**
 * From a stream of weights to items: says a stable mass once for each item that comes to lie. An item begins when the
 * scale was empty, in motion or out of range before; what already lies there when the link opens came at an unknown time
 * and is nobody's.
 */
export class WeighingEdge {
  #armed = false;
  #last: number | null = null;

  /** Takes one reply; returns the mass of an item that has just become stable, kg, else null. */
  take(reply: MtSicsReply): number | null {
    if (reply.kind === "overload" || reply.kind === "underload") {
      this.#ready();
      return null;
    }
    if (reply.kind !== "mass" || reply.command !== "S") return null;
    if (!reply.stable || reply.massKg <= EMPTY_KG) {
      this.#ready();
      return null;
    }
    return this.#stable(reply.massKg);
  }

  /** The scale began anew: what lies there now came at an unknown time. */
  restart(): void {
    this.#armed = false;
    this.#last = null;
  }

  #ready(): void {
    this.#armed = true;
    this.#last = null;
  }

  #stable(massKg: number): number | null {
    const changed = this.#last !== null && Math.abs(massKg - this.#last) > SAME_KG;
    const item = this.#armed || changed;
    this.#armed = false;
    this.#last = massKg;
    return item ? massKg : null;
  }
}
