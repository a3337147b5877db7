/**
 * A break of one promise of `device/PROMISES.md`: one line of the product is replaced by another, and the test whose title begins
 * with the promise's id must fail. `npm run mutate` applies each to a copy of the tree.
 */
export interface Break {
  readonly id: string;
  /** The file whose test shows the promise. */
  readonly test: string;
  /** The file that is broken, where, and by what: `from` is a whole line without its indentation that stands there once. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Makes a long test short. */
  readonly env?: Readonly<Record<string, string>>;
}
