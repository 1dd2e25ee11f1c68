/** What has changed from one inventory to another: in words, and whether it loosens a wall. */
import { arrivals, type Effect, rules, type Thing, tableOf } from './drift-rules.js';
import { descriptionOf, grantsOf, nameOf, privilegeChange } from './drift-words.js';

export type { Effect } from './drift-rules.js';

/** One fact of db/inventory.sql. */
export type InventoryRow = readonly [kind: string, object: string, property: string, value: string];

export interface Change {
  readonly effect: Effect;
  readonly words: string;
}

/** From the worst on. */
export const effects: readonly Effect[] = ['loosens', 'read', 'tightens', 'neutral'];

type Things = ReadonlyMap<string, Thing>;
type Value = string | undefined;

/** Returns the changes from one inventory to another, the worst first; an object that comes or goes is one. */
export function diffInventories(
  saved: readonly InventoryRow[],
  present: readonly InventoryRow[],
): readonly Change[] {
  const [before, after] = [thingsOf(saved), thingsOf(present)];
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) =>
    changesOf(before.get(key), after.get(key), before, after),
  );
  return folded(changes, new Map([...before, ...after])).sort(
    (a, b) => effects.indexOf(a.effect) - effects.indexOf(b.effect) || (a.words < b.words ? -1 : 1),
  );
}

function thingsOf(rows: readonly InventoryRow[]): Things {
  const things = new Map<string, Thing>();
  for (const [kind, object, property, value] of rows) {
    const key = `${kind} ${object}`;
    const thing = things.get(key) ?? { kind, object, facts: new Map(), exists: false };
    things.set(key, thing);
    // Settings, and who may use what the server brought along, are no objects that come and go.
    thing.exists ||=
      !/^(setting|large objects)$/.test(kind) &&
      !/^(privilege |invalid$|not (checked|validated)$)/.test(property);
    if (property !== 'login' || value !== 'false') thing.facts.set(property, value);
  }
  return things;
}

const holders = ['table', 'view', 'materialized view', 'foreign table', 'domain'];

/** Whether it comes, or goes, only with the table that it is a part of. */
const isPartOf = (thing: Thing, there: Things, notThere: Things): boolean =>
  !holders.includes(thing.kind) &&
  tableOf(thing) !== thing.object &&
  holders.some((kind) => {
    const key = `${kind} ${tableOf(thing)}`;
    const [holder, absent] = [there.get(key), notThere.get(key)];
    if (!holder?.exists || !absent?.exists) return holder?.exists === true;
    // What a partition has from its table is its own when it is detached.
    return (
      /constraint|index|key$/.test(thing.kind) &&
      holder.facts.get('partition of') !== absent.facts.get('partition of')
    );
  });

function changesOf(
  old: Thing | undefined,
  now: Thing | undefined,
  before: Things,
  after: Things,
): Change[] {
  if (now?.exists && !old?.exists) {
    return isPartOf(now, after, before) ? [] : [arrival(now, before, after)];
  }
  if (old?.exists && !now?.exists) {
    if (isPartOf(old, before, after)) return [];
    return [{ effect: arrivalEffect(old, 2, before, ''), words: `${nameOf(old)} is gone` }];
  }
  const thing = (now ?? old) as Thing;
  const properties = new Set([...(old?.facts.keys() ?? []), ...(now?.facts.keys() ?? [])]);
  const exchanged = exchangedOwners(thing, before, after);
  return [...properties].flatMap((property) => {
    const [was, is] = [old?.facts.get(property), now?.facts.get(property)];
    if (was === is || exchanged.some((role) => property.endsWith(` for ${role}`))) return [];
    return [changeOf(thing, property, was, is)];
  });
}

/** Who is the owner in place of whom: their privileges change with that, and are told by it. */
function exchangedOwners(thing: Thing, before: Things, after: Things): readonly string[] {
  const owned = thing.kind === 'column' ? holders.map((kind) => `${kind} ${tableOf(thing)}`) : [];
  for (const key of [`${thing.kind} ${thing.object}`, ...owned]) {
    const [was, is] = [before.get(key)?.facts.get('owner'), after.get(key)?.facts.get('owner')];
    if (was && is && was !== is) return ['the owner', was, is];
  }
  return [];
}

function arrivalEffect(thing: Thing, column: 1 | 2, before: Things, grants: string): Effect {
  const effect = arrivals.find(([kind]) => kind.test(thing.kind))?.[column] ?? 'read';
  return typeof effect === 'function' ? effect(thing, before, grants) : effect;
}

function arrival(thing: Thing, before: Things, after: Things): Change {
  const parts = holders.includes(thing.kind)
    ? [...after.values()].filter((part) => part !== thing && tableOf(part) === thing.object)
    : [];
  const grants = grantsOf([thing, ...parts.filter(({ kind }) => kind === 'column')]);
  const policies = parts
    .filter(({ kind }) => kind === 'policy')
    .map(
      (one) => `policy ${one.object.slice(0, -` on ${thing.object}`.length)} is ${descriptionOf(one)}`,
    );
  const about = [descriptionOf(thing), ...policies, grants].filter(Boolean).join('; ');
  return {
    effect: arrivalEffect(thing, 1, before, grants),
    words: `${nameOf(thing)} is new${about && `: ${about}`}`,
  };
}

function changeOf(thing: Thing, property: string, before: Value, after: Value): Change {
  const [, privilege, grantee] = /^privilege (.*?) for (.*)$/s.exec(property) ?? [];
  if (privilege && grantee) return privilegeChange(thing, privilege, grantee, before, after);
  const found = rules.find((rule) => rule.kind.test(thing.kind) && rule.property.test(property));
  const effect = found?.effect ?? 'read';
  const template =
    found?.words?.[before === undefined ? 0 : after === undefined ? 1 : 2] ||
    (before === undefined ? '{} now has $p $a' : after === undefined ? '{} no longer has $p $b' : '') ||
    'the $p of {} is now $a (before: $b)';
  const values: Readonly<Record<string, string>> = {
    '{}': nameOf(thing),
    $p: property,
    $1: found?.property.exec(property)?.[1] ?? property,
    $a: after ?? '',
    $b: before ?? '',
  };
  return {
    effect: typeof effect === 'function' ? effect(before, after, thing) : turned(effect, before, after),
    words: template.replace(/\{\}|\$[p1ab]/g, (mark) => values[mark] ?? ''),
  };
}

function turned(effect: Effect, before: Value, after: Value): Effect {
  if (effect === 'read' || effect === 'neutral' || before === undefined) return effect;
  if (after !== undefined) return 'read';
  return effect === 'loosens' ? 'tightens' : 'loosens';
}

/** Returns the changes without those of partitions that their table has as well: those are told once, with a number. */
function folded(changes: readonly Change[], things: Things): Change[] {
  const parents = new Map<string, string>();
  for (const { kind, object, facts } of things.values()) {
    const parent = /^(.*?) (?:FOR VALUES|DEFAULT)/s.exec(facts.get('partition of') ?? '')?.[1];
    if (kind === 'table' && parent) parents.set(object, parent);
  }
  const times = new Map<Change, number>();
  const bare = (table: string) => table.slice(table.lastIndexOf('.') + 1);
  const partition = new RegExp([...parents.keys()].sort().reverse().map(escaped).join('|') || '(?!)');
  const kept = changes.filter(({ effect, words }) => {
    const child = partition.exec(words)?.[0] ?? '';
    const parent = parents.get(child);
    if (parent === undefined) return true;
    const same = words
      .replaceAll(child, parent)
      .replaceAll(bare(child), bare(parent))
      .replace(/(?<= is new: )a partition of .*?; /s, '');
    // The table also tells who may use what is new.
    const twin = changes.find(
      (one) => one.effect === effect && (one.words === same || /^[:;] /.test(rest(one.words, same))),
    );
    if (twin === undefined || same === words) return true;
    times.set(twin, (times.get(twin) ?? 0) + 1);
    return false;
  });
  return kept.map((change) => {
    const more = times.get(change);
    return more ? { ...change, words: `${change.words} (and ${more} of its partitions)` } : change;
  });
}

const rest = (words: string, start: string) =>
  words.startsWith(start) ? words.slice(start.length) : '';

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
