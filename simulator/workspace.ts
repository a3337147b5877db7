/** Gives room for `length` numbers under a name; what was given before under that name is no longer valid. Its values are arbitrary. */
export type Memory = (name: string, length: number) => Float32Array;

/** Memory of its own for whoever asks. */
export const ownMemory: Memory = (_, length) => new Float32Array(length);

/**
 * Memory that scans are simulated in one after the other: megabytes that a long run then asks for once instead of once a scan.
 * Only what is worked in comes from here, never what a scan holds when it is done; nothing of one scan shows in the next.
 */
export class Workspace {
  readonly #kept = new Map<string, Float32Array>();

  /** Memory whose names are this part's own. */
  part(part: string | number): Memory {
    return (name, length) => this.#room(`${part} ${name}`, length);
  }

  #room(name: string, length: number): Float32Array {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.length >= length) return kept.subarray(0, length);
    const room = new Float32Array(length);
    this.#kept.set(name, room);
    return room;
  }
}
