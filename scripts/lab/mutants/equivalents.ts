/** Mutants that break no wall, and the reason: something else prevents what they permit. */
export const equivalents: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /^bodies: ragwall\.current_tenant\(\): (null|absent) is not looked for$/,
    reason: 'A seal of null, or compared with null, is null, and the comparison that decides is not true then.',
  },
  {
    pattern: /^bodies: ragwall\.current_tenant\(\): an empty setting counts \(2/,
    reason: 'The empty text is not the seal of anything.',
  },
  {
    pattern: /^bodies: .*set_tenant_from_token\(text\): its signature may be long$/,
    reason: 'All of the third segment is compared with the signature that is expected, which has 43 letters.',
  },
  {
    pattern: /^bodies: .*set_tenant_from_token\(text\): it may have something before it$/,
    reason:
      'The key is found by all of the first segment, and with a segment before the three the second would have to be ' +
      'the signature of what follows it.',
  },
  {
    pattern: /^bodies: .*match_documents\(halfvec,integer,jsonb\): a graph that is not valid is used$/,
    reason: 'The planner uses no index that is not valid; asking saves a search in vain.',
  },
  {
    pattern: /^client: client\/documents\.ts: the search does not wait for the tenant$/,
    reason:
      'The planner begins with the function that returns one row, whether or not the next depends on it; the argument ' +
      'makes that certain, and no test can tell.',
  },
];
