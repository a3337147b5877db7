import type { Declaration } from "./schema.ts";
import { looksPersonal, scrubText } from "./scrub.ts";

/** A declaration without what looks personal. */
export interface Guarded {
  readonly declaration: Declaration;
  /** Pieces taken out of goods texts, and members dropped. */
  readonly removed: number;
  /** RFC 6901 pointers of the members that were changed or dropped, each once. */
  readonly pointers: readonly string[];
}

type Members = Record<string, unknown>;

/**
 * The schema has no field for names, streets, telephones and e-mail (`customs-aed`, profile `edge_min`); senders write them
 * into others. Goods texts are scrubbed; a reference or code that looks personal is dropped, and with it the object that
 * cannot be without it.
 */
export function guardPrivacy(declaration: Declaration): Guarded {
  const pointers: string[] = [];
  const guard = new Guard(pointers);
  const guarded = {
    ...declaration,
    ...guard.members("", declaration, ["declarationRef"]),
    ...(declaration.items && {
      items: declaration.items.map((item, at) => guard.text(`/items/${at}`, item)),
    }),
    ...guard.part("/transport", "transport", declaration, ["conveyanceRef"]),
    ...guard.part("/placi", "placi", declaration, ["ref"]),
    ...guard.part("/privacy", "privacy", declaration, ["purpose", "keyEpoch"]),
    ...guard.part("/declRisk", "declRisk", declaration, ["model"], ["model"]),
    ...(declaration.equipment && {
      equipment: guard.list("/equipment", declaration.equipment, ["id"], ["seals"]),
    }),
    ...(declaration.parties && { parties: guard.parties(declaration.parties) }),
  } as Declaration;
  const risk = guarded.declRisk;
  if (risk?.indicators === undefined)
    return { declaration: clean(guarded), removed: guard.removed, pointers };
  const indicators = guard.texts("/declRisk/indicators", risk.indicators);
  return {
    declaration: clean({ ...guarded, declRisk: { ...risk, indicators } }),
    removed: guard.removed,
    pointers,
  };
}

/** Counts and names what goes. A member set to undefined goes with {@link clean}. */
class Guard {
  removed = 0;
  readonly #pointers: string[];

  constructor(pointers: string[]) {
    this.#pointers = pointers;
  }

  /** The members of `keys` that look personal, as undefined. */
  members(pointer: string, value: object, keys: readonly string[]): Members {
    const gone: Members = {};
    for (const key of keys) {
      const text = (value as Members)[key];
      if (typeof text !== "string" || !looksPersonal(text)) continue;
      gone[key] = undefined;
      this.#note(`${pointer}/${key}`, 1);
    }
    return gone;
  }

  part(
    pointer: string,
    name: string,
    whole: object,
    keys: readonly string[],
    vital: readonly string[] = [],
  ): Members {
    const value = (whole as Members)[name];
    if (typeof value !== "object" || value === null) return {};
    const gone = this.members(pointer, value, keys);
    const lost = vital.some((key) => key in gone);
    return { [name]: lost ? undefined : clean({ ...value, ...gone }) };
  }

  /** A list whose elements cannot be without `vital`; `lists` are lists of texts in them. */
  list<Element extends object>(
    pointer: string,
    elements: readonly Element[],
    vital: readonly string[],
    lists: readonly string[],
  ): Element[] {
    return elements.flatMap((element, at) => {
      const here = `${pointer}/${at}`;
      if (Object.keys(this.members(here, element, vital)).length > 0) return [];
      const kept = { ...element } as Members;
      for (const key of lists) {
        if (Array.isArray(kept[key])) kept[key] = this.texts(`${here}/${key}`, kept[key] as string[]);
      }
      return [kept as unknown as Element];
    });
  }

  texts(pointer: string, texts: readonly string[]): string[] {
    return texts.filter((text, at) => {
      if (!looksPersonal(text)) return true;
      this.#note(`${pointer}/${at}`, 1);
      return false;
    });
  }

  text<Item extends { readonly description: string }>(pointer: string, item: Item): Item {
    const { text, removed } = scrubText(item.description);
    if (removed === 0) return item;
    this.#note(`${pointer}/description`, removed);
    // What was taken out may have been shorter than what stands for it.
    return { ...item, description: [...text].slice(0, 512).join("") };
  }

  parties(parties: NonNullable<Declaration["parties"]>): Members {
    return Object.fromEntries(
      Object.entries(parties).map(([role, party]) => [
        role,
        party &&
          clean({ ...party, ...this.members(`/parties/${role}`, party, ["publicId", "postcodeArea"]) }),
      ]),
    );
  }

  #note(pointer: string, removed: number): void {
    this.removed += removed;
    this.#pointers.push(pointer);
  }
}

function clean<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;
}
