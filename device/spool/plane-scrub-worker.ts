import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { parentPort } from "node:worker_threads";
import { describeImages } from "../inference/evidence.ts";
import { readPlanes } from "../inference/planes.ts";
import type { ScrubJob } from "./scrub-jobs.ts";

/** The thread that reads what is scrubbed: a digest of a large plane would hold up every lane. Answers the digest, or why not. */
parentPort?.on("message", (job: ScrubJob) => {
  void digestOf(job).then(
    (sha256) => parentPort?.postMessage({ sha256 }),
    (error: unknown) =>
      parentPort?.postMessage({ why: error instanceof Error ? error.message : String(error) }),
  );
});

async function digestOf(job: ScrubJob): Promise<string> {
  if (job.kind === "plane") return describeImages(readPlanes(job.plane))[0]?.sha256 ?? "";
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(job.path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
