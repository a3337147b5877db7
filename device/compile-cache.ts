import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Has Node keep the compiled form of what this process loads: a third off the start. Not in the folder for temporary files:
 * what lies there is code that others could put there. `CACHE_DIRECTORY` is what a service manager provides.
 */
export function keepCompiledCode(): void {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME } = process.env;
  const folder = CACHE_DIRECTORY ?? XDG_CACHE_HOME ?? join(homedir(), ".cache");
  enableCompileCache(join(folder, "lynceus", "compiled"));
}
