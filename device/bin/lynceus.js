#!/usr/bin/env node
// The launcher behind `lynceus`. Plain JavaScript that any Node from 18 on can parse: it finds the pinned Node 24 when the
// system's node is another, and runs the sources in a checkout, the compiled files in an installed package.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { Socket } from "node:net";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { becomeLimited, lastingEnvironment, wantsLimit, YOUNG_GENERATION } from "./memory.js";
import { pinnedNode } from "./pinned-node.js";

const REQUIRED_MAJOR = 24;
/** A pipe between launcher and program that nobody writes to: it closes when the launcher is gone, even by SIGKILL. */
const LEASH_FD = 3;

const here = fileURLToPath(new URL(".", realpathUrl(import.meta.url)));
const source = fileURLToPath(new URL("../cli/main.ts", realpathUrl(import.meta.url)));
const compiled = fileURLToPath(new URL("../../dist/device/cli/main.js", realpathUrl(import.meta.url)));
// Node strips no types below node_modules, so an installed package always runs its compiled files; LYNCEUS_COMPILED=1 does
// the same in a checkout after `npm run build`, for measurements of what is installed in the field.
const fromSource =
  !here.includes("/node_modules/") && process.env.LYNCEUS_COMPILED !== "1" && existsSync(source);
const entry = fromSource ? source : compiled;
const major = Number(process.versions.node.split(".")[0]);
const script = fileURLToPath(import.meta.url);
const args = process.argv.slice(2);
const limited = wantsLimit(args);

if (major >= REQUIRED_MAJOR) {
  if (limited) becomeLimited(script, args);
  endWithLauncher();
  const { keepCompiledCode } = await import(
    new URL(`../compile-cache${extname(entry)}`, pathToFileURL(entry))
  );
  keepCompiledCode();
  const { main } = await import(entry);
  await main(args);
} else {
  const node = pinnedNode(here);
  if (node === null) {
    process.stderr.write(
      `lynceus needs Node ${REQUIRED_MAJOR} or newer; this is Node ${process.versions.node} (${process.execPath}) and the pinned one is not ` +
        `installed. Run \`npm ci\` in the checkout (it brings node-linux-${process.arch}), or install Node ${REQUIRED_MAJOR}.\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...(limited ? YOUNG_GENERATION : []), script, ...args], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...(limited ? lastingEnvironment() : process.env), LYNCEUS_LEASH: String(LEASH_FD) },
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {}); // the terminal sends it to the child as well; its exit code is ours
  child.on("exit", (code, signal) => {
    process.exitCode = signal === "SIGINT" ? 130 : (code ?? 1);
  });
}

/** Started by a launcher, the program stops when the launcher does, as on SIGTERM. */
function endWithLauncher() {
  if (process.env.LYNCEUS_LEASH !== String(LEASH_FD)) return;
  delete process.env.LYNCEUS_LEASH; // what this process starts has a leash of its own, or none
  const leash = new Socket({ fd: LEASH_FD, readable: true, writable: false });
  leash.on("error", () => leash.destroy());
  leash.on("close", () => process.kill(process.pid, "SIGTERM"));
  leash.resume();
  leash.unref();
}

function realpathUrl(url) {
  return new URL(`file://${realpathSync(fileURLToPath(url))}`);
}
