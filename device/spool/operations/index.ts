import { closeGap, readGap, widenGap } from "../../declarations/gap.ts";
import { newestAt } from "../../declarations/store.ts";
import * as announced from "./announced.ts";
import * as audit from "./audit.ts";
import type { OperationContext } from "./context.ts";
import * as declarations from "./declarations.ts";
import * as delivery from "./delivery.ts";
import * as eviction from "./eviction.ts";
import * as outbox from "./outbox.ts";
import * as outcomes from "./outcomes.ts";
import * as pieces from "./pieces.ts";
import { recentRows } from "./recent.ts";
import * as scans from "./scans.ts";
import * as scrubbing from "./scrubbing.ts";
import * as sending from "./sending.ts";
import * as upkeep from "./upkeep.ts";

/** Everything the journal does, by name: the whole language between the spool and its worker. */
export const OPERATIONS = {
  findScan: scans.findScan,
  acceptScan: scans.acceptScan,
  updateScan: scans.updateScan,
  unfinishedScans: scans.unfinishedScans,
  readScan: scans.readScan,
  heldFloor: scans.heldFloor,
  findScansByIdentifiers: scans.findScansByIdentifiers,
  evictScans: eviction.evictScans,
  evictOld: eviction.evictOld,
  dropLetterBodies: eviction.dropLetterBodies,
  quarantineScan: eviction.quarantineScan,
  keptDirectories: scans.keptDirectories,
  planeBytes: scans.planeBytes,
  scrubPlace: scrubbing.scrubPlace,
  keepScrubPlace: scrubbing.keepScrubPlace,
  nextToScrub: scrubbing.nextToScrub,
  arePlanesKept: scrubbing.arePlanesKept,
  commitHit: outbox.commitHit,
  commitAlert: outbox.commitAlert,
  dueRows: sending.dueRows,
  hitsAfter: outbox.hitsAfter,
  lastHit: outbox.lastHit,
  markPublished: sending.markPublished,
  receiptRows: delivery.receiptRows,
  deadLetterRow: delivery.deadLetterRow,
  receiptsExpected: delivery.receiptsExpected,
  setReceiptsExpected: delivery.setReceiptsExpected,
  setOnlyReceipts: delivery.setOnlyReceipts,
  announceTopics: announced.announceTopics,
  forgetTopic: announced.forgetTopic,
  resendRows: delivery.resendRows,
  retryRows: (context: OperationContext, given: { ids: readonly string[] | null }) =>
    delivery.retryRows(context, given),
  putDeclaration: declarations.putDeclaration,
  findDeclarations: declarations.findDeclarations,
  keepDeclarationRisk: declarations.keepDeclarationRisk,
  declarationIdentifiers: declarations.declarationKeys,
  unseenDeclarations: declarations.unseenDeclarations,
  countPieces: pieces.countPieces,
  countByConsignee: declarations.countOfConsignee,
  declarationGap: ({ declarations: file }: OperationContext) => file.read(readGap),
  newestDeclarationAt: ({ declarations: file }: OperationContext) => file.read(newestAt),
  widenDeclarationGap: ({ declarations: file }: OperationContext, { since }: { since: number }) =>
    file.write((store) => widenGap(store, since)),
  closeDeclarationGap: ({ declarations: file }: OperationContext) => file.write(closeGap),
  putOutcome: outcomes.putOutcome,
  confirmedAmong: outcomes.confirmedAmong,
  putDeadLetter: upkeep.putDeadLetter,
  recentRows,
  deadLetters: ({ database }: OperationContext, { limit }: { limit: number }) =>
    upkeep.listDeadLetters(database, limit),
  figures: ({ database }: OperationContext) => upkeep.readFigures(database),
  list: ({ database }: OperationContext, { limit }: { limit: number }) => upkeep.listRows(database, limit),
  upkeep: upkeep.upkeep,
  rowHashes: audit.rowHashes,
  signerOf: audit.signerOf,
  signText: audit.signText,
  heartbeat: audit.heartbeat,
} as const;

export type OperationName = keyof typeof OPERATIONS;
type Operation<Name extends OperationName> = (typeof OPERATIONS)[Name];
/** What an operation takes; `undefined` where it takes nothing. */
export type OperationArguments<Name extends OperationName> =
  Parameters<Operation<Name>> extends [OperationContext, infer Given] ? Given : undefined;
export type OperationResult<Name extends OperationName> = ReturnType<Operation<Name>>;
