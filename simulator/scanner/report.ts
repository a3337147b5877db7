/** What a simulated scanner tells as it runs; with `--json` one a line. */
export type ScannerReport =
  | {
      readonly event: "listening";
      readonly scanner: string | null;
      readonly barcode: string | null;
      readonly scale: string | null;
      readonly conveyor?: string;
      readonly radiation?: string;
    }
  | { readonly event: "left"; readonly at: string; readonly scanRef: string; readonly diverted: boolean }
  | { readonly event: "connected"; readonly peer: string }
  | { readonly event: "disconnected"; readonly reason: string }
  | { readonly event: "scanned"; readonly at: string; readonly index: number; readonly scanRef: string }
  | {
      readonly event: "acknowledged";
      readonly at: string;
      readonly index: number;
      readonly scanRef: string;
      readonly scanId: string;
    }
  | {
      readonly event: "refused";
      readonly code: string;
      readonly message: string;
      readonly scanRef: string | null;
    }
  | { readonly event: "given-up"; readonly index: number; readonly scanRef: string; readonly code: string }
  | {
      readonly event: "result";
      readonly scanRef: string;
      readonly scanId: string;
      readonly revision: number;
      readonly decision: string;
      readonly recommendation: string;
    }
  | ({ readonly event: "summary" } & ScannerSummary);

/** How a run ended. */
export interface ScannerSummary {
  /** Items that were scanned. */
  readonly scans: number;
  readonly acknowledged: number;
  /** Scanned and not acknowledged. */
  readonly outstanding: number;
  /** Of these, refused for good. */
  readonly givenUp: number;
  /** Transmissions beyond the first of each scan. */
  readonly resent: number;
  readonly connections: number;
}

/** A report as a line for people; null where it is not worth one. */
export function describeReport(report: ScannerReport): string | null {
  switch (report.event) {
    case "listening":
      return [
        `scanner ${report.scanner ?? "connects"}`,
        report.barcode === null ? null : `barcode reader ${report.barcode}`,
        report.scale === null ? null : `scale ${report.scale}`,
        report.radiation === undefined ? null : `radiation portal ${report.radiation}`,
        report.conveyor === undefined ? null : `conveyor ${report.conveyor}`,
      ]
        .filter((part) => part !== null)
        .join(", ");
    case "connected":
      return `connected to ${report.peer}`;
    case "disconnected":
      return `link lost: ${report.reason}`;
    case "scanned":
      return null;
    case "left":
      return report.diverted ? `${report.scanRef} was set aside` : null;
    case "acknowledged":
      return `${report.at}  ${report.scanRef}  acknowledged as ${report.scanId}`;
    case "refused":
      return `refused: ${report.code} ${report.message}${report.scanRef === null ? "" : ` (${report.scanRef})`}`;
    case "given-up":
      return `gave up on ${report.scanRef}: ${report.code}`;
    case "result":
      return `result of ${report.scanRef}, revision ${report.revision}: ${report.decision}, ${report.recommendation}`;
    case "summary":
      return `${report.scans} scans, ${report.acknowledged} acknowledged, ${report.outstanding} not; ${report.resent} sent again, ${report.connections} connections`;
  }
}
