import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { ClosingReporter } from "./test/setup/closing-reporter.ts";
import { LongestFirst } from "./test/setup/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    pool: "forks",
    // Four files keep two cores busy: those that take longest wait for a clock, a link or another program most of their time.
    maxWorkers: 4,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What tests start is compiled once: hundreds of processes of the same program are started in a run.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "test/.cache/compiled") },
    sequence: { sequencer: LongestFirst },
    reporters: ["default", new ClosingReporter()],
  },
});
