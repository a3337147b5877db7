import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { firstExpiry, roleCertificates } from "../../certificate-expiry.ts";
import { openKernelClock } from "../../clock/kernel-clock.ts";
import type { Config } from "../../config/schema.ts";
import { loadModels } from "../../inference/models.ts";
import { openSigner } from "../../keys/signer.ts";
import { readSigningKey } from "../../keys/signing-key.ts";
import { SILENT_LOG } from "../../log.ts";
import { modelPartsOf } from "../../models/of-config.ts";
import { modelTrustOf } from "../../models/trust-of-config.ts";
import { type Finding, failed, fault, ok, warning } from "./finding.ts";

type Env = Readonly<Record<string, string | undefined>>;

const DAY_MS = 86_400_000;
/** A certificate that ends sooner is a warning. */
const EXPIRY_WARNING_DAYS = 14;

/** Certificates of the connection: readable, and not about to end. */
export async function probeTls({ broker }: Config, env: Env): Promise<Finding> {
  const what = "broker.tls";
  if (broker.tls === undefined) {
    return /^(mqtts|wss):/.test(broker.url)
      ? ok(what, "the system's certificate authorities are trusted")
      : warning(what, "the connection is not encrypted", "Use mqtts:// outside test sites");
  }
  try {
    const expiry = firstExpiry(await roleCertificates(broker, env));
    if (expiry === null) return ok(what, "no client certificate");
    const days = Math.floor((Date.parse(expiry) - Date.now()) / DAY_MS);
    if (days < 0) return fault(what, `a client certificate ended on ${expiry}`, "Renew the certificate");
    return days < EXPIRY_WARNING_DAYS
      ? warning(what, `a client certificate ends in ${days} days`, "Renew the certificate")
      : ok(what, `client certificates are valid until ${expiry}`);
  } catch (error) {
    return failed(what, error, "Check the files of broker.tls and who may read them");
  }
}

/** Each model that a lane names: loaded, and its known-answer test run on this machine. */
export async function probeModels(config: Config, env: Env): Promise<readonly Finding[]> {
  const names = [...new Set(config.lanes.flatMap((lane) => lane.models))];
  const { store, folders } = modelPartsOf(config, env, SILENT_LOG);
  const pinned = await store.read().then(
    (state) => store.pinsOf(state),
    () => ({}), // the gateway runs without them too, and says so
  );
  const trust = await modelTrustOf(config, env);
  const loaded = await loadModels({ names, folders, pinned, trust });
  return names.map((name) => {
    const what = `model ${name}`;
    const wrong = loaded.faults.find(({ model }) => model === name);
    if (wrong !== undefined) return fault(what, `${wrong.code}: ${wrong.message}`, wrong.remedy);
    const found = loaded.models.find((model) => model.name === name);
    return ok(what, `${name} ${found?.version ?? ""} gives its known answers`);
  });
}

/** The disk under the spool: room, and whether it can be written. */
export async function probeDisk({ spool }: Config): Promise<Finding> {
  const what = "disk";
  let folder = spool.path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const room = `${gigabytes(free)} free at ${spool.path}`;
    if (free < spool.minFreeBytes)
      return fault(
        what,
        `${room}, ${gigabytes(spool.minFreeBytes)} wanted`,
        "Free space, or lower spool.minFreeBytes: scanners are refused below it",
      );
    return free < 2 * spool.minFreeBytes
      ? warning(what, room, "Free space soon: scanners are refused below spool.minFreeBytes")
      : ok(what, room);
  } catch (error) {
    return failed(what, error, "Let this user write the folder of spool.path");
  }
}

export async function probeClock(): Promise<Finding> {
  const kernel = await openKernelClock(Date.now);
  return kernel().synchronised
    ? ok("clock", "follows a reference")
    : warning(
        "clock",
        "follows no reference",
        "Run systemd-timesyncd or chrony: hits carry times that central compares",
      );
}

export async function probeSigning({ signing }: Config, env: Env): Promise<Finding> {
  if (signing === undefined)
    return warning(
      "signing",
      "hits are not signed",
      "Set signing.key so that central can prove who wrote them",
    );
  try {
    return ok("signing", `key ${openSigner(await readSigningKey(signing, env)).keyId}`);
  } catch (error) {
    return failed("signing", error, "Check signing.key and who may read it");
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
