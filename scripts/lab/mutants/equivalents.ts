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
    pattern: /^bodies: .*search_documents\(.*: null is not looked for \(1/,
    reason: 'Without a filter refuse_search() is called, which finds nothing wrong, and the search goes on.',
  },
  {
    pattern: /^bodies: .*catch_up\(integer\): null is not looked for \(2/,
    reason: 'A relation whose name is null is not found, and what is not found is looked for in the same condition.',
  },
  {
    pattern: /^bodies: .*search_table\(.*: the tenant is not pinned \(1: t/,
    reason:
      'The ids that other tenants have noted are looked up among the documents of the tenant. It costs work alone.',
  },
  {
    pattern: /^bodies: .*search_table\(.*: the filter is not applied to candidates/,
    reason: 'What does not match is left out when the documents are looked up. Applying the filter earlier saves work.',
  },
  {
    pattern: /^client: client\/documents\.ts: what is stored does not wait for the tenant$/,
    reason:
      'The planner begins with the function that returns one row, whether or not the next depends on it; the argument ' +
      'makes that certain, and no test can tell.',
  },
  {
    pattern: /^bodies: .*best_by_words\(.*: the tenant is not pinned \(2: t/,
    reason: 'The ids that other tenants have noted are looked up among the words of the tenant. It costs work alone.',
  },
  {
    pattern: /^bodies: .*range_condition\(.*: fields without an index count$/,
    reason: 'The condition holds of every row that fits, whether or not an index finds it.',
  },
  {
    pattern: /^bodies: .*search\.bind\(text\): a setting stays on the session$/,
    reason: 'What would stay is the empty text, which binds no tenant.',
  },
];
