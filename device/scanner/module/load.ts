import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LynceusError } from "../../../protocols/errors.ts";
import { DRIVER_API, type DriverModule } from "./api.ts";

/**
 * Loads a driver module: a package name, looked for from `base`, or a path.
 * @throws LynceusError `LYN_DRIVER_MODULE` for one that is not there, does not load or exports something else.
 */
export async function loadDriverModule(name: string, base: string): Promise<DriverModule> {
  const url = locate(name, base);
  let exported: Partial<Record<keyof DriverModule, unknown>> & { driver?: unknown };
  try {
    exported = (await import(url)) as typeof exported;
  } catch (cause) {
    throw unusable(name, `it does not load: ${(cause as Error).message}`, cause);
  }
  const found = (
    typeof exported.driver === "object" && exported.driver !== null ? exported.driver : exported
  ) as Partial<Record<keyof DriverModule, unknown>>;
  if (found.apiVersion !== DRIVER_API)
    throw unusable(
      name,
      `it is made for version ${String(found.apiVersion)} of the driver interface, not ${DRIVER_API}`,
    );
  if (typeof found.name !== "string" || typeof found.createDriver !== "function")
    throw unusable(name, "it does not export name and createDriver");
  if (found.createPeer !== undefined && typeof found.createPeer !== "function")
    throw unusable(name, "its createPeer is no function");
  return found as DriverModule;
}

function locate(name: string, base: string): string {
  if (name.startsWith(".") || isAbsolute(name)) {
    const path = resolve(base, name);
    if (!existsSync(path)) throw unusable(name, `there is no file ${path}`);
    return pathToFileURL(path).href;
  }
  try {
    return pathToFileURL(createRequire(join(base, "package.json")).resolve(name)).href;
  } catch (cause) {
    throw unusable(name, `no such package is installed in ${base}`, cause);
  }
}

function unusable(name: string, why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_DRIVER_MODULE", `Driver module ${name}: ${why}`, {
    remedy:
      "Install the vendor's package beside the configuration and check its version, or name the file by ./PATH",
    details: { module: name },
    ...(cause === undefined ? {} : { cause }),
  });
}
