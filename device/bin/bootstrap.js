// What `npm start` and `npm test` run first, on whatever node the machine has: installs what is missing, says so, then
// hands over to the pinned Node 24. Plain JavaScript without dependencies, since nothing is installed yet.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pinnedNode } from "./pinned-node.js";

const REQUIRED_MAJOR = 24;
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const stamp = join(root, "node_modules", ".lynceus-installed");
const entries = { demo: ["device/bin/lynceus.js", "demo"], test: ["test/setup/run.ts"] };

const [task = "demo", ...rest] = process.argv.slice(2);
const entry = entries[task];
if (entry === undefined) fail(`unknown task ${task}; known: ${Object.keys(entries).join(", ")}`, 2);
installPackages();
const node = pickNode();
// The fourth is a leash (see lynceus.js): what was started ends with this process, even when that is killed.
const child = spawn(node, [...entry, ...rest], {
  cwd: root,
  stdio: ["inherit", "inherit", "inherit", "pipe"],
  env: { ...withPinnedFirst(node), ...(task === "demo" ? { LYNCEUS_LEASH: "3" } : {}) },
});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => {}); // the terminal sends it to the child as well; its exit code is ours
child.on("exit", (code, signal) => {
  process.exitCode = signal === "SIGINT" ? 130 : (code ?? 1);
});

/** `npm ci` when node_modules is missing or the lock file has changed since it was installed. */
function installPackages() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("installing npm packages (once, about a minute) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  // `skip` keeps onnxruntime-node from downloading GPU libraries: its CPU library is in the package itself.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const run = spawnSync(
    command,
    [...first, "ci", "--include=dev", "--include=optional", "--loglevel=error", "--no-audit", "--no-fund"],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
      env,
    },
  );
  if (run.status !== 0)
    fail("npm ci failed: see its message above; this machine must reach an npm registry", 1);
  writeFileSync(stamp, wanted);
}

function pickNode() {
  const pinned = pinnedNode(root);
  if (pinned !== null) {
    const version =
      spawnSync(pinned, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout?.trim() ?? "";
    if (version.startsWith(`${REQUIRED_MAJOR}.`)) return pinned;
    say(
      `the pinned Node (${pinned}) does not run here${version === "" ? "" : ` (it is ${version}, not ${REQUIRED_MAJOR})`}`,
    );
  }
  if (Number(process.versions.node.split(".")[0]) >= REQUIRED_MAJOR) {
    say(
      `no pinned Node ${REQUIRED_MAJOR} for ${process.platform} ${process.arch}; running on this machine's Node ${process.versions.node}`,
    );
    return process.execPath;
  }
  return fail(
    `Node ${REQUIRED_MAJOR} is needed; the node found is ${process.versions.node} and the pinned package node-linux-${process.arch} is not installed. ` +
      "Run `npm ci --include=optional`, or install Node 24.",
    1,
  );
}

function withPinnedFirst(node) {
  return {
    ...process.env,
    PATH: `${dirname(node)}:${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`,
  };
}

function say(text) {
  process.stderr.write(`lynceus: ${text}\n`);
}

function fail(text, code) {
  say(text);
  process.exit(code);
}
