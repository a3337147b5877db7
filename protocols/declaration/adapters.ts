/** Declarations out of what senders have: tables, CN 23 and ITMATT as JSON, WCO data model and IATA Cargo-XML. */
export { declarationsOfCsv } from "./adapters/csv.ts";
export { COLUMN_TARGETS, type ColumnMap, PLAIN_MAP, readColumnMap } from "./adapters/csv-map.ts";
export { CSV_LIMITS } from "./adapters/csv-rows.ts";
export type { Adapted, AdapterFault, AdapterOptions, AdapterResult } from "./adapters/draft.ts";
export { declarationsOfItmatt, ITMATT_LIMITS } from "./adapters/itmatt.ts";
export { createTokeniser, type Tokeniser } from "./adapters/tokens.ts";
export { declarationsOfWco, MAX_WCO_DECLARATIONS } from "./adapters/wco.ts";
export { declarationsOfXfzb, MAX_HOUSES } from "./adapters/xfzb.ts";
export { DECLARATION_XML_LIMITS } from "./adapters/xml.ts";
