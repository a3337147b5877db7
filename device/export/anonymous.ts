import type { Declaration } from "../../protocols/declaration.ts";
import { dayOf } from "./day.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/**
 * What a declaration says of the goods, and nothing that names a person, a company or a consignment: parties are reduced to their
 * kind, country and how well they were described; identifiers are pseudonyms; times are days. Goods texts were scrubbed when the
 * declaration was received.
 */
export function anonymousDeclaration(
  declaration: Declaration,
  pseudonyms: Pseudonyms,
): Record<string, unknown> {
  const { schema, aedId, revision, function: does, receivedAt, direction, flow, identifiers } = declaration;
  const { sourceRegime, consignment, items, itemsTotal, parties, transport } = declaration;
  return {
    schema,
    aedId: pseudonyms.uuid("aed", aedId),
    revision,
    function: does,
    receivedAt: dayOf(Date.parse(receivedAt)),
    ...given({ sourceRegime, direction, flow, itemsTotal }),
    ...(transport === undefined ? {} : { transport: placesOf(transport) }),
    ...(identifiers === undefined
      ? {}
      : {
          identifiers: identifiers.map((one) => ({
            ...one,
            value: pseudonyms.identifier(one.scheme, one.value),
          })),
        }),
    ...(consignment === undefined ? {} : { consignment: withoutReferences(consignment) }),
    ...(parties === undefined
      ? {}
      : {
          parties: Object.fromEntries(
            Object.entries(parties).map(([role, party]) => [role, anonymousParty(party)]),
          ),
        }),
    ...(items === undefined ? {} : { items: items.map(({ productIds: _ids, ...item }) => item) }),
  };
}

function withoutReferences({
  documents: _documents,
  ...consignment
}: NonNullable<Declaration["consignment"]>): Record<string, unknown> {
  return consignment;
}

/** How it travels and between which offices; not in which vessel or flight. */
function placesOf({
  mode,
  loadPlace,
  dischargePlace,
  originOe,
  destinationOe,
}: NonNullable<Declaration["transport"]>): Record<string, unknown> {
  return given({ mode, loadPlace, dischargePlace, originOe, destinationOe });
}

function anonymousParty(party: NonNullable<NonNullable<Declaration["parties"]>["consignee"]>) {
  const { kind, country, nameQ, addressQ, contactQ } = party;
  return { kind, ...given({ country, nameQ, addressQ, contactQ }) };
}

function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
