import { randomUUID } from "node:crypto";
import { dataSet, element } from "../../protocols/dicom/build.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import { CONTEXT_RESULT } from "../../protocols/dicom/net/pdu.ts";
import type { Answer, Requestor } from "../../protocols/dicom/net/requestor.ts";
import { readDataSet } from "../../protocols/dicom/reader.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SOP_CLASS, STORAGE_COMMITMENT_INSTANCE, SYNTAX } from "../../protocols/dicom/uids.ts";
import { itemsOf, textOf } from "../../protocols/dicom/values.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import type { AssociationHandler, Peer } from "../dicom-net/association.ts";
import { uidOfUuid } from "./uids.ts";

/** An instance that an archive is asked to commit to. */
export interface Committable {
  readonly sopClass: string;
  readonly sopInstance: string;
}

/** What an archive says of the instances of one transaction (N-EVENT-REPORT, PS3.4 J.3.3). */
export interface CommitmentReport {
  readonly transaction: string;
  /** SOP instances that it commits to, and those that it does not. */
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

/** A transaction of our own. */
export function newTransaction(): string {
  return uidOfUuid(randomUUID());
}

/** Asks for storage commitment (PS3.4 annex J, N-ACTION 1). Null: the peer has no such service. */
export async function requestCommitment(
  requestor: Requestor,
  transaction: string,
  instances: readonly Committable[],
): Promise<Answer | null> {
  const syntax = requestor.syntaxOf(SOP_CLASS.storageCommitment);
  if (syntax === null) return null;
  const dataset = dataSet([
    element(TAG.transactionUid, transaction),
    element(
      TAG.referencedSops,
      instances.map(({ sopClass, sopInstance }) =>
        dataSet([element(TAG.referencedSopClass, sopClass), element(TAG.referencedSopInstance, sopInstance)]),
      ),
    ),
  ]);
  return requestor.action({
    sopClass: SOP_CLASS.storageCommitment,
    sopInstance: STORAGE_COMMITMENT_INSTANCE,
    actionType: 1,
    dataset: encodeDataSet(dataset, { explicit: syntax !== SYNTAX.implicitLittle }),
  });
}

/** Reads the data set of an N-EVENT-REPORT of storage commitment. @throws LYN_DICOM_… */
export function readCommitment(bytes: Uint8Array): CommitmentReport {
  const set = readEither(bytes);
  const instances = (tag: number) =>
    itemsOf(set, tag).flatMap((item) => textOf(item, TAG.referencedSopInstance) ?? []);
  return {
    transaction: textOf(set, TAG.transactionUid) ?? "",
    good: instances(TAG.referencedSops),
    bad: instances(TAG.failedSops),
  };
}

/** The context's syntax is not handed on; the first VR tells explicit from implicit. */
function readEither(bytes: Uint8Array): DataSet {
  const vr = String.fromCharCode(bytes[4] ?? 0, bytes[5] ?? 0);
  return readDataSet(bytes, { explicit: /^[A-Z]{2}$/.test(vr) });
}

/** Who may report, and under which names. */
export interface CommitmentPeers {
  /** AE titles of the archives that were asked. */
  readonly calling: ReadonlySet<string>;
  /** AE titles that the gateway goes by. */
  readonly called: ReadonlySet<string>;
}

/** Reasons of a rejection by the service user (PS3.8, 9.3.4). */
const CALLING_UNKNOWN = { result: 1, source: 1, reason: 3 } as const;
const CALLED_UNKNOWN = { result: 1, source: 1, reason: 7 } as const;

/**
 * Takes the reports that archives send on associations of their own. Only peers that go by the AE title of an archive are let
 * in, and only a transaction that was asked for is taken: `settle` says whether it was.
 */
export function commitmentHandler(
  peers: CommitmentPeers,
  settle: (report: CommitmentReport, peer: Peer) => Promise<boolean>,
): AssociationHandler {
  return {
    admit: ({ called, calling }) => {
      if (!peers.calling.has(calling)) return CALLING_UNKNOWN;
      return peers.called.has(called) ? null : CALLED_UNKNOWN;
    },
    choose,
    store: async () => ({ status: STATUS.sopClassUnsupported }),
    event: async (_command, dataset, peer) => {
      let report: CommitmentReport;
      try {
        report = readCommitment(dataset);
      } catch (error) {
        if (!isLynceusError(error)) throw error;
        return { status: STATUS.processingFailure, comment: "the report cannot be read" };
      }
      return (await settle(report, peer))
        ? { status: STATUS.success }
        : { status: STATUS.processingFailure, comment: "no such transaction was asked for" };
    },
  };
}

function choose(abstractSyntax: string, transferSyntaxes: readonly string[]): string | number {
  const known = abstractSyntax === SOP_CLASS.storageCommitment || abstractSyntax === SOP_CLASS.verification;
  if (!known) return CONTEXT_RESULT.noAbstract;
  const read = transferSyntaxes.find((one) => one === SYNTAX.explicitLittle || one === SYNTAX.implicitLittle);
  return read ?? CONTEXT_RESULT.noTransfer;
}
