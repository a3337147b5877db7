import { expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { CertificateWatch, nearnessOf } from "../../device/certificate-watch.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { createAuthority } from "../fixtures/certificates.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const DAY_MS = 86_400_000;

it("the end of a client certificate is told when it is near, again when it is very near, and each only once", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority(folder.path);
  const hit = await authority.pair("hit", { fromDays: 0, toDays: 30 });
  const bulk = await authority.pair("bulk", { fromDays: 0, toDays: 60 });
  const alerts: Alert[] = [];
  let now = Date.now();
  const watch = new CertificateWatch({
    broker: { tls: { cert: hit.cert, roles: { bulk } } },
    env: {},
    alerts: { raise: async (alert) => void alerts.push(alert) },
    clock: () => now,
    log: SILENT_LOG,
  });
  const lookAt = async (day: number) => {
    now = Date.now() + day * DAY_MS;
    alerts.length = 0;
    await watch.look();
    await watch.look();
    return alerts.map(({ code, severity, details }) => `${code} ${severity} ${details?.["role"]}`).sort();
  };
  expect(await lookAt(20)).toEqual([]);
  expect(await lookAt(26)).toEqual(["CERTIFICATE_EXPIRES warning hit", "CERTIFICATE_EXPIRES warning in"]);
  expect(await lookAt(29.5)).toEqual(["CERTIFICATE_EXPIRES critical hit", "CERTIFICATE_EXPIRES critical in"]);
  expect(await lookAt(31)).toEqual([]);
  expect(await lookAt(55)).toEqual(["CERTIFICATE_EXPIRES warning bulk"]);
});

it("a certificate of years is told of 30 days before its end, one of an hour ten minutes before", () => {
  const years = { from: 0, to: 3650 * DAY_MS };
  expect(nearnessOf(years, years.to - 31 * DAY_MS)).toBe("far");
  expect(nearnessOf(years, years.to - 29 * DAY_MS)).toBe("warning");
  expect(nearnessOf(years, years.to - 2 * DAY_MS)).toBe("critical");
  expect(nearnessOf(years, years.to + 1)).toBe("critical");
  const hour = { from: 0, to: 3_600_000 };
  expect(nearnessOf(hour, hour.to - 11 * 60_000)).toBe("far");
  expect(nearnessOf(hour, hour.to - 9 * 60_000)).toBe("warning");
});
