import type { Config } from "../config/schema.ts";
import type { OpenProcess } from "./process.ts";
import { socketProcess } from "./socket-process.ts";

/** Where the analysis process runs: behind the socket that the configuration or the unit names, else a child of the gateway. */
export function processOf(
  { inference }: Pick<Config, "inference">,
  env: Readonly<Record<string, string | undefined>>,
): OpenProcess | undefined {
  const path = inference?.socket ?? env["LYNCEUS_INFERENCE_SOCKET"];
  return path === undefined || path === "" ? undefined : socketProcess(path);
}
