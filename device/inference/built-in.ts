import { fileURLToPath } from "node:url";

/** Model packages that come with the project: beside the sources in a checkout, one folder up from `dist/` when installed. */
export function builtInModels(): string {
  const up = import.meta.url.endsWith(".ts") ? "../../models/packages" : "../../../models/packages";
  return fileURLToPath(new URL(up, import.meta.url));
}
