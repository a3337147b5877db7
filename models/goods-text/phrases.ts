/** Phrases to train on: terms of the lexicon as they stand on parcels, with brands, sizes, colours, numbers and slips. */
import { type LexiconTerm, NO_GOODS } from "./lexicon.ts";

export interface Phrase {
  readonly text: string;
  /** HS chapter or {@link NO_GOODS}. */
  readonly label: string;
}

/** What stands beside goods and says nothing of them. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  en: "new,used,black,white,red,blue,green,pink,small,large,size M,size 42,pcs,5 pcs,set,set of 6,pack,3-pack,kit,kg,2 kg,500 ml,box,ladies,men's,women's,kids,baby,for men,mini,portable,premium,organic,original,vintage,professional,universal,model X,brand new,high quality,assorted colours,made in China,waterproof,electric,automatic,foldable,replacement".split(
    ",",
  ),
  de: "neu,gebraucht,schwarz,weiß,rot,blau,grün,rosa,klein,groß,Gr. M,Größe 42,Stück,5 Stk,Set,3er Pack,Packung,kg,2 kg,500 ml,Dose,Damen,Herren,Kinder,Baby,mini,Bio,Original,Profi,universal,Modell X,hochwertig,wasserdicht,elektrisch,automatisch,faltbar,für Damen,Satz".split(
    ",",
  ),
  fr: "neuf,neuve,noir,blanc,rouge,bleu,vert,rose,petit,grand,taille M,pointure 42,pièces,5 pcs,lot de 6,paquet,kit,kg,2 kg,500 ml,boîte,femme,homme,enfant,bébé,mini,bio,original,professionnel,universel,modèle X,haute qualité,étanche,électrique,automatique,pliable,pour femme".split(
    ",",
  ),
  es: "nuevo,nueva,negro,blanco,rojo,azul,verde,rosa,pequeño,grande,talla M,talla 42,piezas,5 uds,juego de 6,paquete,kit,kg,2 kg,500 ml,caja,mujer,hombre,niños,bebé,mini,ecológico,original,profesional,universal,modelo X,alta calidad,impermeable,eléctrico,automático,plegable,para mujer".split(
    ",",
  ),
  it: "nuovo,nuova,nero,bianco,rosso,blu,verde,rosa,piccolo,grande,taglia M,misura 42,pezzi,5 pz,set da 6,confezione,kit,kg,2 kg,500 ml,scatola,donna,uomo,bambini,neonato,mini,bio,originale,professionale,universale,modello X,impermeabile,elettrico,automatico,pieghevole,per donna".split(
    ",",
  ),
  pt: "novo,nova,preto,branco,vermelho,azul,verde,rosa,pequeno,grande,tamanho M,tamanho 42,peças,5 un,conjunto de 6,pacote,kit,kg,2 kg,500 ml,caixa,mulher,homem,infantil,bebê,mini,orgânico,original,profissional,universal,modelo X,impermeável,elétrico,automático,dobrável,feminino,masculino".split(
    ",",
  ),
  nl: "nieuw,gebruikt,zwart,wit,rood,blauw,groen,roze,klein,groot,maat M,maat 42,stuks,5 st,set van 6,pak,kit,kg,2 kg,500 ml,doos,dames,heren,kinderen,baby,mini,bio,origineel,professioneel,universeel,model X,waterdicht,elektrisch,automatisch,opvouwbaar,voor dames".split(
    ",",
  ),
  zh: "全新,二手,黑色,白色,红色,蓝色,绿色,粉色,小号,大号,M码,42码,5件,一套,一盒,2公斤,500毫升,女士,男士,女式,男式,儿童,婴儿,迷你,便携,有机,原装,专业,通用,家用,防水,电动,自动,折叠,一次性,高档".split(
    ",",
  ),
};
const FOR: Readonly<Record<string, string>> = {
  en: "for",
  de: "für",
  fr: "pour",
  es: "para",
  it: "per",
  pt: "para",
  nl: "voor",
};
const LETTERS = "bcdfghjklmnprstvwz";
const VOWELS = "aeiou";
const COPIES = 3;

/** Numbers 0 ≤ x < 1 from a seed; the same on every machine (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The phrases of one language. */
export function phrasesOf(
  language: string,
  terms: readonly LexiconTerm[],
  random: () => number,
): readonly Phrase[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const beside = BESIDE[language] ?? BESIDE["en"]!;
  const goods = terms.filter(({ chapter }) => chapter !== NO_GOODS);
  const phrases: Phrase[] = [];
  for (const { text, chapter } of terms) {
    phrases.push({ text, label: chapter });
    for (let copy = 0; copy < COPIES; copy++) phrases.push({ text: dressed(text, copy), label: chapter });
  }
  for (let count = 0; count < terms.length / 6; count++) phrases.push({ text: nothing(), label: NO_GOODS });
  return phrases;

  function dressed(text: string, copy: number): string {
    const glue = language === "zh" ? "" : " ";
    let said = random() < 0.25 ? slip(text) : text;
    if (copy % 2 === 0 && random() < 0.7) said = `${pick(beside)}${glue}${said}`;
    if (random() < 0.5) said = `${said} ${pick(beside)}`;
    if (random() < 0.25) said = `${brand()} ${said}`;
    if (copy === 2 && FOR[language] !== undefined) said = `${said} ${FOR[language]} ${pick(goods).text}`;
    if (random() < 0.2) said = said.toUpperCase();
    return said;
  }

  /** A letter left out or two swapped, as people type. */
  function slip(text: string): string {
    if (text.length < 6) return text;
    const at = 1 + Math.floor(random() * (text.length - 3));
    return random() < 0.5
      ? text.slice(0, at) + text.slice(at + 1)
      : text.slice(0, at) + text[at + 1]! + text[at]! + text.slice(at + 2);
  }

  function brand(): string {
    let name = "";
    for (let syllable = 0; syllable < 2 + Math.floor(random() * 2); syllable++)
      name += pick([...LETTERS]) + pick([...VOWELS]) + (random() < 0.3 ? pick([...LETTERS]) : "");
    return name;
  }

  function nothing(): string {
    const words = [brand()];
    if (random() < 0.6) words.push(pick(beside));
    if (random() < 0.4) words.push(brand());
    if (random() < 0.3) words.push(pick(beside));
    return words.join(" ");
  }
}
