import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Alerts } from "../alerts.ts";
import type { FusionSettings } from "../fusion/input.ts";
import type { Log } from "../log.ts";
import type { TrustedKeys } from "../trusted-keys.ts";
import { applyProfile } from "./apply.ts";
import { type Audience, readSignedProfile, type SignedProfile } from "./read.ts";
import { MAX_KEPT, type ProfileStore } from "./store.ts";

export interface ProfilesOptions extends Audience {
  readonly store: ProfileStore;
  /** The keys of `trust.central`, read anew for each profile. */
  readonly keys: () => Promise<TrustedKeys>;
  readonly alerts: Pick<Alerts, "raise">;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}

/** Refused messages remembered, so that a retained one that comes with each connection is told once. */
const MAX_REMEMBERED = 64;

/**
 * Central's risk profiles (`mqtt.md`, Profile): signed, versioned, in force from `validFrom` on, at the next score and without a
 * restart. A refused one changes nothing. Clearing the retained message takes nothing back: it is not signed; central sends a
 * higher version instead.
 */
export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #refused = new Set<string>();
  /** The lowest version first: the one in force, and those that come into force later. */
  #kept: readonly SignedProfile[] = [];
  #highest = 0;
  #inForce: SignedProfile | null = null;
  #applied = new WeakMap<FusionSettings, FusionSettings>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: ProfilesOptions) {
    this.#options = options;
  }

  /** Takes up what was kept. Never rejects: a gateway without a profile scores by its lanes' own settings, and says so. */
  async start(): Promise<void> {
    const { store, keys, log } = this.#options;
    const { keys: trusted, faults } = await keys();
    for (const fault of faults) log.error({ code: fault.code, remedy: fault.remedy }, fault.message);
    try {
      const kept = await store.read();
      if (kept === null) return;
      this.#highest = kept.highest;
      for (const jws of kept.profiles) await this.#takeUp(jws, trusted);
    } catch (error) {
      await this.#refuse("the file of kept profiles cannot be read", String((error as Error).message));
    }
    this.#promote(false);
  }

  /** The profile that scores are made with now; null: none, the lanes' own settings. */
  get inForce(): SignedProfile | null {
    this.#promote(true);
    return this.#inForce;
  }

  /** A lane's settings as they are now. Cheap: asked for each score. */
  settings(base: FusionSettings): FusionSettings {
    const profile = this.inForce?.profile;
    if (profile === undefined) return base;
    const known = this.#applied.get(base);
    if (known !== undefined) return known;
    const settings = applyProfile(base, profile);
    this.#applied.set(base, settings);
    return settings;
  }

  /** A message on `…/profile`. Rejects only when a good one could not be stored: then the broker must send it again. */
  receive(bytes: Uint8Array): Promise<void> {
    const done = this.#work.then(() => this.#receive(bytes));
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #receive(bytes: Uint8Array): Promise<void> {
    const { log, clock } = this.#options;
    if (bytes.length === 0) {
      log.info(
        {},
        "central's retained profile was cleared; the one in force stands until a higher version comes",
      );
      return;
    }
    const digest = createHash("sha256").update(bytes).digest("hex");
    try {
      const signed = await this.#verify(jwsOf(bytes));
      const { version } = signed.profile;
      // The same profile, perhaps signed anew by another key.
      if (this.#kept.some((one) => isDeepStrictEqual(one.profile, signed.profile))) return;
      if (version < this.#highest)
        throw stale(`version ${version} is lower than ${this.#highest}, which was taken before`);
      if (version === this.#highest && this.#kept.length > 0)
        throw stale(`version ${version} was taken before with other content; the first stands`);
      await this.#keep(signed);
      log.info({ version, validFrom: signed.profile.validFrom }, "a risk profile of central was taken");
      if (signed.validFrom > clock()) return;
      this.#promote(true);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      await this.#refuseOnce(digest, error);
    }
  }

  async #verify(jws: string): Promise<SignedProfile> {
    const { site, gateway, keys, log } = this.#options;
    const trusted = await keys();
    for (const fault of trusted.faults) log.error({ code: fault.code }, fault.message);
    if (trusted.keys.length === 0)
      throw new LynceusError(
        "LYN_JWS",
        "The profile is refused: trust.central names no key that can be read",
        {
          remedy: "Put central's Ed25519 public key into a file and name it in trust.central.",
        },
      );
    return readSignedProfile(jws, trusted.keys, { site, gateway });
  }

  async #keep(signed: SignedProfile): Promise<void> {
    const { store } = this.#options;
    const standing = this.inForce;
    const waiting = this.#kept.filter((one) => one !== standing);
    // A later version waits behind those that come into force before it; one that is in force at once ends them all.
    const before = waiting.filter((one) => one.validFrom < signed.validFrom).slice(-(MAX_KEPT - 2));
    const kept = [...(standing === null ? [] : [standing]), ...before, signed];
    await store.write({ highest: signed.profile.version, profiles: kept.map(({ jws }) => jws) });
    this.#kept = kept;
    this.#highest = signed.profile.version;
  }

  async #takeUp(jws: string, trusted: readonly Uint8Array[]): Promise<void> {
    const { site, gateway } = this.#options;
    try {
      this.#kept = [...this.#kept, readSignedProfile(jws, trusted, { site, gateway })];
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      await this.#refuse(`a kept profile is not used any more: ${error.message}`, error.remedy);
    }
  }

  /** The highest version whose time has come; a clock that is set back takes nothing back. */
  #promote(tell: boolean): void {
    const now = this.#options.clock();
    const standing = this.#inForce?.profile.version ?? 0;
    const next = this.#kept.findLast((one) => one.profile.version > standing && one.validFrom <= now);
    if (next === undefined) return;
    this.#inForce = next;
    this.#applied = new WeakMap();
    if (tell) this.#sayApplied(next);
  }

  #sayApplied({ profile: { version, validFrom }, keyId }: SignedProfile): void {
    void this.#options.alerts.raise({
      code: "PROFILE_APPLIED",
      severity: "info",
      message: `Risk profile ${version} is in force; scans from now on are scored by it`,
      remedy: "Nothing is to be done.",
      details: { version, validFrom, keyId },
    });
  }

  async #refuseOnce(digest: string, error: LynceusError): Promise<void> {
    if (this.#refused.has(digest)) return;
    this.#refused.add(digest);
    if (this.#refused.size > MAX_REMEMBERED) this.#refused.delete([...this.#refused][0] as string);
    await this.#refuse(error.message, error.remedy);
  }

  async #refuse(why: string, remedy: string): Promise<void> {
    const version = this.#inForce?.profile.version ?? null;
    const stands = version === null ? "the lanes' own settings stand" : `version ${version} stands`;
    await this.#options.alerts.raise({
      code: "PROFILE_REFUSED",
      severity: "warning",
      message: `A risk profile was refused, ${stands}: ${why}`,
      remedy,
      details: { why, inForce: version },
    });
  }
}

/** The JWS in an event's `data`; the bare JWS is taken too, since it carries its own proof. */
function jwsOf(bytes: Uint8Array): string {
  const [first] = bytes;
  if (first !== 0x7b) return new TextDecoder().decode(bytes).trim();
  const event = unwrap(bytes);
  const data = event?.name === "profile" ? event.data : null;
  if (typeof data === "string") return data;
  throw new LynceusError("LYN_PROFILE", "The profile cannot be used: the event's data is no compact JWS", {
    remedy: "Send the profile as compact JWS in the data of an event of type org.lynceus.profile.v1.",
  });
}

function stale(why: string): LynceusError {
  return new LynceusError("LYN_PROFILE", `The profile cannot be used: ${why}`, {
    remedy: "Give each changed profile a higher version.",
    details: { why },
  });
}
