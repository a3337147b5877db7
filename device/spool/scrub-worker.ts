import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** Reads a journal from end to end on a connection of its own and says what is wrong with it; `ok`: nothing. */
function main(): void {
  const { file } = workerData as { readonly file: string };
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    parentPort?.postMessage(String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]));
  } finally {
    db.close();
  }
}

main();
