/** Mutants of functions that lose one of their conditions: one for each place where a rule fits a definition. */
import type { Sql } from 'postgres';
import { contextRules } from './bodies-context.js';
import { documentRules } from './bodies-documents.js';
import { protectionRules } from './bodies-protection.js';
import { type Rule, within } from './bodies-rule.js';
import { searchTableRules } from './bodies-search-tables.js';
import { tokenRules } from './bodies-tokens.js';
import { wordRules } from './bodies-words.js';
import type { Mutant } from './mutant.js';

const everywhere = within(/^/, [
  ['the tenant is not pinned', /\b\w\.tenant_id = tenant\b/, 'tenant is not null'],
  ['the tenant is not pinned', /\b\w\.tenant_id = entry\.tenant_id\b/, 'true'],
  ['the tenant is not pinned', /\b\w\.tenant_id = (\$\d)/, '$1 is not null'],
  ['a guard never raises', /(?<!end )\bif\b(?:(?!\bif\b)[\s\S])*?\bthen(\s+raise exception)/, 'if false then$1'],
  ['null passes a guard', /\bis not true\b/, 'is not true and false'],
  ['null is not looked for', /\b[\w.]+ is null or /, ''],
  ['absent is not looked for', /\bor \w+ is null\b/, ''],
]);

const rules: readonly Rule[] = [
  ...everywhere,
  ...contextRules,
  ...tokenRules,
  ...documentRules,
  ...searchTableRules,
  ...protectionRules,
  ...wordRules,
];

/** Returns a mutant for a rule that fits no function any more. It cannot be made, and so the run fails. */
const stale = (rule: string): Mutant => ({
  kind: 'bodies',
  name: `no function has what “${rule}” breaks`,
  statement: "do $$ begin raise exception 'mend the rule in bodies-*.ts, or remove it'; end $$",
});

/** Returns a mutant for each place in each function where a rule fits. */
export async function bodyMutants(sql: Sql): Promise<Mutant[]> {
  const functions = await sql.unsafe<{ name: string; definition: string }[]>(`
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
    from pg_proc as p
    where p.pronamespace::regnamespace::text in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
      -- Generated from files that have tests of their own.
      and p.proname not in ('audit', 'inventory')
    order by 1`);
  return rules.flatMap(({ of, name: rule, find, replace }) => {
    const mutants = functions
      .filter(({ definition }) => of.test(definition.slice(0, definition.indexOf('\n'))))
      .flatMap(({ name, definition }) => {
        const places = [...definition.matchAll(new RegExp(find, 'g'))];
        return places.map(({ 0: text, index }, place): Mutant => {
          // Sticky, so that look-arounds see the text around the place, and no other place is replaced.
          const here = new RegExp(find, 'y');
          here.lastIndex = index;
          const which = ` (${place + 1}: ${text.trim().replace(/\s+/g, ' ').slice(0, 60)})`;
          return {
            kind: 'bodies',
            name: `${name}: ${rule}${places.length > 1 ? which : ''}`,
            statement: definition.replace(here, replace),
          };
        });
      });
    return mutants.length > 0 ? mutants : [stale(rule)];
  });
}
