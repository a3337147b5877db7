import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Piece } from "./gates.ts";

/** What became of a piece. */
export interface Done {
  readonly gate: string;
  readonly count: number;
  readonly seed: number;
  readonly passed: boolean;
  readonly seconds: number;
  /** The file that holds what it printed. */
  readonly log: string;
  /** Of a failed one, the last lines. */
  readonly tail: readonly string[];
}

/** Pieces of the same size and seed are the same. */
export function keyOf({ gate, count, seed }: Piece): string {
  return `${gate.name} ${count} ${seed}`;
}

export function readState(folder: string): Record<string, Done> {
  const path = join(folder, "state.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, Done>) : {};
}

export function writeState(folder: string, state: Readonly<Record<string, Done>>): void {
  const path = join(folder, "state.json");
  writeFileSync(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.part`, path);
}
