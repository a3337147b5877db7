import { LynceusError } from "../../errors.ts";

/** Bounds of a table: one beyond them is refused as a whole. */
export const CSV_LIMITS = { characters: 64_000_000, rows: 1_000_000, columns: 256, field: 16_384 } as const;

/** One row, its fields in the order of the columns. */
export type CsvRow = readonly string[];

/**
 * Reads a table (RFC 4180): fields between quotation marks may hold delimiters, line breaks and doubled marks. Line ends may
 * be CRLF, LF or CR, the first row may begin with a byte order mark, empty rows are left out.
 *
 * @throws LynceusError `LYN_DECLARATION_CSV` for a table beyond {@link CSV_LIMITS} or a quotation mark that is never closed.
 */
export function readCsv(text: string, delimiter = ","): CsvRow[] {
  if (text.length > CSV_LIMITS.characters)
    throw refused(1, `it has more than ${CSV_LIMITS.characters} characters`);
  const rows: CsvRow[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const fields: string[] = [];
    for (;;) {
      const field = readField(text, at, delimiter, rows.length + 1);
      fields.push(field.value);
      at = field.end;
      if (fields.length > CSV_LIMITS.columns)
        throw refused(rows.length + 1, `it has more than ${CSV_LIMITS.columns} columns`);
      if (text[at] !== delimiter) break;
      at += 1;
    }
    at = afterLine(text, at);
    if (fields.length > 1 || fields[0] !== "") rows.push(fields);
    if (rows.length > CSV_LIMITS.rows) throw refused(rows.length, `it has more than ${CSV_LIMITS.rows} rows`);
  }
  return rows;
}

function readField(
  text: string,
  from: number,
  delimiter: string,
  row: number,
): { value: string; end: number } {
  const found = text[from] === '"' ? quoted(text, from + 1, row) : bare(text, from, delimiter);
  if (found.value.length > CSV_LIMITS.field)
    throw refused(row, `a field has more than ${CSV_LIMITS.field} characters`);
  return found;
}

function bare(text: string, from: number, delimiter: string): { value: string; end: number } {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return { value: text.slice(from, end), end };
}

function quoted(text: string, from: number, row: number): { value: string; end: number } {
  let value = "";
  let start = from;
  for (;;) {
    const mark = text.indexOf('"', start);
    if (mark < 0 || mark - from > CSV_LIMITS.field * 2)
      throw refused(row, "a quotation mark is never closed");
    value += text.slice(start, mark);
    if (text[mark + 1] !== '"') {
      // What stands between the closing mark and the next delimiter belongs to no field.
      let end = mark + 1;
      while (text[end] === " ") end += 1;
      return { value, end };
    }
    value += '"';
    start = mark + 2;
  }
}

/** Behind the end of the line; a stray character behind a closing mark is passed over with its line. */
function afterLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at += 1;
  if (text[at] === "\r" && text[at + 1] === "\n") return at + 2;
  return at + 1;
}

function refused(row: number, why: string): LynceusError {
  return new LynceusError("LYN_DECLARATION_CSV", `The table cannot be read at row ${row}: ${why}`, {
    remedy: "Send it as comma-separated values (RFC 4180) in UTF-8, in smaller files where it is too large.",
    details: { row },
  });
}
