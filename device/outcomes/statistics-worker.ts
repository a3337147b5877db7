import { parentPort, workerData } from "node:worker_threads";
import { openSpoolReader } from "../spool/reader.ts";
import { outcomeFigures, type StatisticsRequest } from "./statistics-figures.ts";

/** The thread that counts outcomes: reading and ranking a season of scores would hold up every lane. */
const request = workerData as StatisticsRequest;
const reader = openSpoolReader(request.path);
try {
  parentPort?.postMessage(outcomeFigures(reader, request));
} finally {
  reader.close();
}
