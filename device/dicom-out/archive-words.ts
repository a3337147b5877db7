/** What an archive's sender tells the people at central. */
export interface ArchiveAlert {
  readonly code: "ARCHIVE_REFUSES" | "ARCHIVE_UNREACHABLE" | "ARCHIVE_UNCOMMITTED";
  readonly severity: "warning";
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The alerts of one archive. */
export class ArchiveWords {
  readonly #id: string;
  readonly #alert: (alert: ArchiveAlert) => void;
  /** Missing commitment is told once until there is some again. */
  #saidUncommitted = false;

  constructor({ id, alert }: { readonly id: string; readonly alert: (alert: ArchiveAlert) => void }) {
    this.#id = id;
    this.#alert = alert;
  }

  refused(about: { status: number | null; comment: string | null; sopInstance: string | null }): void {
    const { status, comment, sopInstance } = about;
    const why = status === null ? (comment ?? "not accepted") : `status 0x${status.toString(16)}`;
    this.#alert({
      code: "ARCHIVE_REFUSES",
      severity: "warning",
      message: `Archive ${this.#id} refused an object for good: ${why}`,
      remedy:
        "Look at the archive's log. The object is kept under failed of its queue; move it to waiting to send it again.",
      details: { archive: this.#id, status, comment, sopInstanceUid: sopInstance },
    });
  }

  unreachable(reason: string, code: string): void {
    this.#alert({
      code: "ARCHIVE_UNREACHABLE",
      severity: "warning",
      message: `Archive ${this.#id} takes no objects: ${reason}`,
      remedy: "Nothing is lost: they wait on the gateway. Check the archive and the network.",
      details: { archive: this.#id, code },
    });
  }

  uncommitted(reason: string, objects: "kept" | "released"): void {
    if (this.#saidUncommitted) return;
    this.#saidUncommitted = true;
    this.#alert({
      code: "ARCHIVE_UNCOMMITTED",
      severity: "warning",
      message: `Archive ${this.#id}: ${reason}`,
      remedy:
        objects === "kept"
          ? "The objects are kept and sent again. Check the archive, and that it can reach reports.commitment.listen."
          : "The objects were stored there and are not kept here. Set commitment: false if the archive has none.",
      details: { archive: this.#id, objects },
    });
  }

  committed(): void {
    this.#saidUncommitted = false;
  }
}
