/** What each kind of change does to the walls, and how it is told: the tables behind diff.ts. */

/** What a change does to the walls; `read`: only a person who reads it can tell. */
export type Effect = 'loosens' | 'read' | 'tightens' | 'neutral';

/** One object of an inventory. */
export interface Thing {
  readonly kind: string;
  readonly object: string;
  readonly facts: Map<string, string>;
  /** Whether more is known of it than who may use it. */
  exists: boolean;
}

/** The table that something is a part of: 'ragwall.documents' for its columns, policies and keys. */
export function tableOf({ kind, object }: Thing): string {
  if (kind === 'column') return object.replace(/\.("(?:[^"]|"")*"|[^".]+)$/, '');
  return object.replace(/^("(?:[^"]|"")*"|[^"\s]+) on /, '');
}

type Value = string | undefined;
type Judge = (before: Value, after: Value, thing: Thing) => Effect;

export interface Rule {
  readonly kind: RegExp;
  readonly property: RegExp;
  /** What it does when the property comes, the opposite when it goes, and `read` when it changes; or a judge of all. */
  readonly effect: Effect | Judge;
  /** When it comes, goes and changes. `{}` is the object, `$1` from the property, `$a` and `$b` after and before. */
  readonly words?: readonly [comes: string, goes: string, changes?: string];
}

/** More rows for more people; with a restrictive policy it is the other way around. */
const widens = (wider: boolean, { facts }: Thing): Effect =>
  wider === (facts.get('mode') === 'permissive') ? 'loosens' : 'tightens';

const rolesOf: Judge = (before, after, policy) => {
  const covered = (names: Value) => (names ?? '').split(', ');
  const within = (some: Value, all: Value) =>
    covered(all).includes('PUBLIC') || covered(some).every((name) => covered(all).includes(name));
  const [wider, narrower] = [within(before, after), within(after, before)];
  return wider === narrower ? 'read' : widens(wider, policy);
};

const commandOf: Judge = (before, after, policy) =>
  before === 'ALL' || after === 'ALL' ? widens(after === 'ALL', policy) : 'read';

/** A condition that is always or never met needs nobody to read it. */
const conditionOf: Judge = (before, after) => {
  if (before === undefined || after === undefined) return 'read';
  if (after === 'true' || before === 'false') return 'loosens';
  return after === 'false' || before === 'true' ? 'tightens' : 'read';
};

const firesOf: Judge = (before, after) => {
  const off = (value: Value) => value !== undefined && value !== 'always';
  return off(before) === off(after) ? 'read' : off(after) ? 'loosens' : 'tightens';
};

/** Nothing, or what the options of a membership are. */
const memberOf: Judge = (before, after) => {
  const options = (value: Value) =>
    value?.split(', ').filter((option) => option !== 'for nothing') ?? [];
  const more = options(after).some((option) => !options(before).includes(option));
  const less = options(before).some((option) => !options(after).includes(option));
  if (more !== less) return more ? 'loosens' : 'tightens';
  return before === undefined || after === undefined ? 'neutral' : 'read';
};

const toImmutable: Judge = (before, after) =>
  after === 'immutable' ? 'loosens' : before === 'immutable' ? 'tightens' : 'read';

const rule = (kind: string, property: string, effect: Effect | Judge, ...words: string[]): Rule => ({
  kind: new RegExp(`^(${kind})$`),
  property: new RegExp(`^${property}$`),
  effect,
  ...(words.length > 0 && { words: words as [string, string] }),
});

const routine = 'function|procedure|aggregate';
const constraint = '(check|unique|exclusion|not-null) constraint|primary key|foreign key';

/** The first that fits decides; what none fits has to be read. */
// biome-ignore format: a table
export const rules: readonly Rule[] = [
  rule('table', 'row security', 'tightens', 'row-level security is now on for {}', 'row-level security is no longer on for {}'),
  rule('table', 'forced row security', 'tightens', 'row-level security is now forced on {}', 'row-level security is no longer forced on {}'),
  rule('table', 'partition of', 'read', '{} is now a partition of $a', '{} is no longer a partition of $b'),
  rule('.*table|sequence', 'unlogged', 'neutral', '{} is now unlogged', '{} is no longer unlogged'),
  rule('view', 'security_invoker', 'tightens', "{} now reads with its caller's rights", "{} now reads with its owner's rights"),
  rule('view', 'security_barrier', 'tightens', '{} is now a security barrier', '{} is no longer a security barrier'),
  rule('view', 'check_option', 'tightens', '{} now checks what is written through it', '{} no longer checks what is written through it'),
  rule('column', 'not null', 'tightens', '{} may no longer be null', '{} may now be null'),
  rule('column', 'no statistics', 'tightens', 'ANALYZE no longer samples {}', 'ANALYZE now samples {}'),
  rule('policy', 'mode', (_, after) => (after === 'permissive' ? 'loosens' : 'tightens'), '', '', '{} is now $a (before: $b)'),
  rule('policy', 'roles', rolesOf, '', '', '{} is now for $a (before: $b)'),
  rule('policy', 'command', commandOf, '', '', '{} is now for $a (before: $b)'),
  rule('policy', '(using|with check)', conditionOf, '{} now has $1 $a', '{} no longer has $1 $b', '{} now has $1 $a (before: $b)'),
  rule(routine, 'security definer', 'loosens', "{} now runs with its owner's rights", "{} now runs with its caller's rights"),
  rule(routine, 'leakproof', 'loosens', '{} is now declared leakproof', '{} is no longer declared leakproof'),
  rule(routine, 'volatility', toImmutable, '', '', '{} is now declared $a (before: $b)'),
  rule(routine, 'strict', 'read', '{} now returns null when an argument is null', '{} is now also called when an argument is null'),
  rule(routine, 'setting search_path', 'tightens', '{} now pins its search_path to $a', '{} no longer pins its search_path', '{} now pins its search_path to $a (before: $b)'),
  rule(routine, 'setting (.*)', 'read', '{} now sets $1 to $a', '{} no longer sets $1 to $b', '{} now sets $1 to $a (before: $b)'),
  rule('setting', '(.*)', 'read', '{} now begins with $1 = $a', '{} no longer begins with $1 = $b', '{} now begins with $1 = $a (before: $b)'),
  rule(constraint, 'not validated', 'loosens', '{} is not checked for the rows that are there', '{} is now checked for all rows'),
rule(constraint, 'not checked', 'loosens', 'the triggers that check {} are off', 'the triggers that check {} are on again'),
  rule('.*index', 'invalid', 'read', '{} is now invalid', '{} is now valid'),
  rule('index', 'definition', 'neutral'),
  rule('trigger|event trigger|rule', 'fires', firesOf, '{} now fires $a', '{} fires again', '{} now fires $a (before: $b)'),
  rule('language', 'trusted', 'loosens', '{} is now trusted', '{} is no longer trusted'),
  rule('publication', 'all tables', 'loosens', '{} now publishes all tables', '{} no longer publishes all tables'),
  rule('publication', '(table .*|schema .*)', 'loosens', '{} now publishes $1, $a', '{} no longer publishes $1', '{} now publishes $1, $a (before: $b)'),
  rule('large objects', '(owned by .*)', 'read', '{}: some are now $1', '{}: none is $1 any more'),
  rule('role', 'login', 'loosens', '{} may now log in', '{} may no longer log in'),
  rule('role', 'superuser', 'loosens', '{} is now a superuser', '{} is no longer a superuser'),
  rule('role', 'bypassrls', 'loosens', '{} may now bypass row-level security', '{} may no longer bypass row-level security'),
  rule('role', 'replication', 'loosens', '{} may now replicate the whole server', '{} may no longer replicate the whole server'),
  rule('role', 'createrole', 'loosens', '{} may now create roles', '{} may no longer create roles'),
  rule('role', 'createdb', 'loosens', '{} may now create databases', '{} may no longer create databases'),
  rule('role', 'inherit', 'loosens', '{} now has at once what the roles have that it is a member of', '{} now has only by SET ROLE what the roles have that it is a member of'),
  rule('role', 'connection limit', 'neutral'),
  rule('role', 'member of (.*)', memberOf, '{} is now a member of $1 ($a)', '{} is no longer a member of $1', '{} is now a member of $1 ($a; before: $b)'),
  rule('.*', 'owner', 'read', '', '', '{} now belongs to $a (before: $b)'),
  rule('.*', '(body|definition)', 'read', '', '', 'the $1 of {} has changed'),
];

type Arrival = Effect | ((thing: Thing, before: ReadonlyMap<string, Thing>, grants: string) => Effect);

/** Without a wall of its own whoever may read it reads all rows. */
const unless =
  (wall: string): Arrival =>
  (thing, _, grants) =>
    grants && !thing.facts.has(wall) ? 'loosens' : 'read';

const powers = /^(superuser|bypassrls|replication|createrole|member of .*)$/;

/** On a table without row-level security a permissive policy opens nothing yet: what it is for is to be read. */
const policyComes: Arrival = (policy, before) => {
  if (policy.facts.get('mode') === 'restrictive') return 'tightens';
  return before.get(`table ${tableOf(policy)}`)?.facts.has('row security') ? 'loosens' : 'read';
};

/** What it does when an object comes, and when it goes. The first that fits decides. */
// biome-ignore format: a table
export const arrivals: readonly (readonly [kind: RegExp, comes: Arrival, goes: Arrival])[] = [
  [/^table$/, unless('row security'), 'neutral'],
  [/^view$/, unless('security_invoker'), 'neutral'],
  [/^(materialized view|foreign table)$/, unless('a wall'), 'neutral'],
  [/^column$/, 'neutral', 'read'],
  [/^policy$/, policyComes, (policy) => widens(false, policy)],
  [/^check constraint$/, 'tightens', 'loosens'],
  [/^(foreign key|primary key|(unique|exclusion) constraint|unique index|trigger|event trigger|rule)$/, 'read', 'loosens'],
  [/^(index|sequence|type|domain|collation)$/, 'neutral', 'neutral'],
  [/^schema$/, (_, __, grants) => (grants ? 'read' : 'neutral'), 'neutral'],
  [/^role$/, ({ facts }) => ([...facts.keys()].some((fact) => powers.test(fact)) ? 'loosens' : 'neutral'), 'neutral'],
  [/./, 'read', 'neutral'],
];
