import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { isLynceusError } from "../../protocols/errors.ts";
import { leafHash, MerkleTree } from "../../protocols/merkle.ts";
import {
  type Checkpoint,
  checkpointOrigin,
  cosignature,
  cosignedMessage,
  formatNote,
  parseCheckpoint,
  parseNote,
  verifyNoteSignature,
} from "../../protocols/signed-note.ts";
import type { ReceivedEvent } from "./entry.ts";

/** Journals followed, rows waiting for one before them, and checkpoints waiting for their rows, at most. */
const MAX_JOURNALS = 1000;
const MAX_AHEAD = 100_000;
const MAX_WAITING = 16;

/** What became of a checkpoint. `note`: with central's signature, to be published and kept. */
export type WitnessVerdict =
  | { readonly gateway: string; readonly journal: string; readonly size: number; readonly note: string }
  | {
      readonly gateway: string;
      readonly journal: string | null;
      readonly size: number | null;
      readonly refused: string;
    };

interface Waiting {
  readonly checkpoint: Checkpoint;
  readonly text: string;
}

/** What is known of one journal. */
interface Followed {
  readonly gateway: string;
  readonly tree: MerkleTree;
  /** Rows that came before an earlier one. */
  readonly ahead: Map<number, { readonly hash: string; readonly previous: string }>;
  /** Rows that will never come: the gateway said so. */
  readonly lost: Set<number>;
  waiting: readonly Waiting[];
}

/**
 * Central as a witness: builds each journal's tree from the rows that it has on disk and co-signs a checkpoint only if its own
 * tree has the same root. A gateway can then not rewrite what lies before, however much of it somebody controls.
 */
export class Witness {
  readonly #key: KeyObject;
  readonly #publicKey: Uint8Array;
  readonly #name: string;
  readonly #site: string;
  readonly #clock: () => number;
  readonly #verdict: (verdict: WitnessVerdict) => void;
  readonly #journals = new Map<string, Followed>();
  readonly #gatewayKeys = new Map<string, readonly Uint8Array[]>();

  /** @param options.clock ms since the epoch */
  constructor(options: {
    key: KeyObject;
    name: string;
    site: string;
    clock: () => number;
    onVerdict: (verdict: WitnessVerdict) => void;
  }) {
    this.#key = options.key;
    this.#publicKey = new Uint8Array(
      Buffer.from(createPublicKey(options.key).export({ format: "jwk" }).x ?? "", "base64url"),
    );
    this.#name = options.name;
    this.#site = options.site;
    this.#clock = options.clock;
    this.#verdict = options.onVerdict;
  }

  /** Keys that a gateway says it signs with (`info`); a real central has them from its enrolment. */
  keys(gateway: string, keys: readonly { readonly publicKey: string }[]): void {
    if (!this.#gatewayKeys.has(gateway) && this.#gatewayKeys.size >= MAX_JOURNALS) return;
    this.#gatewayKeys.set(
      gateway,
      keys.map(({ publicKey }) => new Uint8Array(Buffer.from(publicKey, "base64url"))),
    );
  }

  /** A row that is on central's disk. One whose data is not what its hash says is none. */
  add({ gateway, journal, sequence, link, undeliverable }: ReceivedEvent): void {
    const followed = this.#follow(gateway, journal);
    if (followed === null || !link.holds || followed.gateway !== gateway) return;
    if (undeliverable !== null) followed.lost.add(undeliverable);
    if (sequence > followed.tree.size && followed.ahead.size < MAX_AHEAD) followed.ahead.set(sequence, link);
    this.#grow(journal, followed);
  }

  /** A checkpoint of a gateway, by the topic that it came on. */
  checkpoint(gateway: string, bytes: Uint8Array): void {
    const read = this.#read(gateway, bytes);
    if ("refused" in read) {
      this.#verdict(read);
      return;
    }
    const { journal, waiting } = read;
    const followed = this.#follow(gateway, journal);
    if (followed === null) return;
    followed.waiting = [...followed.waiting, waiting].slice(-MAX_WAITING);
    this.#judge(journal, followed);
  }

  #read(
    gateway: string,
    bytes: Uint8Array,
  ): { journal: string; waiting: Waiting } | Extract<WitnessVerdict, { refused: string }> {
    const refuse = (refused: string) => ({ gateway, journal: null, size: null, refused });
    try {
      const { text, signatures } = parseNote(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      const checkpoint = parseCheckpoint(text);
      const journal = checkpoint.origin.split("/")[3] ?? "";
      if (checkpoint.origin !== checkpointOrigin({ site: this.#site, gateway, journal }))
        return refuse("it is of another gateway");
      const keys = this.#gatewayKeys.get(gateway) ?? [];
      if (!signatures.some((each) => verifyNoteSignature(text, each, keys) !== null))
        return refuse("no key of the gateway signed it");
      return { journal, waiting: { checkpoint, text } };
    } catch (error) {
      return refuse(isLynceusError(error) ? error.message : "it is not UTF-8");
    }
  }

  #follow(gateway: string, journal: string): Followed | null {
    const known = this.#journals.get(journal);
    if (known !== undefined || this.#journals.size >= MAX_JOURNALS) return known ?? null;
    const followed = {
      gateway,
      tree: new MerkleTree(),
      ahead: new Map(),
      lost: new Set<number>(),
      waiting: [],
    };
    this.#journals.set(journal, followed);
    return followed;
  }

  /** Takes what is next in order. The hash of a row that never comes stands in the row after it. */
  #grow(journal: string, followed: Followed): void {
    const { tree, ahead, lost } = followed;
    for (;;) {
      const next = tree.size + 1;
      const hash = ahead.get(next)?.hash ?? (lost.has(next) ? ahead.get(next + 1)?.previous : undefined);
      if (hash === undefined) break;
      tree.append(leafHash(Buffer.from(hash, "hex")));
      ahead.delete(next);
      lost.delete(next);
    }
    if (followed.waiting.length > 0) this.#judge(journal, followed);
  }

  /** Signs or refuses the checkpoints whose rows are all here; the others wait. */
  #judge(journal: string, followed: Followed): void {
    const { tree, gateway } = followed;
    const ready = followed.waiting.filter(({ checkpoint }) => checkpoint.size <= tree.size);
    followed.waiting = followed.waiting.filter(({ checkpoint }) => checkpoint.size > tree.size);
    for (const { checkpoint, text } of ready) {
      const { size, root } = checkpoint;
      if (Buffer.from(root).equals(tree.root(size)))
        this.#verdict({ gateway, journal, size, note: this.#sign(text) });
      else
        this.#verdict({ gateway, journal, size, refused: "the rows that were received give another tree" });
    }
  }

  #sign(text: string): string {
    const at = Math.floor(this.#clock() / 1000);
    const signature = sign(null, Buffer.from(cosignedMessage(text, at), "utf8"), this.#key);
    return formatNote({ text, signatures: [cosignature(this.#name, this.#publicKey, { at, signature })] });
  }
}
