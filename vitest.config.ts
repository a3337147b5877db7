import { defineConfig } from "vitest/config";
import { ClosingReporter } from "./test/setup/closing-reporter.ts";
import { LongFirst } from "./test/setup/long-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongFirst },
    reporters: ["default", new ClosingReporter()],
  },
});
