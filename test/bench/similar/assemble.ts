/**
 * Writes the WebAssembly of `device/similar/hamming.ts` as base64 to stdout: assembled by `wat2wasm` (Debian's wabt) from the
 * text that this program makes. Run it again when the text changes, and put what it prints into MODULE.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Sketches compared at a time: one lane of a vector each. */
const GROUP = 16;
const lanes = (first: number) => Array.from({ length: 16 }, (_, i) => first + 2 * i).join(" ");

/** Bits in which sketch `n` of the group differs from the query, as 16 sums of 0–16. */
function bits(n: number): string {
  const half = (part: 0 | 1) =>
    `(i8x16.popcnt (v128.xor (v128.load offset=${32 * n + 16 * part} (local.get $at)) (local.get $query${part})))`;
  return `(i8x16.add ${half(0)} ${half(1)})`;
}

/** Sums of neighbouring lanes of two vectors, the first one's in the lower half: four times over, lane n is the sum of vector n. */
function merged(level: number, a: string, b: string): string {
  const [one, other] = [`$a${level}`, `$b${level}`];
  const shuffle = (first: number) =>
    `(i8x16.shuffle ${lanes(first)} (local.get ${one}) (local.get ${other}))`;
  return `(block (result v128) (local.set ${one} ${a}) (local.set ${other} ${b}) (i8x16.add_sat_u ${shuffle(0)} ${shuffle(1)}))`;
}

function tree(from: number, count: number): string {
  if (count === 1) return bits(from);
  const half = count / 2;
  return merged(Math.log2(count), tree(from, half), tree(from + half, half));
}

/** A loop over 16 bytes at a time of `count` bytes at `$at`. */
const loop = (body: string) =>
  `(block $done (loop $next (br_if $done (i32.ge_u (local.get $at) (local.get $end))) ${body} (br $next)))`;
const masked = "(i8x16.bitmask (i8x16.le_u (v128.load (local.get $at)) (i8x16.splat (local.get $limit))))";

const text = `(module
  (import "index" "memory" (memory 1))
  (func (export "distances") (param $at i32) (param $end i32) (param $out i32)
    (local $query0 v128) (local $query1 v128)
    ${[1, 2, 3, 4].map((level) => `(local $a${level} v128) (local $b${level} v128)`).join(" ")}
    (local.set $query0 (v128.load (i32.const 0)))
    (local.set $query1 (v128.load (i32.const 16)))
    ${loop(`(v128.store (local.get $out) ${tree(0, GROUP)})
      (local.set $at (i32.add (local.get $at) (i32.const ${32 * GROUP})))
      (local.set $out (i32.add (local.get $out) (i32.const ${GROUP})))`)})
  (func (export "within") (param $at i32) (param $end i32) (param $limit i32) (result i32)
    (local $found i32)
    ${loop(`(local.set $found (i32.add (local.get $found) (i32.popcnt ${masked})))
      (local.set $at (i32.add (local.get $at) (i32.const ${GROUP})))`)}
    (local.get $found))
  (func (export "collect") (param $at i32) (param $end i32) (param $limit i32) (param $out i32) (param $most i32) (result i32)
    (local $mask i32) (local $first i32) (local $found i32)
    (local.set $first (local.get $at))
    ${loop(`(local.set $mask ${masked})
      (block $empty (loop $bit
        (br_if $empty (i32.eqz (local.get $mask)))
        (br_if $done (i32.ge_u (local.get $found) (local.get $most)))
        (i32.store (i32.add (local.get $out) (i32.shl (local.get $found) (i32.const 2)))
          (i32.add (i32.sub (local.get $at) (local.get $first)) (i32.ctz (local.get $mask))))
        (local.set $found (i32.add (local.get $found) (i32.const 1)))
        (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
        (br $bit)))
      (local.set $at (i32.add (local.get $at) (i32.const ${GROUP})))`)}
    (local.get $found)))`;

const folder = mkdtempSync(join(tmpdir(), "lynceus-wat-"));
try {
  writeFileSync(join(folder, "hamming.wat"), text);
  execFileSync("wat2wasm", ["hamming.wat", "-o", "hamming.wasm"], { cwd: folder });
  process.stdout.write(`${readFileSync(join(folder, "hamming.wasm")).toString("base64")}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
