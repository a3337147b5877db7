import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../sqlite.ts";
import type { Key } from "./keys.ts";
import { DECLARATIONS_FILE } from "./open.ts";
import { countByConsignee, find, type KeptDeclaration } from "./store.ts";

/** A look into the declarations of a spool that a gateway may have open. Times are ms since the epoch. */
export interface DeclarationReader {
  find(identifiers: readonly Key[], now: number): readonly KeptDeclaration[];
  countByConsignee(token: string, from: number, to: number): number;
  close(): void;
}

/** Opens the store of declarations for reading; null where there is none. Nothing is written or repaired. */
export function openDeclarationReader(path: string): DeclarationReader | null {
  const file = join(path, DECLARATIONS_FILE);
  if (!existsSync(file)) return null;
  const database = new Database(new DatabaseSync(file, { readOnly: true, timeout: 5000 }));
  return {
    find: (identifiers, now) => find(database, identifiers, now),
    countByConsignee: (token, from, to) => countByConsignee(database, token, from, to),
    close: () => database.close(),
  };
}
