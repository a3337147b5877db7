/** What passes the scanner: express and postal parcels, letters and small packets, passengers' bags. */
export const SCENARIOS = ["parcels", "mail", "baggage"] as const;
export type Scenario = (typeof SCENARIOS)[number];
