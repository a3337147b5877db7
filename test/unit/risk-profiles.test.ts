import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { probeTrust } from "../../device/cli/doctor/trust.ts";
import { fuse } from "../../device/fusion/fuse.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Profiles } from "../../device/profiles/profiles.ts";
import { MAX_KEPT, ProfileStore } from "../../device/profiles/store.ts";
import { parseTrustedKey } from "../../device/trusted-keys.ts";
import { MAX_JWS_LENGTH, signJws, verifyJws } from "../../protocols/jws.ts";
import type { Profile } from "../../protocols/mqtt/profile.ts";
import { analysisOf, declarationOf, detection, inputOf, stored } from "../fixtures/fusion.ts";

const NOW = Date.UTC(2026, 5, 1);
const TOKEN = "k1:AAAAAAAAAAAAAAAAAAAAAA";
const central = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
const raw = ({ publicKey }: { publicKey: KeyObject }) =>
  new Uint8Array(Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url"));

function jws(payload: unknown, key: KeyObject = central.privateKey, header?: object): string {
  if (header === undefined) return signJws(JSON.stringify(payload), key);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

function profile(version: number, more: Readonly<Record<string, unknown>> = {}): Partial<Profile> {
  return {
    schema: "lynceus-profile/1.0",
    version,
    validFrom: "2026-05-01T00:00:00.000Z",
    flows: { postal: { prior: 0.05, bands: { medium: 0.1, high: 0.4 }, randomRate: 0.02 } },
    thresholds: { firearm: 0.9 },
    stopTerms: ["blanket"],
    watchList: { keyEpoch: "k1", tokens: [TOKEN] },
    ...more,
  };
}

function event(data: unknown): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      specversion: "1.0",
      type: "org.lynceus.profile.v1",
      source: "/central",
      id: "6e0e2a3c-0000-4000-8000-000000000001",
      time: "2026-06-01T00:00:00.000Z",
      datacontenttype: "application/json",
      dataschema: "urn:lynceus:schema:profile:1.0",
      data,
    }),
  );
}

describe("risk profiles of central", () => {
  let folder = "";
  let now = NOW;
  let alerts: Alert[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-profiles-"));
    now = NOW;
    alerts = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function open(keys = [raw(central)]): Profiles {
    return new Profiles({
      site: "NLRTM-EX",
      gateway: "gw-01",
      store: new ProfileStore({ folder: join(folder, "profiles") }),
      keys: async () => ({ keys, faults: [] }),
      alerts: { raise: async (alert) => void alerts.push(alert) },
      clock: () => now,
      log: SILENT_LOG,
    });
  }
  const codes = () => alerts.map(({ code }) => code);
  const version = (profiles: Profiles) => profiles.inForce?.profile.version ?? null;

  it("are in force at once, override the lane's settings and outlive a restart", async () => {
    const own = fusionSettings({ prior: 0.01, floor: { blade: 0.7 } });
    const profiles = open();
    await profiles.start();
    expect(profiles.settings(own)).toBe(own);
    await profiles.receive(event(jws(profile(7))));
    expect(codes()).toEqual(["PROFILE_APPLIED"]);
    for (const one of [profiles, open()]) {
      if (one !== profiles) await one.start();
      const settings = one.settings(own);
      const inForce = { profile: "7", prior: 0.05, randomRate: 0.02, thresholds: { firearm: 0.9 } };
      expect(settings).toMatchObject(inForce);
      // What the profile does not name stays the lane's.
      expect(settings.floor).toEqual({ blade: 0.7, firearm: 0.9 });
      expect(one.settings(own)).toBe(settings);
    }
    expect(codes()).toEqual(["PROFILE_APPLIED"]);
  });

  it("stand in the hit: version, prior, bands, watch list, stop terms, thresholds and floors", async () => {
    const profiles = open();
    await profiles.receive(event(jws(profile(7))));
    const settings = profiles.settings(fusionSettings());
    const item = { seq: 1, description: "blanket", hs6: "630130", netMassKg: 1, originCountry: "PT" };
    const parties = { consignor: { kind: "legal" as const, token: TOKEN } };
    const matches = [stored(declarationOf({ parties, items: [item] }))];
    const seen = (score: number) => analysisOf({ detections: [detection("firearm", score)] });
    const result = fuse(inputOf({ settings, analysis: seen(0.7), matches }));
    expect(result.score).toMatchObject({ profile: "7", prior: 0.05, bands: { medium: 0.1, high: 0.4 } });
    expect(result.score.floor).toEqual([]);
    expect(result.reasons.map(({ code }) => code)).toContain("WATCH_LIST");
    expect(result.subject.matches[0]?.quality.failed.A1).toBeGreaterThan(0);
    const floored = fuse(inputOf({ settings, analysis: seen(0.95), matches }));
    expect(floored).toMatchObject({
      decision: "ALARM",
      score: { floor: [{ class: "firearm", threshold: 0.9 }] },
    });
  });

  it("may set roles, floors, national limits and a calibration; words of a later version are left out", async () => {
    const profiles = open();
    const sources = {
      mass: { slope: 0.5, offset: 0, discount: 0.5 },
      hamster: { slope: 1, offset: 0, discount: 1 },
    };
    const more = {
      schema: "lynceus-profile/1.7",
      flows: { teleport: { prior: 0.5, bands: { medium: 0.6, high: 0.7 }, randomRate: 0 } },
      roles: { tobacco: "alarm" },
      thresholds: { tobacco: 0.6, battery: 0.5, catnip: 0.4 },
      floor: { firearm: 0.8 },
      stopTerms: { en: ["thing"], pt: ["coisa"] },
      deMinimisEur: 22,
      examinationsPerHour: 6,
      calibration: { name: "outcomes to May", sources },
      novelty: true,
    };
    await profiles.receive(event(jws(profile(1, more))));
    const settings = profiles.settings(fusionSettings());
    expect(settings.flows).toEqual({});
    expect(settings.roles).toMatchObject({ tobacco: "alarm", battery: "evidence" });
    // A battery is evidence: its threshold marks detections and forces no alarm.
    expect(settings.floor).toEqual({ tobacco: 0.6, firearm: 0.8 });
    expect(settings.thresholds).toEqual({ tobacco: 0.6, battery: 0.5 });
    expect(settings.stopTerms.languages).toEqual({ en: new Set(["thing"]), pt: new Set(["coisa"]) });
    expect(settings).toMatchObject({ deMinimisEur: 22, examinationsPerHour: 6, prior: 0.01 });
    expect(Object.keys(settings.calibration.sources)).toEqual(["mass"]);
  });

  it("are refused where the signature, the form, the audience or the version does not hold", async () => {
    const profiles = open();
    await profiles.receive(event(jws(profile(7))));
    const [head, , mark] = jws(profile(9)).split(".") as [string, string, string];
    const forged = [head, Buffer.from(JSON.stringify(profile(99))).toString("base64url"), mark].join(".");
    const flows = { postal: { prior: 0.05, bands: { medium: 0.5, high: 0.4 }, randomRate: 0 } };
    const key = central.privateKey;
    const bad: [unknown, RegExp][] = [
      [jws(profile(9), stranger.privateKey), /no key in trust\.central signed it/],
      [forged, /no key in trust\.central signed it/],
      [jws(profile(9), key, { alg: "none" }), /algorithm is not EdDSA/],
      [jws(profile(9), key, { alg: "EdDSA", crit: ["exp"] }), /extensions/],
      ["a.b.c", /no compact JWS/],
      ["x".repeat(MAX_JWS_LENGTH + 1), /no compact JWS|at most/],
      [profile(9), /data is no compact JWS/],
      [jws({ ...profile(9), version: "9" }), /\/version/],
      [jws(profile(9, { flows })), /medium 0\.5 is not below high 0\.4/],
      [jws(profile(9, { aud: ["DEHAM"] })), /for DEHAM/],
      [jws(profile(6)), /version 6 is lower than 7/],
      [jws(profile(7, { stopTerms: [] })), /version 7 was taken before with other content/],
    ];
    for (const [data, why] of bad) {
      alerts = [];
      await profiles.receive(event(data));
      expect(codes()).toEqual(["PROFILE_REFUSED"]);
      expect(alerts[0]?.message).toMatch(why);
      expect(alerts[0]?.message).toContain("version 7 stands");
    }
    expect(version(profiles)).toBe(7);
  });

  it("for this site or gateway are taken, as a bare JWS too", async () => {
    const profiles = open();
    await profiles.receive(event(jws(profile(1, { aud: "NLRTM-EX" }))));
    await profiles.receive(new TextEncoder().encode(jws(profile(2, { aud: ["DEHAM", "NLRTM-EX/gw-01"] }))));
    expect(version(profiles)).toBe(2);
  });

  it("need only say what they change", async () => {
    const profiles = open();
    const own = fusionSettings({ prior: 0.03 });
    const validFrom = "2026-05-01T00:00:00Z";
    await profiles.receive(event(jws({ schema: "lynceus-profile/1.0", version: 4, validFrom })));
    expect(profiles.settings(own)).toEqual({ ...own, profile: "4" });
    const stopTerms = { version: "2026.3", terms: { en: ["thing"], de: ["Sache"] } };
    const part = profile(5, { flows: { postal: { randomRate: 0.1 } }, stopTerms });
    await profiles.receive(event(jws(part)));
    const { stopTerms: terms, ...settings } = profiles.settings(own);
    expect(settings).toMatchObject({ prior: 0.03, bands: own.bands, randomRate: 0.1 });
    expect(terms).toMatchObject({
      version: "2026.3",
      languages: { en: new Set(["thing"]), de: new Set(["sache"]) },
    });
  });

  it("sent again change nothing, a refused one is told once, and clearing the topic takes nothing back", async () => {
    const profiles = open();
    const message = event(jws(profile(7)));
    await profiles.receive(message);
    await profiles.receive(message);
    await profiles.receive(event(jws(profile(7), central.privateKey, { alg: "Ed25519", kid: "other" })));
    await profiles.receive(event(jws(profile(3))));
    await profiles.receive(event(jws(profile(3))));
    await profiles.receive(new Uint8Array(0));
    expect(codes()).toEqual(["PROFILE_APPLIED", "PROFILE_REFUSED"]);
    expect(version(profiles)).toBe(7);
  });

  it("P-36 of a later time wait for it, across a restart; a clock that is set back takes nothing back", async () => {
    const profiles = open();
    await profiles.receive(event(jws(profile(1))));
    await profiles.receive(event(jws(profile(2, { validFrom: "2026-06-02T00:00:00.000Z" }))));
    expect(version(profiles)).toBe(1);
    const again = open();
    await again.start();
    expect(version(again)).toBe(1);
    now = Date.UTC(2026, 5, 2);
    expect(again.settings(fusionSettings()).profile).toBe("2");
    now = NOW;
    expect(version(again)).toBe(2);
  });

  it("that wait are bounded, and a higher version that is in force at once ends them", async () => {
    const profiles = open();
    const later = (day: number) => `2026-06-${String(day).padStart(2, "0")}T00:00:00.000Z`;
    for (let n = 1; n <= MAX_KEPT + 5; n++)
      await profiles.receive(event(jws(profile(n, { validFrom: later(n + 1) }))));
    const file = join(folder, "profiles", "profiles.json");
    expect(JSON.parse(await readFile(file, "utf8")).profiles.length).toBeLessThanOrEqual(MAX_KEPT);
    await profiles.receive(event(jws(profile(50))));
    now = Date.UTC(2026, 6, 1);
    expect(version(profiles)).toBe(50);
    expect(await readdir(join(folder, "profiles"))).toEqual(["profiles.json"]);
  });

  it("under a key that is trusted no more are dropped, and their version still counts", async () => {
    await open().receive(event(jws(profile(7))));
    const other = open([raw(stranger)]);
    await other.start();
    expect(version(other)).toBe(null);
    expect(codes()).toEqual(["PROFILE_APPLIED", "PROFILE_REFUSED"]);
    await other.receive(event(jws(profile(3), stranger.privateKey)));
    expect(version(other)).toBe(null);
    await other.receive(event(jws(profile(8), stranger.privateKey)));
    expect(version(other)).toBe(8);
  });

  it("are refused where no key is trusted, and a damaged file counts as none", async () => {
    const unkeyed = open([]);
    await unkeyed.receive(event(jws(profile(1))));
    expect(alerts[0]?.message).toContain("trust.central names no key");
    await open().receive(event(jws(profile(1))));
    await writeFile(join(folder, "profiles", "profiles.json"), "{");
    alerts = [];
    const profiles = open();
    await profiles.start();
    expect(codes()).toEqual(["PROFILE_REFUSED"]);
    expect(version(profiles)).toBe(null);
    await profiles.receive(event(jws(profile(2))));
    expect(version(profiles)).toBe(2);
  });
});

describe("keys that are trusted", () => {
  it("are PEM, DER, JWK or 32 bytes, of Ed25519 and nothing else, and public", () => {
    const { publicKey, privateKey } = central;
    const text = (value: string | Buffer) => new TextEncoder().encode(String(value));
    const jwk = publicKey.export({ format: "jwk" });
    const forms = [
      text(publicKey.export({ type: "spki", format: "pem" })),
      new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
      text(JSON.stringify(jwk)),
      raw(central),
      text(`${jwk.x ?? ""}\n`),
      text(Buffer.from(raw(central)).toString("hex")),
    ];
    for (const form of forms) expect(parseTrustedKey(form)).toEqual(raw(central));
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    expect(() => parseTrustedKey(text(rsa.export({ type: "spki", format: "pem" })))).toThrow("type rsa");
    expect(() => parseTrustedKey(text(privateKey.export({ type: "pkcs8", format: "pem" })))).toThrow(
      "private",
    );
    expect(() => parseTrustedKey(text(JSON.stringify(privateKey.export({ format: "jwk" }))))).toThrow(
      "private",
    );
    expect(() => parseTrustedKey(text("no key"))).toThrow();
  });

  it("verify what RFC 8037 signed", () => {
    // RFC 8037, appendix A.4, with the key of A.1.
    const token =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    const key = Buffer.from("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "base64url");
    const { payload } = verifyJws(token, [raw(stranger), new Uint8Array(key)]);
    expect(new TextDecoder().decode(payload)).toBe("Example of Ed25519 signing");
  });
});

it("doctor names each key that central signs with, and those that cannot be used", async () => {
  const pem = String(central.publicKey.export({ type: "spki", format: "pem" }));
  const probe = (...names: string[]) =>
    probeTrust({ trust: { central: names } }, { GOOD: pem, BAD: "no key" });
  expect(await probe()).toMatchObject([{ state: "warning", what: "trust.central" }]);
  expect(await probe("env:GOOD", "env:BAD", "env:NONE")).toMatchObject([
    { state: "ok", found: expect.stringMatching(/^key [0-9a-f]{16}$/) },
    { state: "fault", found: expect.stringContaining("LYN_TRUSTED_KEY") },
    { state: "fault", found: expect.stringContaining("LYN_TRUSTED_KEY") },
  ]);
});
