import { type ByteLink, Requestor } from "../../protocols/dicom/net/requestor.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { IMPLEMENTATION } from "../dicom-net/implementation.ts";
import type { QueuedObject } from "./queued-object.ts";

/** An association with an archive that proposes what the objects need. @throws LYN_DICOM_ASSOCIATION */
export async function associate(options: {
  readonly link: ByteLink;
  readonly called: string;
  readonly calling: string;
  readonly applicationContext?: string;
  readonly commitment: boolean;
  readonly objects: readonly QueuedObject[];
  /** A report of the archive on this association; false: it is of no transaction of ours. */
  readonly onEvent: (dataset: Uint8Array) => Promise<boolean>;
}): Promise<Requestor> {
  const { link, called, calling, applicationContext, commitment, objects, onEvent } = options;
  const requestor = new Requestor({
    link,
    called,
    calling,
    contexts: contextsOf(objects, commitment),
    ...(applicationContext === undefined ? {} : { applicationContext }),
    ...IMPLEMENTATION,
    onEvent: (_type, dataset) => onEvent(dataset),
  });
  await requestor.associate();
  return requestor;
}

function contextsOf(objects: readonly QueuedObject[], commitment: boolean) {
  const pairs = new Map(
    objects.map(({ sopClass, transferSyntax }) => [
      `${sopClass} ${transferSyntax}`,
      { abstractSyntax: sopClass, transferSyntaxes: [transferSyntax] },
    ]),
  );
  if (!commitment) return [...pairs.values()];
  const transferSyntaxes = [SYNTAX.explicitLittle, SYNTAX.implicitLittle];
  return [...pairs.values(), { abstractSyntax: SOP_CLASS.storageCommitment, transferSyntaxes }];
}
