/** A gate of the campaign: how much of it there is at full size, in pieces that are one run each. */
export interface Gate {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** Of the unit, at full size. */
  readonly size: number;
  /** Of the unit, in one piece at most. */
  readonly piece: number;
  /** Each piece has a seed of its own. */
  readonly seeded: boolean;
  readonly tests: readonly string[];
  /** Tests of these files whose titles hold this; absent: all. */
  readonly only?: string;
  /** Settings of a piece of `count` units. */
  readonly env: (count: number, seed: number) => Readonly<Record<string, string>>;
  /** Seconds that a unit may take at most on a slow machine; a piece is given up after the sum and ten minutes. */
  readonly secondsPerUnit: number;
}

/** Every parser of bytes that come from outside. */
const PARSERS = [
  "test/unit/protocols-fuzz.test.ts",
  "test/unit/protocols-mqtt-events.test.ts",
  "test/unit/protocols-declaration.test.ts",
  "test/unit/scale-profiles.test.ts",
  "test/unit/radiation-portals.test.ts",
  "test/unit/hid-reports.test.ts",
  "test/unit/n42-documents.test.ts",
  "test/unit/dicom-fuzz.test.ts",
  "test/unit/declaration-adapters.test.ts",
  "test/unit/fuzz-parsers.test.ts",
] as const;

export const GATES: readonly Gate[] = [
  {
    name: "kills",
    unit: "processes killed",
    size: 10_000,
    piece: 250,
    seeded: true,
    tests: ["test/chaos/kill-cycles.test.ts"],
    env: (count, seed) => ({ LYNCEUS_KILL_CYCLES: String(count), LYNCEUS_SEED: String(seed) }),
    secondsPerUnit: 10,
  },
  {
    name: "cuts",
    unit: "power cuts",
    size: 100_000,
    piece: 2000,
    seeded: true,
    tests: ["test/chaos/power-cut.test.ts"],
    only: "P-01",
    env: (count, seed) => ({ LYNCEUS_CUTS: String(count), LYNCEUS_SEED: String(seed) }),
    secondsPerUnit: 1,
  },
  {
    name: "frames",
    unit: "frames a parser",
    size: 100_000_000,
    piece: 1_000_000,
    seeded: true,
    tests: PARSERS,
    env: (count, seed) => ({ LYNCEUS_FUZZ_ROUNDS: String(count), LYNCEUS_SEED: String(seed) }),
    secondsPerUnit: 0.01,
  },
  {
    name: "histories",
    unit: "random histories of the outbox",
    size: 1_000_000,
    piece: 50_000,
    seeded: true,
    tests: ["test/chaos/outbox-histories.test.ts"],
    env: (count, seed) => ({ LYNCEUS_HISTORIES: String(count), LYNCEUS_SEED: String(seed) }),
    secondsPerUnit: 0.05,
  },
  {
    name: "io",
    unit: "scans under a disk that errs",
    size: 10_000,
    piece: 200,
    seeded: false,
    tests: ["test/chaos/io-errors.test.ts"],
    env: (count) => ({ LYNCEUS_IO_SCANS: String(count) }),
    secondsPerUnit: 30,
  },
  {
    name: "backlog",
    unit: "rows of one backlog",
    size: 1_000_000,
    piece: 1_000_000,
    seeded: false,
    tests: ["test/chaos/backlog.test.ts"],
    env: (count) => ({ LYNCEUS_BACKLOG: String(count) }),
    secondsPerUnit: 0.01,
  },
  {
    name: "soak",
    unit: "minutes at one scan a second",
    size: 1440,
    piece: 1440,
    seeded: false,
    tests: ["test/chaos/soak.test.ts"],
    env: (count) => ({ LYNCEUS_SOAK_MINUTES: String(count) }),
    secondsPerUnit: 90,
  },
];

/** One run of a gate. */
export interface Piece {
  readonly gate: Gate;
  readonly count: number;
  readonly seed: number;
}

/** The pieces of a gate at a fraction of its size, at least one; seeds count up from `seed`. */
export function piecesOf(gate: Gate, fraction: number, seed: number): readonly Piece[] {
  const size = Math.max(1, Math.round(gate.size * fraction));
  const pieces: Piece[] = [];
  for (let done = 0; done < size; done += gate.piece) {
    pieces.push({ gate, count: Math.min(gate.piece, size - done), seed: seed + pieces.length });
  }
  return pieces;
}

/** The command that repeats a piece. */
export function commandOf({ gate, count, seed }: Piece): string {
  const settings = Object.entries(gate.env(count, seed)).map(([name, value]) => `${name}=${value}`);
  const only = gate.only === undefined ? "" : ` -t ${gate.only}`;
  return `${settings.join(" ")} npx vitest run ${gate.tests.join(" ")}${only}`;
}
