import type { Declaration } from "../../protocols/declaration.ts";

/** Lines of one declaration that are scored; the rest of a longer one says nothing more. */
export const MAX_DECLARED_LINES = 1000;

/** What a tabular model may know of one declared line: no party, no text. Absent: not declared. */
export interface DeclaredLine {
  readonly hs6?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly originCountry?: string | undefined;
  readonly departureCountry?: string | undefined;
  /** UN/ECE Recommendation 19. */
  readonly transportMode?: string | undefined;
  readonly netMassKg?: number | undefined;
  /** Amount as a decimal, currency ISO 4217. */
  readonly value?: { readonly amount: string; readonly currency: string } | undefined;
}

/** What the model of declarations says of one. */
export interface RiskOfDeclaration {
  /** Calibrated chance that an examination finds an irregularity, 0..1. */
  readonly p: number;
  /** Share of irregular declarations at which `p` was calibrated, inside 0..1: evidence is logit(p) − logit(prevalence). */
  readonly prevalence: number;
  /** `name@version` */
  readonly model: string;
}

/**
 * The lines of a declaration. Goods depart from the country of the place of loading, else of the postal office of origin, else
 * of the consignor; the value of the consignment is that of its line where it has but one.
 */
export function declaredLines(declaration: Declaration): readonly DeclaredLine[] {
  const { items = [], transport, parties, consignment } = declaration;
  const departureCountry =
    transport?.loadPlace?.slice(0, 2) ?? transport?.originOe?.slice(0, 2) ?? parties?.consignor?.country;
  return items.slice(0, MAX_DECLARED_LINES).map((item) => ({
    hs6: item.hs6,
    originCountry: item.originCountry,
    departureCountry,
    transportMode: transport?.mode,
    netMassKg: item.netMassKg,
    value: item.value ?? (items.length === 1 ? consignment?.totalValue : undefined),
  }));
}
