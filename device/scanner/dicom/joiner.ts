import { planScan } from "../../../protocols/dicom/scan-plan.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import type { Kept } from "./inbox.ts";
import { DICOM_DRIVER_LIMITS } from "./options.ts";

/** An object of a set, with its file. */
export interface Member extends DicomFile {
  readonly kept: Kept;
}

/** The objects of one Scan Instance UID that make a scan. */
export interface JoinedSet {
  readonly scanUid: string;
  readonly members: readonly Member[];
  /** False where views or energies that the objects state did not come in time. */
  readonly complete: boolean;
  /** First byte in and last object durable, gateway clock ms. */
  readonly beganAt: number;
  readonly lastAt: number;
}

interface OpenSet {
  members: Member[];
  beganAt: number;
  lastAt: number;
}

/**
 * Joins objects by their Scan Instance UID (`cli.md`): a set is whole at the views × energies that its objects state, else
 * `joinMs` after its last object. A set that was handed on incomplete is remembered for `lateMs`, so that an object that comes
 * late makes it whole. No timers and no clock: the owner asks at {@link nextAt}.
 */
export class Joiner {
  readonly #joinMs: number;
  readonly #lateMs: number;
  readonly #open = new Map<string, OpenSet>();
  readonly #held = new Map<string, { set: JoinedSet; until: number }>();

  constructor(options: { joinMs: number; lateMs: number }) {
    this.#joinMs = options.joinMs;
    this.#lateMs = options.lateMs;
  }

  /** Objects of a scan that is still waited for. */
  get openScans(): number {
    return this.#open.size;
  }

  add(member: Member, beganAt: number, now: number): void {
    const { scanUid, sopInstance } = member.info;
    const held = this.#held.get(scanUid)?.set;
    this.#held.delete(scanUid);
    const set = this.#open.get(scanUid) ?? { members: [...(held?.members ?? [])], beganAt, lastAt: now };
    set.members = [...set.members.filter(({ info }) => info.sopInstance !== sopInstance), member];
    set.lastAt = now;
    this.#open.set(scanUid, set);
  }

  /** Takes the sets that are whole or have waited long enough, the oldest first. */
  take(now: number): readonly JoinedSet[] {
    const ready: JoinedSet[] = [];
    const tooMany = this.#open.size - DICOM_DRIVER_LIMITS.maxOpenScans;
    for (const [scanUid, set] of this.#open) {
      const { complete } = planScan(set.members);
      const over =
        now - set.lastAt >= this.#joinMs || set.members.length >= DICOM_DRIVER_LIMITS.maxObjectsOfScan;
      if (complete !== true && !over && ready.length >= tooMany) continue;
      this.#open.delete(scanUid);
      ready.push({ scanUid, ...set, complete: complete !== false });
    }
    return ready;
  }

  /** When {@link take} should be asked next at the latest; null while nothing waits. */
  get nextAt(): number | null {
    const times = [...this.#open.values()].map(({ lastAt }) => lastAt + this.#joinMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Puts a set back that could not be stored. */
  putBack(set: JoinedSet, now: number): void {
    const { scanUid, members, beganAt } = set;
    const open = this.#open.get(scanUid);
    const fresh = open?.members.map(({ info }) => info.sopInstance) ?? [];
    const kept = members.filter(({ info }) => !fresh.includes(info.sopInstance));
    this.#open.set(scanUid, { members: [...kept, ...(open?.members ?? [])], beganAt, lastAt: now });
  }

  /** Keeps an incomplete set for what may come late; what came since it was handed on is joined with it at once. */
  hold(set: JoinedSet, now: number): void {
    const open = this.#open.get(set.scanUid);
    if (open !== undefined) this.putBack(set, open.lastAt);
    else this.#held.set(set.scanUid, { set, until: now + this.#lateMs });
  }

  /** Incomplete sets for which nothing came: their files may go. */
  expire(now: number): readonly JoinedSet[] {
    const over = [...this.#held.values()].filter(({ until }) => now >= until).map(({ set }) => set);
    const extra = [...this.#held.values()].map(({ set }) => set).slice(DICOM_DRIVER_LIMITS.maxOpenScans);
    const gone = [...new Set([...over, ...extra])];
    for (const { scanUid } of gone) this.#held.delete(scanUid);
    return gone;
  }
}
