/** The commands that run for months. */
const LASTING = new Set(["run", "inference"]);
const FLAG = "--max-semi-space-size";
/**
 * The most that V8 may give a thread for what it has just made: 16 MB instead of 128. Left alone, V8 doubles it whenever much of
 * that is in use at the moment it looks, and never gives it back: in a soak the gateway rose in steps from 263 to 420 MB with the
 * memory in use flat.
 */
export const YOUNG_GENERATION = [`${FLAG}=8`];

/**
 * The environment of a command that lasts. Threads share two heaps of the C library instead of having one each: what a thread has
 * used once (64 MB of planes that were read again) is then there for the others, where its own heap kept it.
 */
export function lastingEnvironment() {
  return { MALLOC_ARENA_MAX: "2", ...process.env };
}

/** Whether the command of `args` lasts and nobody has set the limit. */
export function wantsLimit(args) {
  const set = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) => option.includes(FLAG));
  return !set && LASTING.has(args.find((arg) => !arg.startsWith("-")) ?? "");
}

/**
 * Becomes the same program with the limits, as the same process: they are read only as it starts. Returns where that cannot be
 * done (an older Node, a parent that talks to this process by a channel); the program then runs without.
 */
export function becomeLimited(script, args) {
  if (typeof process.execve !== "function" || process.channel) return;
  const argv = [process.execPath, ...YOUNG_GENERATION, ...process.execArgv, script, ...args];
  process.execve(process.execPath, argv, lastingEnvironment());
}
