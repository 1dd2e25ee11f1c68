/** What a database may choose when the first migration is applied: from the command line, and as the catalogs have it. */
import type { ISql } from 'postgres';
import { type ApplicationRole, applicationRoles, type Choices, defaults } from './release.js';

/** The options by which commands take choices, for parseArgs(). */
export const choiceOptions = {
  dimensions: { type: 'string' },
  'vector-schema': { type: 'string' },
  role: { type: 'string', multiple: true },
} as const;

/** Their lines in a help. */
export const choiceHelp = `  --dimensions <n>          the number of dimensions of every embedding, 1 to 4000 (default 1536)
  --vector-schema <name>    the schema of the extension vector (default: where it is, else public)
  --role <ours>=<name>      another name for app_user, app_reader, agent_reader or agent_caller; can be repeated`;

/** The options as parseArgs() returns them. */
export interface ChoiceValues {
  readonly dimensions?: string | undefined;
  readonly 'vector-schema'?: string | undefined;
  readonly role?: string[] | undefined;
}

/** What was chosen, where something was. */
export type Given = Partial<Choices>;

/** Refuses what SQL would take for something else, or would have to be quoted. Reserved words are left to Postgres. */
function checkName(option: string, name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || /^(pg_|ragwall)/.test(name) || name === 'none') {
    throw new Error(
      `${option} is expected to be a name of at most 63 lowercase letters, digits and _, that does not begin with a ` +
        'digit, pg_ or ragwall, and is not none',
    );
  }
  return name;
}

/** Returns the names of all roles of applications, in the order of `ragwall.application_roles()`. */
const namesOf = (roles: Choices['roles']) => applicationRoles.map((role) => roles[role] ?? role);

/**
 * Returns the choices of a command line.
 * @throws Error that says what is expected of which option.
 */
export function parseChoices(values: ChoiceValues): Given {
  const roles: Partial<Record<ApplicationRole, string>> = {};
  for (const pair of values.role ?? []) {
    const [, ours, name = ''] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
    if (!applicationRoles.includes(ours as ApplicationRole) || ours === undefined) {
      throw new Error(`--role is expected to be one of ${applicationRoles.join(', ')}, = and a name: app_user=kb_user`);
    }
    if (name === 'public') throw new Error(`--role ${ours} is expected to be a role: public stands for all`);
    if (Object.hasOwn(roles, ours)) throw new Error(`--role ${ours} is expected once`);
    roles[ours as ApplicationRole] = checkName(`--role ${ours}`, name);
  }
  if (new Set(namesOf(roles)).size < applicationRoles.length) {
    throw new Error(`four different names of roles are expected, not ${namesOf(roles).join(', ')}`);
  }
  const { dimensions, 'vector-schema': vectorSchema } = values;
  if (dimensions !== undefined && !(/^\d{1,4}$/.test(dimensions) && +dimensions >= 1 && +dimensions <= 4000)) {
    throw new Error('--dimensions is expected to be a whole number from 1 to 4000');
  }
  return {
    ...(dimensions !== undefined && { dimensions: Number(dimensions) }),
    ...(vectorSchema !== undefined && { vectorSchema: checkName('--vector-schema', vectorSchema) }),
    ...(values.role && { roles }),
  };
}

/** What the catalogs of a database tell. */
export interface State {
  /** Whether the schema ragwall is there. */
  readonly there: boolean;
  /** The number of the last migration; null without one. */
  readonly migration: number | null;
  /** What was chosen, and the schema of the extension also before the first migration. */
  readonly choices: Given;
}

/** Returns the body of a function `ragwall.…()` that returns a constant. Reading it needs no privilege. */
const constant = (sql: ISql, name: string) => sql`(
  select pg_catalog.pg_get_function_sqlbody(p.oid)
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  where n.nspname = 'ragwall' and p.proname = ${name} and p.pronargs = 0
)`;

/** Returns the names that a database has for our roles: none of them if it has no others, or no Ragwall. */
export async function readRoles(sql: ISql): Promise<Choices['roles']> {
  const [row] = await sql<{ body: string | null }[]>`select ${constant(sql, 'application_roles')} as body`;
  const [, list] = /'\{((?:\w+,){3}\w+)\}'/.exec(row?.body ?? '') ?? [];
  const names = list?.split(',') ?? applicationRoles;
  return Object.fromEntries(
    applicationRoles.map((role, i) => [role, names[i] ?? role] as const).filter(([role, name]) => role !== name),
  );
}

/** Reads the state of a database. */
export async function readState(sql: ISql): Promise<State> {
  const [row] = await sql<{ there: boolean; migration: string | null; dimensions: string | null; schema: string }[]>`
    select exists (select from pg_catalog.pg_namespace where nspname = 'ragwall') as there,
      ${constant(sql, 'migration')} as migration,
      ${constant(sql, 'embedding_dimensions')} as dimensions,
      (
        select n.nspname::text
        from pg_catalog.pg_extension as e join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
        where e.extname = 'vector'
      ) as schema`;
  const number = (body: string | null | undefined) => Number(/^RETURN (\d+)$/.exec(body ?? '')?.[1] ?? Number.NaN);
  const there = row?.there ?? false;
  return {
    there,
    migration: row?.migration ? number(row.migration) : null,
    choices: {
      ...(row?.dimensions && { dimensions: number(row.dimensions) }),
      ...(row?.schema && { vectorSchema: row.schema }),
      ...(there && { roles: await readRoles(sql) }),
    },
  };
}

/**
 * Returns the choices for a database.
 * @throws Error if one that was given is another one than the database has. It says both.
 */
export async function settle(sql: ISql, given: Given, { choices }: State): Promise<Choices> {
  const differ = (what: string, asked: unknown, has: unknown) => {
    if (asked === undefined || has === undefined || asked === has) return;
    throw new Error(
      `${what}: the database has ${has}, and ${asked} was asked for; it cannot be changed by a migration`,
    );
  };
  differ('the number of dimensions', given.dimensions, choices.dimensions);
  differ('the schema of the extension vector', given.vectorSchema, choices.vectorSchema);
  const roles = (all: Choices['roles'] | undefined) => all && namesOf(all).join(', ');
  differ('the names of the roles', roles(given.roles), roles(choices.roles));
  const settled = { ...defaults, ...given, ...choices };
  const [reserved] = await sql<{ name: string }[]>`
    select name from pg_catalog.unnest(pg_catalog.string_to_array(${[settled.vectorSchema, ...namesOf(settled.roles)].join(' ')}, ' ')) as name
    where pg_catalog.quote_ident(name) <> name`;
  if (reserved) throw new Error(`${reserved.name} is expected to be a name that SQL need not quote`);
  return settled;
}
