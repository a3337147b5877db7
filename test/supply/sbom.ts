import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../fixtures/project.ts";
import { lockedPackages } from "./lockfile.ts";

/**
 * `npm run sbom [-- FILE]`: the CycloneDX bill of materials of what a site installs, from the lock file, with the model packages that
 * come along. The same lock file gives the same bytes: no time and no random number is in it.
 */
interface Bom {
  serialNumber: string;
  metadata: Record<string, unknown>;
  components: Record<string, unknown>[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/** What npm says of the lock file, without what only tools need: `--omit dev` leaves out what both need, too. */
function packagesOf(): Bom {
  const text = execFileSync(
    "npm",
    ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--silent"],
    { cwd: ROOT, encoding: "utf8", maxBuffer: 64 << 20, stdio: ["ignore", "pipe", "inherit"] },
  );
  const bom = JSON.parse(text) as Bom;
  const shipped = new Set(
    lockedPackages().flatMap(({ name, version, dev }) => (dev ? [] : `${name}@${version}`)),
  );
  const components = bom.components.filter((one) =>
    shipped.has(`${String(one["name"])}@${String(one["version"])}`),
  );
  const root = (bom.metadata["component"] as { "bom-ref"?: string } | undefined)?.["bom-ref"];
  const refs = new Set([root, ...components.map((one) => one["bom-ref"])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  return { ...bom, components, dependencies };
}

/** A model is a component like any other: what runs is named, with its digest. */
function models(): Record<string, unknown>[] {
  const folder = join(ROOT, "models/packages");
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const manifest = readFileSync(join(folder, name, "model.json"));
      const { name: model, version } = JSON.parse(manifest.toString()) as { name: string; version: string };
      return {
        "bom-ref": `model/${model}@${version}`,
        type: "machine-learning-model",
        name: model,
        version,
        hashes: [{ alg: "SHA-256", content: createHash("sha256").update(manifest).digest("hex") }],
        licenses: [{ license: { id: "Apache-2.0" } }],
        description: "SHA-256 of its manifest, which holds those of its files",
      };
    });
}

const { serialNumber: _, ...bom } = packagesOf();
const { timestamp: __, ...metadata } = bom.metadata;
const whole = { ...bom, metadata, components: [...bom.components, ...models()] };
const digest = createHash("sha256").update(JSON.stringify(whole)).digest("hex");
const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
const text = `${JSON.stringify({ ...whole, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`;
const file = process.argv[2];
if (file === undefined) process.stdout.write(text);
else writeFileSync(file, text);
