/** Alerts on what becomes of model packages (`mqtt.md`, alert). */
import type { LynceusError } from "../../protocols/errors.ts";
import type { Alert } from "../alerts.ts";
import type { InspectedPackage } from "./inspect.ts";
import type { ComparisonFigures } from "./state.ts";

export function installedAlert({ name, version, sha256, trustedBy }: InspectedPackage): Alert {
  return {
    code: "MODEL_INSTALLED",
    severity: "info",
    message: `The model package ${name} ${version} is installed and verified; it is on trial before it decides`,
    remedy: "Nothing to do; `lynceus models list` shows how it compares.",
    details: { device: name, name, version, sha256, trustedBy },
  };
}

export function refusedAlert(target: string, error: LynceusError): Alert {
  return {
    code: "MODEL_REFUSED",
    severity: "warning",
    message: `The model package ${target.slice(0, 80)} is refused: ${error.message}`,
    remedy: error.remedy,
    details: {
      device: target.slice(0, 80),
      target: target.slice(0, 80),
      error: error.code,
      why: error.message,
    },
  };
}

export function activated(name: string, version: string): Alert {
  return {
    code: "MODEL_ACTIVE",
    severity: "info",
    message: `The model package ${name} ${version} decides from now on`,
    remedy: "Nothing to do; `lynceus models rollback NAME` goes back.",
    details: { device: name, name, version },
  };
}

/** `back`: what decides now; null: the package of the site's folder or of the release. */
export function rolledBack(name: string, version: string | null, back: string | null, reason: string): Alert {
  return {
    code: "MODEL_ROLLED_BACK",
    severity: version === null ? "warning" : "critical",
    message: `The model package ${name}${version === null ? "" : ` ${version}`} was taken back: ${reason}`,
    remedy: "The package before it decides again. Tell its provider; install a corrected version.",
    details: { device: name, name, version, back, reason },
  };
}

export function trialFailed(name: string, version: string, reason: string): Alert {
  return {
    code: "MODEL_TRIAL_FAILED",
    severity: "warning",
    message: `The model package ${name} ${version} failed its trial: ${reason}`,
    remedy: "It does not decide. Tell its provider; install a corrected version.",
    details: { device: name, name, version, reason },
  };
}

export function trialPassed(name: string, version: string, stage: string, figures: ComparisonFigures): Alert {
  return {
    code: "MODEL_TRIAL_PASSED",
    severity: "info",
    message: `The model package ${name} ${version} passed ${stage}: ${figures.compared} scans compared`,
    remedy: "Nothing to do where models.rollout.promote is automatic; else activate it by command.",
    details: { device: `${name} ${stage}`, name, version, stage, ...figures },
  };
}
