import { randomUUID } from "node:crypto";
import { dataSet, element } from "../../protocols/dicom/build.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import type { Answer, Requestor } from "../../protocols/dicom/net/requestor.ts";
import { readDataSet } from "../../protocols/dicom/reader.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SOP_CLASS, STORAGE_COMMITMENT_INSTANCE, SYNTAX } from "../../protocols/dicom/uids.ts";
import { itemsOf, textOf } from "../../protocols/dicom/values.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import type { AssociationHandler } from "../dicom-net/association.ts";
import { uidOfUuid } from "./uids.ts";

/** An instance that an archive is asked to commit to. */
export interface Committable {
  readonly sopClass: string;
  readonly sopInstance: string;
}

/** Asks for storage commitment (PS3.4 annex J, N-ACTION 1). Null: the peer has no such service. */
export async function requestCommitment(
  requestor: Requestor,
  instances: readonly Committable[],
): Promise<Answer | null> {
  const syntax = requestor.syntaxOf(SOP_CLASS.storageCommitment);
  if (syntax === null) return null;
  const dataset = dataSet([
    element(TAG.transactionUid, uidOfUuid(randomUUID())),
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

/** What an N-EVENT-REPORT of storage commitment says: instances committed to, and those that are not. */
export function readCommitment(bytes: Uint8Array): {
  readonly good: readonly string[];
  readonly bad: readonly string[];
} {
  const set = readEither(bytes);
  const instances = (tag: number) =>
    itemsOf(set, tag).flatMap((item) => textOf(item, TAG.referencedSopInstance) ?? []);
  return { good: instances(TAG.referencedSops), bad: instances(TAG.failedSops) };
}

/** The context's syntax is not handed on; the first VR tells explicit from implicit. */
function readEither(bytes: Uint8Array): DataSet {
  const vr = String.fromCharCode(bytes[4] ?? 0, bytes[5] ?? 0);
  return readDataSet(bytes, { explicit: /^[A-Z]{2}$/.test(vr) });
}

/** Takes the reports that archives send on associations of their own. */
export function commitmentHandler(
  onResult: (good: readonly string[], bad: readonly string[]) => Promise<void>,
): AssociationHandler {
  return {
    admit: () => null,
    choose: (abstractSyntax, transferSyntaxes) => {
      const known =
        abstractSyntax === SOP_CLASS.storageCommitment || abstractSyntax === SOP_CLASS.verification;
      if (!known) return 3;
      return (
        transferSyntaxes.find((one) => one === SYNTAX.explicitLittle || one === SYNTAX.implicitLittle) ?? 4
      );
    },
    store: async () => ({ status: STATUS.sopClassUnsupported }),
    event: async (_command, dataset) => {
      const { good, bad } = readCommitment(dataset);
      await onResult(good, bad);
      return { status: STATUS.success };
    },
  };
}
