/**
 * Text that declarations have in common, in the form in which they are stored (members sorted), the most usual
 * last, since the compressor names what is near in fewer bits. It is part of the store's format: a released dictionary is
 * never edited, a better one is a new entry of {@link DICTIONARIES}.
 */
const FIRST = [
  // Codes and words by themselves, for what the sentences below do not hold.
  `"KR" "JP" "IN" "VN" "TW" "HK" "TR" "PL" "ES" "IT" "NL" "BE" "CH" "SE" "DK" "NO" "FI" "IE" "PT" "GR" "RO" "CZ" "UA" "BR"`,
  `"MX" "CA" "AU" "NZ" "SG" "TH" "MY" "ID" "PH" "AE" "SA" "IL" "EG" "ZA" "NG" "KE" "MA" "currency":"JPY" "currency":"CHF"`,
  `"currency":"CNY" "currency":"KRW" "currency":"TRY" "currency":"PLN" "currency":"SEK" "quantityUnit":"KGM" "MTR" "LTR" "PR"`,
  "accessories cotton polyester plastic steel stainless leather wooden rubber ceramic glass paper printed knitted woven electric",
  "women men ladies children kids baby shoes dress shirt jacket trousers socks bag wallet watch phone case cable charger adapter",
  "headphones battery lamp toy toys game book books cosmetics cream vitamins supplement tablets coffee tea kitchen bicycle parts",
  "machine spare parts components samples used personal effects documents, set of with and for, black, white, blue, red, size",
  "chaussures vetements homme femme enfant coton plastique pieces detachees livres jouet, Kleidung Damen Herren Kinder Baumwolle",
  "Schuhe Ersatzteile Buch Spielzeug Kunststoff, ropa zapatos hombre mujer algodon plastico libros juguetes repuestos",
  `{"reason":[{"message":"is missing","metric":"C1","pointer":"/consignment"},{"message":"is not known to the schema","metric":"K1"`,
  `"pointer":"/items/0/hs6"},{"message":"does not match the pattern"}]`,
  // Containers and cargo.
  `{"consignment":{"category":"other","grossMassKg":12480,"packageCount":640,"splitIndicator":false,"volumeM3":31.5},`,
  `"declarationRef":"26NL000000000000","direction":"transit","equipment":[{"id":"MSCU","itemSeqs":[1,2,3],"kind":"container",`,
  `"load":"lcl","seals":["SL"],"sizeType":"45G1","tareMassKg":3900,"vgmKg":18200}],"flow":"container","function":"amend",`,
  `"identifiers":[{"checkOk":true,"level":"equipment","scheme":"ISO6346","value":"MSKU"},{"checkOk":null,"level":"master",`,
  `"scheme":"BL","value":"MAEU"}],"itemsTotal":120,"load":"empty","load":"fcl","packageType":"CT","packages":640,"packageType":"PX",`,
  `"sourceRegime":"CARGO_REPORT","sourceRegime":"WCO_DEC","transport":{"conveyanceRef":"412W","dischargePlace":"NLRTM",`,
  `"eta":"2026-06-01T05:00:00Z","etd":"2026-05-01T00:00:00Z","imo":"9","loadPlace":"CNSHA","mode":"1"}}`,
  `{"consignment":{"category":"sale_of_goods","grossMassKg":245.5,"packageCount":12,"totalValue":{"amount":"4500.00",`,
  `"currency":"USD"}},"direction":"export","direction":"transhipment","flow":"air_cargo","flow":"road_rail","identifiers":[`,
  `{"checkOk":null,"level":"house","scheme":"HAWB","value":"H"},{"checkOk":true,"level":"master","scheme":"MAWB","value":"020"},`,
  `{"checkOk":null,"scheme":"HOUSE_REF","value":""},{"checkOk":null,"level":"declaration","scheme":"MRN","value":"26"},`,
  `{"checkOk":true,"level":"package","scheme":"SSCC","value":"00"}],"sourceRegime":"IATA_XFZB","sourceRegime":"IATA_XFWB",`,
  `"sourceRegime":"ICS2_F23","sourceRegime":"LVC_NATIONAL","transport":{"conveyanceRef":"KL","dischargePlace":"DEFRA",`,
  `"loadPlace":"HKHKG","mode":"4"},"undg":"3481","undg":"3480","hsEdition":"2022","hsExtension":"90","publicId":"NL",`,
  `"seller":{"kind":"legal"},"platform":{"kind":"legal","publicId":""},"declarant":{"aeo":true,"kind":"legal"},"buyer":{"kind":`,
  `"transaction":{"fiscalScheme":"IOSS","orderToken":"k1:","orderedAt":"2026-05-","paymentMethod":"card","paymentToken":"k1:"},`,
  // Express.
  `{"aedId":"","consignment":{"category":"commercial_sample","grossMassKg":1.25,"irgCategory":3,"packageCount":1,"totalValue":{`,
  `"amount":"120.00","currency":"EUR"}},"declRisk":{"asOf":"2026-05-02T10:00:00.000Z","basePrior":0.02,"indicators":["`,
  `"],"model":"declrisk-2026","p":0.0,"target":"any_irregularity"},"direction":"import","flow":"express","function":"original",`,
  `"identifiers":[{"checkOk":null,"level":"house","scheme":"PARCEL_OTHER","value":"1Z"},{"checkOk":null,"level":"declaration",`,
  `"scheme":"UCR","value":"26"}],"issuedAt":"2026-05-02T08:00:00.000Z","items":[{"description":"","descriptionLang":"en",`,
  `"grossMassKg":0.5,"hs6":"850","netMassKg":0.4,"originCountry":"CN","quantity":1,"quantityUnit":"H87","seq":1,"value":{`,
  `"amount":"60.00","currency":"EUR"}}],"parties":{"consignee":{"addressQ":"partial","contactQ":"missing","country":"FR","kind":`,
  `"natural","nameQ":"single_token","postcodeArea":"75","token":"k1:"},"consignor":{"addressQ":"ok","country":"CN","kind":"legal",`,
  `"nameQ":"ok","publicId":"","token":"k1:"}},"placi":{"ref":"","status":"RFS"},"privacy":{"keyEpoch":"k1","profile":"edge_min",`,
  `"purpose":"risk_assessment","retainUntil":"2026-06-01T08:00:00.000Z"},"receivedAt":"2026-05-02T08:00:00.000Z","revision":2,`,
  `"schema":"customs-aed/1.0","sourceRegime":"ICS2_F32","transport":{"dischargePlace":"NLAMS","eta":"2026-05-03T08:00:00.000Z",`,
  `"loadPlace":"CNSZX","mode":"4"}}`,
  // Post, the most usual.
  `{"aedId":"","consignment":{"category":"gift","grossMassKg":0.85,"irgCategory":2,"packageCount":1,"postalCharges":{"amount":`,
  `"12.00","currency":"USD"},"totalValue":{"amount":"25.00","currency":"USD"}},"declRisk":{"asOf":"2026-05-01T10:00:00.000Z",`,
  `"basePrior":0.02,"model":"declrisk-2026","p":0.0,"target":"any_irregularity"},"direction":"import","flow":"postal","function":`,
  `"original","identifiers":[{"checkOk":true,"level":"item","scheme":"S10","value":"RR"}],"issuedAt":"2026-05-01T07:00:00.000Z",`,
  `"items":[{"description":"cotton t-shirt","hs6":"610910","netMassKg":0.3,"originCountry":"GB","quantity":2,"quantityUnit":"H87",`,
  `"seq":1,"value":{"amount":"15.00","currency":"GBP"}},{"description":"","hs6":"950300","netMassKg":0.2,"originCountry":"US",`,
  `"quantity":1,"quantityUnit":"H87","seq":2,"value":{"amount":"10.00","currency":"USD"}},{"description":"","netMassKg":1.1,`,
  `"originCountry":"CN","quantity":3,"quantityUnit":"H87","seq":3,"value":{"amount":"9.90","currency":"EUR"}}],"parties":{`,
  `"consignee":{"addressQ":"ok","contactQ":"missing","country":"DE","kind":"natural","nameQ":"ok","postcodeArea":"10","token":`,
  `"k1:"},"consignor":{"addressQ":"ok","country":"US","kind":"natural","nameQ":"ok","postcodeArea":"","token":"k1:"}},"placi":{`,
  `"status":"ASC"},"privacy":{"keyEpoch":"k1","profile":"edge_min","purpose":"risk_assessment","retainUntil":`,
  `"2026-06-01T07:00:00.000Z"},"receivedAt":"2026-05-01T07:00:00.000Z","revision":1,"schema":"customs-aed/1.0","sourceRegime":`,
  `"UPU_ITMATT","transport":{"destinationOe":"DEFRAA","eta":"2026-05-03T07:00:00.000Z","mode":"4","originOe":"CNSHAA"}}`,
].join("\n");

/** By number, as the first byte of a stored record names them. */
export const DICTIONARIES: readonly Uint8Array[] = [new Uint8Array(), new TextEncoder().encode(FIRST)];
