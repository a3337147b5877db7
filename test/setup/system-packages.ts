import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The packages of `system-packages.txt`. */
export function listedPackages(): readonly string[] {
  const text = readFileSync(new URL("./system-packages.txt", import.meta.url), "utf8");
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Those of them that dpkg does not know as installed; all of them where there is no dpkg. */
export function missingPackages(listed: readonly string[]): readonly string[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query has its own placeholders
  const run = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Abbrev}${Package}\n", ...listed], {
    encoding: "utf8",
  });
  const installed = new Set(
    (run.stdout ?? "")
      .split("\n")
      .filter((line) => line.startsWith("ii "))
      .map((line) => line.slice(3).trim()),
  );
  return listed.filter((name) => !installed.has(name));
}

/** Installs what is missing as root with apt; otherwise says what to install. Returns whether all is there. */
export function ensureSystemPackages(
  say: (text: string) => void,
  options: { listed: readonly string[]; canInstall: boolean } = {
    listed: listedPackages(),
    canInstall: canInstall(),
  },
): boolean {
  const missing = missingPackages(options.listed);
  if (missing.length === 0) return true;
  if (!options.canInstall) {
    say(
      `these system packages are missing and cannot be installed from here (no root, or no apt): ${missing.join(" ")}`,
    );
    say(`install them with: sudo apt-get install --no-install-recommends ${missing.join(" ")}`);
    return false;
  }
  say(`installing system packages: ${missing.join(" ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: readonly string[]) =>
    spawnSync("apt-get", ["-qq", ...args], { stdio: ["ignore", 2, 2], env }).status === 0;
  const done = apt("update") && apt("install", "-y", "--no-install-recommends", ...missing);
  if (!done) say(`apt-get could not install: ${missingPackages(missing).join(" ")}`);
  return done;
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
}
