import type { LynceusError } from "../../protocols/errors.ts";
import { canonicalIdentifier } from "../../protocols/identifiers/canonical.ts";
import type { IdentifierScheme } from "../../protocols/vocabulary.ts";
import { JournalClient } from "./client.ts";
import type { OperationArguments } from "./operations/index.ts";
import type * as port from "./port.ts";

/** What the spool passes on to its worker as it is: the declarations' part of it. */
export abstract class DeclarationCalls {
  protected readonly client: JournalClient;
  readonly #proven: (() => number) | undefined;

  /** `proven`: a time that is no later than the true one, ms since the epoch. */
  constructor(options: { readonly proven?: () => number }) {
    this.client = new JournalClient({ onFatal: (error) => this.fail(error) });
    this.#proven = options.proven;
  }

  /** The disk failed or the worker died. */
  protected abstract fail(error: LynceusError): void;

  putDeclaration(
    declaration: OperationArguments<"putDeclaration">["declaration"],
    findings: readonly port.DeclarationFinding[],
    at: number,
  ): Promise<port.StoredAs> {
    return this.client.call("putDeclaration", { declaration, findings, at }, "grouped");
  }

  findDeclarations(
    identifiers: readonly { scheme: string; value: string }[],
    now: number,
  ): Promise<readonly port.StoredDeclaration[]> {
    const at = Math.min(now, this.#proven?.() ?? now);
    return this.client.call("findDeclarations", { identifiers: keysOf(identifiers), now: at });
  }

  keepDeclarationRisk(given: OperationArguments<"keepDeclarationRisk">): Promise<boolean> {
    return this.client.call("keepDeclarationRisk", given, "grouped");
  }

  declarationIdentifiers(aedId: string): Promise<readonly { scheme: string; value: string }[]> {
    return this.client.call("declarationIdentifiers", { aedId });
  }

  countPieces(
    declarations: readonly port.CountedDeclaration[],
    since: number,
  ): Promise<Readonly<Record<string, number>>> {
    return this.client.call("countPieces", { declarations, since });
  }

  countByConsignee(token: string, from: number, to: number): Promise<number> {
    return this.client.call("countByConsignee", { token, from, to });
  }

  declarationGap(): Promise<number | null> {
    return this.client.call("declarationGap", undefined);
  }

  widenDeclarationGap(since: number): Promise<void> {
    return this.client.call("widenDeclarationGap", { since }, "grouped");
  }

  closeDeclarationGap(): Promise<void> {
    return this.client.call("closeDeclarationGap", undefined, "grouped");
  }

  newestDeclarationAt(): Promise<number | null> {
    return this.client.call("newestDeclarationAt", undefined);
  }

  unseenDeclarations(
    since: number,
  ): Promise<readonly { scanId: string; cause: "declaration" | "cancellation" }[]> {
    return this.client.call("unseenDeclarations", { since });
  }
}

/** Only what is looked up crosses to the worker, in the canonical form in which keys are stored. */
export function keysOf(
  identifiers: readonly { scheme: string; value: string }[],
): { scheme: string; value: string }[] {
  return identifiers.map(({ scheme, value }) => ({
    scheme,
    value: canonicalIdentifier(scheme as IdentifierScheme, value),
  }));
}
