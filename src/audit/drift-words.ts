/** How objects, what is new of them, and privileges are told. */
import type { Change } from './diff.js';
import type { Thing } from './drift-rules.js';

/** What a thing is called: a table by its name alone, others with their kind. */
export function nameOf({ kind, object }: Thing): string {
  if (kind === 'large objects') return `${kind} ${object}`;
  return ['table', 'database', 'setting'].includes(kind) ? object : `${kind} ${object}`;
}

const who = (grantee: string) => (grantee === 'PUBLIC' ? 'everybody' : grantee);

/** Returns what there is to be known of a new object, in one line; who may use it, grantsOf() tells. */
export function descriptionOf({ kind, facts }: Thing): string {
  const own = [...facts.keys()].filter(
    (fact) => !/^(privilege |owner$|inherit$|publishes$)/.test(fact),
  );
  const told: (string | false | undefined)[] = [
    facts.has('security definer') && "runs with its owner's rights",
    facts.has('leakproof') && 'declared leakproof',
  ];
  if (kind === 'table') {
    const forced = facts.has('forced row security') ? 'forced' : 'not forced';
    told.push(
      facts.has('partition of') && `a partition of ${facts.get('partition of')}`,
      facts.has('row security') ? `with row-level security, ${forced}` : 'without row-level security',
    );
  } else if (kind === 'view') {
    told.push(`reads with its ${facts.has('security_invoker') ? 'caller' : 'owner'}'s rights`);
  } else if (kind === 'policy') {
    const conditions = ['using', 'with check'].filter((fact) => facts.has(fact));
    told.push(
      `${facts.get('mode')}, for ${facts.get('command')}, for ${facts.get('roles')}`,
      ...conditions.map((fact) => `${fact} ${facts.get(fact)}`),
    );
    return told.filter(Boolean).join(', ').replace(/\s+/g, ' ');
  } else if (kind === 'role' || kind === 'publication') {
    told.push(own.join(', '));
  } else if (/constraint|key$|index|trigger|rule|cast|operator/.test(kind)) {
    told.push(facts.get('definition'));
  }
  return told.filter(Boolean).join('; ').replace(/\s+/g, ' ');
}

/** Says who may do what, 'app_user may SELECT, INSERT' say; empty if nobody but the owner may. */
export function grantsOf(things: readonly Thing[]): string {
  const granted = new Map<string, Set<string>>();
  for (const { facts } of things) {
    for (const [property, value] of facts) {
      const [, privilege, grantee] = /^privilege (.*?) for (.*)$/s.exec(property) ?? [];
      if (!privilege || !grantee || grantee === 'the owner' || value === 'revoked') continue;
      granted.set(grantee, (granted.get(grantee) ?? new Set()).add(privilege));
    }
  }
  return [...granted]
    .map(([grantee, may]) => `${who(grantee)} may ${[...may].join(', ').replace('USAGE', 'USE')}`)
    .join('; ');
}

const verbs: Readonly<Record<string, string>> = {
  SELECT: 'SELECT from',
  INSERT: 'INSERT into',
  DELETE: 'DELETE from',
  USAGE: 'USE',
  CONNECT: 'CONNECT to',
  CREATE: 'CREATE in',
  TEMPORARY: 'make TEMPORARY tables in',
  TRIGGER: 'make a TRIGGER on',
  REFERENCES: 'make keys that REFERENCE',
};

/** Nothing said is less than granted, and more than revoked from whom it was granted by default. */
const ranks = ['revoked', undefined, 'granted', 'with grant option'];

/** Returns how a privilege has changed. */
export function privilegeChange(
  thing: Thing,
  privilege: string,
  grantee: string,
  before: string | undefined,
  after: string | undefined,
): Change {
  const on = thing.kind === 'default privileges' ? `future ${thing.object}` : nameOf(thing);
  const more = ranks.indexOf(after) > ranks.indexOf(before);
  const [least, most] = more ? [before, after] : [after, before];
  const act =
    most === 'with grant option' && least === 'granted'
      ? `pass on ${privilege} on ${on}`
      : `${verbs[privilege] ?? privilege} ${on}${more && most === 'with grant option' ? ' and pass that on' : ''}`;
  return {
    effect: more ? 'loosens' : 'tightens',
    words: `${who(grantee)} may ${more ? 'now' : 'no longer'} ${act}`,
  };
}
