import { ATOMIC_WEIGHT, BIN_ENERGIES_KEV, MASS_ATTENUATION } from "./attenuation.ts";

/**
 * Materials as element formulas (atoms) or mixtures (mass parts) with a density in g/cm³. Effective
 * compositions (battery roll, banknote, circuit board, narcotics) are estimates from published make-ups.
 */
interface Formula {
  readonly density: number;
  readonly atoms?: Readonly<Record<string, number>>;
  readonly mass?: Readonly<Record<string, number>>;
}

const FORMULAS = {
  cellulose: { density: 0.8, atoms: { C: 6, H: 10, O: 5 } },
  paper: { density: 0.82, mass: { H: 5.3, C: 38, O: 47.5, Ca: 7.2, Si: 1, Al: 1 } },
  banknote: { density: 0.9, mass: { H: 5.8, C: 41, O: 47, Ti: 2.6, Ca: 2, Cl: 0.8, Fe: 0.8 } },
  cotton: { density: 0.4, atoms: { C: 6, H: 10, O: 5 } },
  polyester: { density: 0.35, atoms: { C: 10, H: 8, O: 4 } },
  wool: { density: 0.3, mass: { H: 7, C: 50, N: 16.5, O: 22.5, S: 4 } },
  leather: { density: 0.9, mass: { H: 7.3, C: 50, N: 15.5, O: 24.5, S: 1.2, Cr: 1.5 } },
  wood: { density: 0.6, mass: { H: 6, C: 50, O: 43.7, K: 0.1, Ca: 0.2 } },
  polyethylene: { density: 0.95, atoms: { C: 2, H: 4 } },
  abs: { density: 1.05, atoms: { C: 15, H: 17, N: 1 } },
  nylon: { density: 1.14, atoms: { C: 6, H: 11, N: 1, O: 1 } },
  pet: { density: 1.38, atoms: { C: 10, H: 8, O: 4 } },
  pvc: { density: 1.4, atoms: { C: 2, H: 3, Cl: 1 } },
  rubber: { density: 1.15, mass: { H: 10, C: 82, O: 3, S: 2, Zn: 2, Si: 1 } },
  foam: { density: 0.12, mass: { H: 8, C: 72, O: 18, Ti: 1, Ca: 1 } },
  silicone: { density: 1.15, atoms: { C: 2, H: 6, O: 1, Si: 1 } },
  water: { density: 1, atoms: { H: 2, O: 1 } },
  spirits: { density: 0.94, mass: { H: 11.7, C: 20.5, O: 67.8 } },
  oil: { density: 0.91, atoms: { C: 57, H: 104, O: 6 } },
  lotion: { density: 1, mass: { H: 11, C: 22, O: 65, Si: 1, Ti: 1 } },
  shampoo: { density: 1.03, mass: { H: 11, C: 9, O: 78.6, Na: 0.7, S: 0.4, Cl: 0.3 } },
  sugar: { density: 0.85, atoms: { C: 12, H: 22, O: 11 } },
  flour: { density: 0.6, mass: { H: 6.5, C: 40.5, N: 1.7, O: 51, K: 0.15, P: 0.15 } },
  coffee: { density: 0.38, mass: { H: 6.8, C: 50, N: 2.3, O: 39, K: 1.7, Mg: 0.2 } },
  chocolate: { density: 1.25, mass: { H: 8, C: 56, N: 1, O: 34.4, K: 0.4, Ca: 0.2 } },
  meat: { density: 1.05, mass: { H: 10.2, C: 14.3, N: 3.4, O: 71, P: 0.2, S: 0.3, K: 0.4, Cl: 0.2 } },
  salt: { density: 1.2, atoms: { Na: 1, Cl: 1 } },
  tobaccoLeaf: { density: 0.3, mass: { H: 5.6, C: 41, N: 2.8, O: 43, K: 3.4, Ca: 3.4, Cl: 0.8 } },
  narcoticBase: { density: 1.05, mass: { H: 7, C: 66, N: 4.6, O: 21, Cl: 1.4 } },
  narcoticSalt: { density: 1.1, mass: { H: 6.6, C: 60.5, N: 4.3, O: 18.2, Cl: 10.4 } },
  cannabis: { density: 0.55, mass: { H: 6.7, C: 47, N: 3, O: 40, K: 2, Ca: 1.3 } },
  pills: { density: 0.85, mass: { H: 6.3, C: 42, N: 2, O: 47, Ca: 1.2, P: 0.8, Mg: 0.3, Ti: 0.4 } },
  // Explosives by their published compositions; C4 and Semtex with binder and oil, ANFO with 6 % fuel oil.
  plasticRdx: { density: 1.6, mass: { H: 3.6, C: 21.9, N: 34.5, O: 40 } },
  plasticPetn: { density: 1.43, mass: { H: 3.9, C: 25.5, N: 23.6, O: 47 } },
  tnt: { density: 1.58, atoms: { C: 7, H: 5, N: 3, O: 6 } },
  dynamite: { density: 1.35, mass: { H: 3.8, C: 19.2, N: 17, O: 56, Na: 4 } },
  anfo: { density: 0.86, mass: { H: 5.6, C: 5.1, N: 32.9, O: 56.4 } },
  blackPowder: { density: 0.95, mass: { K: 29, N: 10.4, O: 36.3, C: 14, S: 10, H: 0.3 } },
  flashPowder: { density: 0.85, mass: { K: 19.7, Cl: 17.9, O: 32.4, Al: 30 } },
  smokelessPowder: { density: 0.8, mass: { H: 2.9, C: 26, N: 12.6, O: 58.5 } },
  soap: { density: 1.05, mass: { H: 11.5, C: 66, O: 16, Na: 6.5 } },
  detergent: { density: 0.7, mass: { H: 4, C: 14, O: 52, Na: 24, S: 6 } },
  glass: { density: 2.5, mass: { O: 46, Si: 33.7, Na: 10, Ca: 7.6, Al: 1, Mg: 1.7 } },
  ceramic: { density: 2.35, mass: { O: 49, Si: 31, Al: 15, K: 3, Ca: 1, Fe: 1 } },
  stone: { density: 2.65, mass: { O: 48, Si: 27, Ca: 14, Al: 6, Fe: 3, Mg: 2 } },
  plaster: { density: 1.1, mass: { Ca: 23.3, S: 18.6, O: 55.8, H: 2.3 } },
  aluminium: { density: 2.7, mass: { Al: 98, Mg: 1, Si: 1 } },
  steel: { density: 7.85, mass: { Fe: 98.6, Mn: 1, C: 0.4 } },
  stainless: { density: 7.9, mass: { Fe: 71, Cr: 18, Ni: 9, Mn: 2 } },
  bladeSteel: { density: 7.75, mass: { Fe: 84, Cr: 14.5, C: 0.6, Mn: 0.9 } },
  tinplate: { density: 7.85, mass: { Fe: 99, Sn: 1 } },
  brass: { density: 8.5, mass: { Cu: 63, Zn: 35, Pb: 2 } },
  zamak: { density: 6.6, mass: { Zn: 95.5, Al: 4, Cu: 0.5 } },
  copper: { density: 8.94, mass: { Cu: 1 } },
  cable: { density: 3.4, mass: { Cu: 62, C: 17, H: 2, Cl: 15, Ca: 4 } },
  solder: { density: 7.3, mass: { Sn: 96, Ag: 3, Cu: 1 } },
  lead: { density: 11.3, mass: { Pb: 1 } },
  silver: { density: 10.3, mass: { Ag: 92.5, Cu: 7.5 } },
  ferrite: { density: 4.8, mass: { Fe: 52, O: 28, Mn: 12, Zn: 8 } },
  magnet: { density: 5, mass: { Fe: 62, Ba: 10, O: 28 } },
  board: { density: 1.9, mass: { O: 33, Si: 20, C: 24, H: 2.5, Ca: 6, Al: 4, Br: 4, Cu: 6.5 } },
  chip: { density: 2.1, mass: { Si: 36, O: 38, C: 14, H: 1.5, Cu: 10, Sn: 0.5 } },
  capacitor: { density: 1.9, mass: { Al: 58, O: 20, C: 18, H: 4 } },
  tantalum: { density: 4.2, mass: { Ba: 45, Ti: 22, O: 33 } },
  lithiumRoll: {
    density: 2.35,
    mass: { Co: 23, Ni: 5, Mn: 3, O: 17, Li: 3, C: 24, Cu: 11, Al: 7, P: 1.5, F: 4.5, H: 1 },
  },
  phosphateRoll: {
    density: 2.1,
    mass: { Fe: 17, P: 10, O: 23, Li: 2.5, C: 27, Cu: 10, Al: 6.5, F: 3, H: 1 },
  },
  alkaline: { density: 2.9, mass: { Mn: 26, Zn: 17, O: 24, K: 6, Fe: 20, C: 4, H: 3 } },
} as const satisfies Record<string, Formula>;

export type MaterialName = keyof typeof FORMULAS;

export interface Material {
  readonly name: MaterialName;
  /** g/cm³ of the usual bulk; a part may state its own. */
  readonly density: number;
  /** cm²/g at each bin energy. */
  readonly attenuation: Float32Array;
}

const MATERIALS: ReadonlyMap<string, Material> = new Map(
  Object.entries(FORMULAS).map(([name, formula]) => [name, build(name as MaterialName, formula)]),
);

export function materialOf(name: MaterialName): Material {
  const found = MATERIALS.get(name);
  if (found === undefined) throw new RangeError(`no material ${name}`);
  return found;
}

export function materialNames(): MaterialName[] {
  return Object.keys(FORMULAS) as MaterialName[];
}

/** Mass fractions of the elements of a material, sum 1. */
export function massFractions(name: MaterialName): Record<string, number> {
  const formula: Formula = FORMULAS[name];
  const parts: Record<string, number> = {};
  let total = 0;
  for (const [element, amount] of Object.entries(formula.mass ?? formula.atoms ?? {})) {
    const mass = formula.mass ? amount : amount * (ATOMIC_WEIGHT[element] ?? Number.NaN);
    parts[element] = mass;
    total += mass;
  }
  for (const element of Object.keys(parts)) parts[element] = (parts[element] ?? 0) / total;
  return parts;
}

function build(name: MaterialName, formula: Formula): Material {
  const attenuation = new Float32Array(BIN_ENERGIES_KEV.length);
  for (const [element, share] of Object.entries(massFractions(name))) {
    const curve = MASS_ATTENUATION[element];
    if (curve === undefined) throw new RangeError(`material ${name}: element ${element} is not tabulated`);
    for (let k = 0; k < attenuation.length; k++)
      attenuation[k] = (attenuation[k] ?? 0) + share * (curve[k] ?? 0);
  }
  return { name, density: formula.density, attenuation };
}
