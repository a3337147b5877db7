import { type CommandSet, STATUS } from "../../../protocols/dicom/net/command.ts";
import { type AssociateRequest, CONTEXT_RESULT } from "../../../protocols/dicom/net/pdu.ts";
import {
  DICOM_APPLICATION_CONTEXT,
  isDicos,
  isUid,
  READ_SYNTAXES,
  SOP_CLASS,
} from "../../../protocols/dicom/uids.ts";
import type { Answered, AssociationHandler, Peer, StoreSink } from "../../dicom-net/association.ts";
import type { Announced } from "./receiver.ts";

/** Storage SOP classes of DICOM begin so, DICOS's among them. */
const STORAGE_PREFIX = "1.2.840.10008.5.1.4.1.1.";
const MAX_AE_TITLES = 256;

/** Reasons of a rejection by the service user (PS3.8, 9.3.4). */
const CONTEXT_UNKNOWN = { result: 1, source: 1, reason: 2 } as const;
const CALLED_UNKNOWN = { result: 1, source: 1, reason: 7 } as const;

export interface HandlerOptions {
  readonly applicationContexts: readonly string[] | null;
  readonly aeTitles: readonly string[] | null;
  /** The only AE title that is answered; null: any. */
  readonly called: string | null;
  /** Bytes that the association may send. */
  readonly budget: { left: number };
  readonly receive: (announced: Announced, budget: { left: number }) => Promise<StoreSink | Answered>;
  readonly onNotAllowed: (peer: Peer) => void;
}

/**
 * What a lane's SCP takes: verification, and storage of any class under the DICOS prefix or of plain X-ray images. Any called
 * AE title is answered unless one is asked for. Peers whose own title is not on the list may verify the link, but what they store is refused as not
 * authorised.
 */
export function storageHandler(options: HandlerOptions): AssociationHandler {
  const { applicationContexts, aeTitles, called, budget, receive, onNotAllowed } = options;
  const allowed = aeTitles === null ? null : new Set(aeTitles.slice(0, MAX_AE_TITLES));
  return {
    admit: (request: AssociateRequest) => {
      const { applicationContext } = request;
      const known = applicationContexts === null || applicationContexts.includes(applicationContext);
      if (!known && applicationContext !== DICOM_APPLICATION_CONTEXT) return CONTEXT_UNKNOWN;
      return called === null || request.called === called ? null : CALLED_UNKNOWN;
    },
    choose,
    store: async (command: CommandSet, transferSyntax: string, peer: Peer) => {
      if (allowed !== null && !allowed.has(peer.aeTitle)) {
        onNotAllowed(peer);
        return { status: STATUS.notAuthorised, comment: "this AE title may not store" };
      }
      const { affectedSopClass = "", affectedSopInstance = "" } = command;
      if (!isUid(affectedSopInstance))
        return { status: STATUS.cannotUnderstand, comment: "no SOP Instance UID" };
      const { aeTitle } = peer;
      return receive(
        { sopClass: affectedSopClass, sopInstance: affectedSopInstance, transferSyntax, aeTitle },
        budget,
      );
    },
  };
}

function choose(abstractSyntax: string, transferSyntaxes: readonly string[]): string | number {
  const offered = (wanted: readonly string[]) => wanted.find((syntax) => transferSyntaxes.includes(syntax));
  if (abstractSyntax === SOP_CLASS.verification) {
    return offered(READ_SYNTAXES.slice(0, 2)) ?? CONTEXT_RESULT.noTransfer;
  }
  const storage = isDicos(abstractSyntax) || abstractSyntax.startsWith(STORAGE_PREFIX);
  if (!storage) return CONTEXT_RESULT.noAbstract;
  // The peer's order is its preference: an object goes as it is stored there.
  return transferSyntaxes.find((syntax) => READ_SYNTAXES.includes(syntax)) ?? CONTEXT_RESULT.noTransfer;
}
