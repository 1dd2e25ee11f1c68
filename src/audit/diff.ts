/** Compares two inventories row by row, and returns for each changed row its effect on a wall. */
import { visible } from './report.js';

/** One row of db/inventory.sql. */
export type InventoryRow = readonly [kind: string, object: string, property: string, value: string];

/** What a change does to a wall, the worst first. `read`: only a person who reads the change can tell. */
export const effects = ['loosens', 'read', 'tightens', 'neutral'] as const;
type Effect = (typeof effects)[number];

/** A changed row. `before` is null where the row is new, `after` where it is gone. */
export interface Change {
  readonly effect: Effect;
  readonly kind: string;
  readonly object: string;
  readonly property: string;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * The values of a property, from the one that walls off most to the one that walls off least. `-` is no row, `*` any
 * value that is not listed. A change to the right loosens, a change to the left tightens. A change from `*` to `*`, or of
 * a property that is not listed here, has to be read. A property without values is neutral.
 */
// biome-ignore format: a table
const scales: readonly (readonly [kind: RegExp, property: RegExp, ...values: string[]])[] = [
  [/^table$/, /^(forced )?row security$/, 'true', '-'],
  [/^view$/, /^security_(invoker|barrier)$/, 'true', '-'],
  [/^view$/, /^check_option$/, '*', '-'],
  [/^column$/, /^(not null|no statistics)$/, 'true', '-'],
  [/^policy$/, /^mode$/, 'restrictive', '-', 'permissive'],
  [/^policy$/, /^(using|with check)$/, 'false', '*', 'true'],
  [/^policy$/, /^command$/, '*', 'ALL'],
  [/^policy$/, /^roles$/, '*', 'PUBLIC'],
  [/^(function|procedure|aggregate)$/, /^(security definer|leakproof)$/, '-', 'true'],
  [/^(function|procedure|aggregate)$/, /^volatility$/, '*', 'immutable'],
  [/^(function|procedure|aggregate)$/, /^setting search_path$/, '*', '-'],
  [/^check constraint$/, /^definition$/, '*', '-'],
  [/(constraint|key)$/, /^not (validated|checked)$/, '-', 'true'],
  [/(trigger|rule)$/, /^fires$/, 'always', '-', 'on a replica', 'never'],
  [/^language$/, /^trusted$/, '-', 'true'],
  [/^publication$/, /^(all tables|table .*|schema .*)$/, '-', '*'],
  [/^role$/, /^login$/, 'false', 'true'],
  [/^role$/, /^(superuser|bypassrls|replication|createrole|createdb)$/, '-', 'true'],
  [/^role$/, /^member of /, '-', '*'],
  [/^role$/, /^connection limit$/],
  [/^index$/, /./],
  [/./, /^unlogged$/],
];

/** Kinds whose objects open nothing by existing. Their privileges and other properties have rows of their own. */
const inert =
  /^(schema|table|view|materialized view|foreign table|column|sequence|type|domain|collation|function|procedure|aggregate|policy|role|publication|not-null constraint)$/;

/** Kinds that have columns, policies, constraints, indexes, triggers or rules. */
const relations = ['table', 'view', 'materialized view', 'foreign table', 'domain'];

/** The rows of an inventory: values by property, by kind and object. */
type Inventory = ReadonlyMap<string, ReadonlyMap<string, string>>;
const keyOf = (kind: string, object: string) => `${kind} ${object}`;

function inventoryOf(rows: readonly InventoryRow[]): Inventory {
  const objects = new Map<string, Map<string, string>>();
  for (const [kind, object, property, value] of rows) {
    const key = keyOf(kind, object);
    objects.set(key, (objects.get(key) ?? new Map()).set(property, value));
  }
  return objects;
}

/** Whether the inventory has more rows on an object than privileges, which are all that objects of the server have. */
const exists = (inventory: Inventory, key: string) =>
  [...(inventory.get(key)?.keys() ?? [])].some(
    (property) => !/^(privilege |invalid$|not (checked|validated)$)/.test(property),
  );

/** Returns the keys that the relation of a column, policy, index and the like may have: its kind is not known. */
function relationKeys(kind: string, object: string): string[] {
  const own = kind === 'column' ? /\.("(?:[^"]|"")*"|[^".]+)$/ : /^("(?:[^"]|"")*"|[^"\s]+) on /;
  return relations.map((relation) => keyOf(relation, object.replace(own, '')));
}

/** Returns the changed rows, in the order of the inventories. */
export function diffInventories(saved: readonly InventoryRow[], present: readonly InventoryRow[]): Change[] {
  const [before, after] = [inventoryOf(saved), inventoryOf(present)];
  const changes = new Map<string, Change>();
  for (const [kind, object, property] of [...saved, ...present]) {
    const key = keyOf(kind, object);
    const [was = null, is = null] = [before.get(key)?.get(property), after.get(key)?.get(property)];
    if (was === is) continue;
    const change = { kind, object, property, before: was, after: is };
    changes.set(`${key} ${property}`, { effect: effectOf(change, before, after), ...change });
  }
  return [...changes.values()];
}

function effectOf(change: Omit<Change, 'effect'>, before: Inventory, after: Inventory): Effect {
  const { kind, object, property } = change;
  const key = keyOf(kind, object);
  const relation = relationKeys(kind, object);
  const comes = kind !== 'setting' && exists(after, key) && !exists(before, key);
  const goes = kind !== 'setting' && exists(before, key) && !exists(after, key);
  const relationIn = (inventory: Inventory) =>
    relation.map((one) => exists(inventory, one) && inventory.get(one)?.get('partition of')).join();
  const withRelation = relationIn(before) !== relationIn(after);
  // The property that every policy, constraint, index and trigger has: its row stands for the object itself.
  const itself = property === 'mode' || property === 'definition';
  if (goes && (!itself || withRelation)) return 'neutral';
  if (property.startsWith('privilege ')) {
    const effect = privilegeEffect(property, [key, ...relation], before, after);
    const open = /^(column|.*table|.*view)$/.test(kind) && !isWalled([key, ...relation], after);
    return effect === 'loosens' && comes && !open ? 'read' : effect;
  }
  const effect = onScale(change, after.get(key)?.get('mode') === 'restrictive');
  if (!comes && !goes) return effect;
  if (effect === 'read') return inert.test(kind) || withRelation ? 'neutral' : 'read';
  if (effect === 'tightens' && (!itself || withRelation)) return 'neutral';
  // A policy opens nothing on a table that had no row-level security.
  return effect === 'loosens' && kind === 'policy' && !isWalled(relation, before) ? 'read' : effect;
}

const isWalled = (keys: readonly string[], inventory: Inventory) =>
  keys.some((key) => ['row security', 'security_invoker'].some((wall) => inventory.get(key)?.has(wall)));

function onScale({ kind, property, before, after }: Omit<Change, 'effect'>, restrictive: boolean): Effect {
  const found = scales.find((scale) => scale[0].test(kind) && scale[1].test(property));
  const [, , ...values] = found ?? [kind, property, '*'];
  if (values.length === 0) return 'neutral';
  const place = (value: string | null) =>
    values.includes(value ?? '-') ? values.indexOf(value ?? '-') : values.indexOf(value ? '*' : '-');
  const [from, to] = [place(before), place(after)];
  if (from === to || from < 0 || to < 0) return 'read';
  // A restrictive policy for more roles or commands walls off more.
  return to > from === (restrictive && /^(roles|command)$/.test(property)) ? 'tightens' : 'loosens';
}

/** Compares effective privileges, not grants: a role may have had the same privilege through PUBLIC. */
function privilegeEffect(property: string, keys: string[], before: Inventory, after: Inventory): Effect {
  const [, privilege = '', role = ''] = /^(privilege .*? for )(.*)$/s.exec(property) ?? [];
  const had = levelOf(privilege, role, keys, before, after);
  const has = levelOf(privilege, role, keys, after, before);
  return has > had ? 'loosens' : has < had ? 'tightens' : 'neutral';
}

/** How far a role has a privilege: 0 not at all; 1 itself, through PUBLIC or a role that it inherits from; 2 it may grant it. */
function levelOf(privilege: string, role: string, keys: string[], inventory: Inventory, other: Inventory): number {
  const roles = new Set([role]);
  for (const one of roles) {
    for (const [property, value] of inventory.get(keyOf('role', one)) ?? []) {
      if (property === 'superuser') return 2;
      if (/^member of /.test(property) && /inherit/.test(value)) roles.add(property.slice(10));
    }
  }
  const levels = keys.flatMap((key) => {
    const rows = inventory.get(key);
    const owns = roles.has('the owner') || roles.has(rows?.get('owner') ?? '');
    return [...roles, 'PUBLIC', ...(owns ? ['the owner'] : [])].map((grantee) => {
      const value = rows?.get(privilege + grantee);
      if (value === 'revoked') return 0;
      if (value === 'with grant option' || (rows && grantee === 'the owner')) return 2;
      // What the server grants at first has a row only in the inventory in which something differs.
      return (value ?? /^(revoked|by default)$/.test(other.get(key)?.get(privilege + grantee) ?? '')) ? 1 : 0;
    });
  });
  return Math.max(...levels);
}

/** How many names of objects that changed alike are printed. */
const names = 8;

/** Returns the changes as text, the worst first: an object with its rows, or together several whose rows are the same. */
export function changesToText(changes: readonly Change[]): string {
  const objects = grouped(changes, ({ kind, object }) => keyOf(kind, object)).map((rows) =>
    rows.sort((a, b) => effects.indexOf(a.effect) - effects.indexOf(b.effect)),
  );
  const alike = grouped(objects, (rows) => JSON.stringify(rows.map(({ object, ...row }) => row)));
  const rank = ([[worst]]: [Change[], ...Change[][]]) => effects.indexOf(worst?.effect ?? 'neutral');
  const lines = alike
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((group) => {
      const listed = group.slice(0, names).map(([row]) => row?.object);
      if (group.length > names) listed.push(`and ${group.length - names} more`);
      const rows = group[0].map(
        ({ effect, property, before, after }) =>
          `  ${effect.padEnd(8)}  ${property}: ${before ?? '–'} → ${after ?? '–'}`,
      );
      return ['', `${group[0][0]?.kind} ${listed.join(', ')}`, ...rows];
    });
  return lines.map((line) => visible(line.replace(/\n\s*/g, ' '))).join('\n');
}

/** Returns the items in groups of the same key. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}
