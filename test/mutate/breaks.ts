import type { Break } from "./break.ts";
import { CENTRAL } from "./breaks/central.ts";
import { DISK } from "./breaks/disk.ts";
import { INTAKE } from "./breaks/intake.ts";
import { PROOF } from "./breaks/proof.ts";
import { SPACE } from "./breaks/space.ts";
import { TIME } from "./breaks/time.ts";
import { TRUST } from "./breaks/trust.ts";

/** Of every section of `device/PROMISES.md`, in the order of the promises' numbers. */
export const BREAKS: readonly Break[] = [
  ...DISK,
  ...SPACE,
  ...TIME,
  ...CENTRAL,
  ...INTAKE,
  ...PROOF,
  ...TRUST,
].sort((one, other) => (one.id < other.id ? -1 : 1));
