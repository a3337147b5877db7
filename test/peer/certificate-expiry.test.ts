import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstExpiry, roleCertificates } from "../../device/certificate-expiry.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const DAY_MS = 86_400_000;

function certificate(folder: string, name: string, days: number): string {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const out = ["-subj", `/CN=${name}`, "-days", String(days), "-keyout", key, "-out", file];
  execFileSync("openssl", ["req", ...options, ...out], { stdio: "pipe" });
  return file;
}

test("health names the client certificate that expires first, read anew each time", async () => {
  using folder = temporaryFolder();
  const long = certificate(folder.path, "long", 30);
  const short = certificate(folder.path, "short", 3);
  const daysLeft = async (tls: Parameters<typeof roleCertificates>[0]["tls"]) => {
    const expiry = firstExpiry(await roleCertificates({ tls }, { CERT: readFileSync(short, "utf8") }));
    return expiry === null ? null : (Date.parse(expiry) - Date.now()) / DAY_MS;
  };
  expect(await daysLeft(undefined)).toBeNull();
  expect(await daysLeft({ cert: undefined, roles: {} })).toBeNull();
  expect(await daysLeft({ cert: long, roles: {} })).toBeCloseTo(30, 1);
  expect(await daysLeft({ cert: long, roles: { in: { cert: short, key: "k" } } })).toBeCloseTo(3, 1);
  expect(await daysLeft({ cert: "env:CERT", roles: {} })).toBeCloseTo(3, 1);
  writeFileSync(short, readFileSync(long));
  expect(await daysLeft({ cert: short, roles: {} })).toBeCloseTo(30, 1);
  writeFileSync(short, "no certificate");
  await expect(daysLeft({ cert: short, roles: {} })).rejects.toThrow();
});
