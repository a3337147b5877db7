/** What a look at the folder says of one file. */
export interface Sighting {
  readonly name: string;
  readonly inode: number;
  readonly size: number;
  /** ms since the epoch, by the clock of whoever wrote it. */
  readonly modifiedAt: number;
}

interface Known {
  readonly sighting: Sighting;
  /** When size and modification time were first seen as they are, gateway clock ms. */
  readonly since: number;
  readonly looks: number;
  /** It was written under another name and renamed: whole by agreement. */
  readonly renamed: boolean;
}

/** Names under which writers keep a file until it is whole; anything else that is no image is left alone too. */
const TEMPORARY = /^[.~]|\.(tmp|temp|part|partial|filepart|crdownload|swp)$|~$/i;

/**
 * Tells which files are whole (`cli.md`, "Inputs of `scan`"): renamed into place from a temporary name, or quiet. Quiet is
 * 2 s without a change seen here; a file whose modification time is already that old (moved in) waits for a second look only.
 */
export class QuietFiles {
  readonly #quietMs: number;
  #known = new Map<string, Known>();
  #temporary = new Set<number>();

  constructor(options: { quietMs: number }) {
    this.#quietMs = options.quietMs;
  }

  /** Takes a whole listing; returns the names that are whole now. Files that are gone are forgotten. */
  look(sightings: readonly Sighting[], now: number): ReadonlySet<string> {
    const known = new Map<string, Known>();
    const temporary = new Set<number>();
    const whole = new Set<string>();
    for (const sighting of sightings) {
      if (TEMPORARY.test(sighting.name)) {
        temporary.add(sighting.inode);
        continue;
      }
      const state = this.#next(sighting, now);
      known.set(sighting.name, state);
      if (this.#isWhole(state, now)) whole.add(sighting.name);
    }
    this.#known = known;
    this.#temporary = temporary;
    return whole;
  }

  #next(sighting: Sighting, now: number): Known {
    const before = this.#known.get(sighting.name);
    const same =
      before?.sighting.inode === sighting.inode &&
      before.sighting.size === sighting.size &&
      before.sighting.modifiedAt === sighting.modifiedAt;
    if (before && same) return { ...before, looks: before.looks + 1 };
    return { sighting, since: now, looks: 1, renamed: !before && this.#temporary.has(sighting.inode) };
  }

  #isWhole({ sighting, since, looks, renamed }: Known, now: number): boolean {
    if (renamed || now - since >= this.#quietMs) return true;
    return looks > 1 && now - sighting.modifiedAt >= this.#quietMs;
  }
}
