/** The public customs declarations (CSV) as rows for a tabular package; party columns are not looked at. */
import { open, stat } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";
import type { TabularRow } from "../tabular.ts";

/** Largest file, bytes. */
export const MAX_CSV_BYTES = 512 * 1024 * 1024;
/** Longest line, characters. */
export const MAX_CSV_LINE = 64 * 1024;

/** Column of the data set → member of a row. */
const COLUMNS = {
  "HS6 Code": "hs6",
  "Country of Origin": "originCountry",
  "Country of Departure": "departureCountry",
  "Mode of Transport": "transportMode",
  "Net Mass": "netMassKg",
  "Item Price": "value",
} as const;
const LABEL = "Fraud";

export interface LabelledRows {
  readonly rows: TabularRow[];
  /** Whether the inspection found an irregularity. */
  readonly labels: boolean[];
}

/**
 * Reads the declarations of `path`.
 * @throws LynceusError LYN_PATH_MISSING, LYN_DATASET
 */
export async function readDeclarations(path: string): Promise<LabelledRows> {
  const size = await stat(path).then(
    (found) => found.size,
    (cause: unknown) => {
      const remedy = "Give the path of a CSV file of declarations with --test.";
      throw new LynceusError("LYN_PATH_MISSING", `${path} cannot be read`, { remedy, cause });
    },
  );
  if (size > MAX_CSV_BYTES) throw fault(path, `has ${size} bytes, the limit is ${MAX_CSV_BYTES}`);
  await using file = await open(path);
  const out: LabelledRows = { rows: [], labels: [] };
  let header: readonly string[] | null = null;
  for await (const line of file.readLines()) {
    if (line.length > MAX_CSV_LINE) throw fault(path, `has a line of ${line.length} characters`);
    if (line.trim() === "") continue;
    const cells = cellsOf(line);
    if (header === null) header = headerOf(cells, path);
    else take(header, cells, out, path);
  }
  if (out.rows.length === 0) throw fault(path, "holds no declarations");
  return out;
}

function headerOf(cells: readonly string[], path: string): readonly string[] {
  const names = cells.map((cell) => cell.replace(/^\uFEFF/, "").trim());
  const absent = [...Object.keys(COLUMNS), LABEL].filter((name) => !names.includes(name));
  if (absent.length > 0) throw fault(path, `has no column ${absent.join(", ")}`);
  return names;
}

function take(header: readonly string[], cells: readonly string[], out: LabelledRows, path: string): void {
  const record = new Map(header.map((name, at) => [name, (cells[at] ?? "").trim()]));
  const label = record.get(LABEL)!;
  if (!/^[01](\.0*)?$/.test(label))
    throw fault(path, `row ${out.rows.length + 1}: ${LABEL} is neither 0 nor 1`);
  const text = (name: keyof typeof COLUMNS) => record.get(name) || undefined;
  const number = (name: keyof typeof COLUMNS) => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  out.rows.push({
    hs6: text("HS6 Code"),
    originCountry: text("Country of Origin"),
    departureCountry: text("Country of Departure"),
    transportMode: text("Mode of Transport"),
    netMassKg: number("Net Mass"),
    value: number("Item Price"),
  });
  out.labels.push(Number(label) === 1);
}

/** The cells of one line (RFC 4180; a quoted cell may hold commas and doubled quotes, not line breaks). */
function cellsOf(line: string): string[] {
  const cells = line.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g) ?? [];
  return cells.slice(0, line.endsWith(",") ? undefined : -1).map((cell) => {
    const bare = cell.replace(/,$/, "");
    return bare.startsWith('"') ? bare.slice(1, -1).replaceAll('""', '"') : bare;
  });
}

function fault(path: string, message: string): LynceusError {
  return new LynceusError("LYN_DATASET", `${path} ${message}`, {
    remedy: "Give a CSV with the columns of the public customs declarations, a header and labels.",
  });
}
