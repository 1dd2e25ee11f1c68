/** What statements are made of: the role, tenants to guess, and functions, relations and objects of the catalog. */
import type { Role, Worlds } from './worlds.js';

interface Routine {
  readonly name: string;
  readonly arguments: readonly string[];
}

export interface Scene {
  readonly role: Role;
  /** The tenant that is bound. */
  readonly tenant: string;
  readonly victim: string;
  /** Tenants that a statement can name: the victim, neighbours, and names that no tenant has. */
  readonly tenants: readonly string[];
  /** Functions that the role may execute and whose arguments we have literals for. */
  readonly routines: readonly Routine[];
  /** Tables and views of the catalog, whether or not the role may read them. */
  readonly relations: readonly string[];
  /** A token of the tenant; none in the usual design. */
  readonly token: string | undefined;
  /** OIDs of objects, that of the victim's search table among them, and some that no object has. */
  readonly oids: readonly string[];
  /** Names of relations that one could guess. Some exist in one world only, some in none. */
  readonly names: readonly string[];
}

/** Literals by type. Functions with arguments of other types are not called. */
export const literals: Readonly<Record<string, readonly string[]>> = {
  bigint: ['0', '1', '2', '-1', '8'],
  bit: ["b'101'"],
  boolean: ['true', 'false'],
  bytea: ["'\\x00'::bytea", "'abc'::bytea"],
  '"char"': ['\'r\'::"char"', '\'i\'::"char"'],
  character: ["'x'::char"],
  'character varying': ["'documents'::varchar"],
  cidr: ["'10.0.0.0/8'::cidr"],
  date: ["'2020-01-02'::date"],
  'double precision': ['0', '0.5', '-1', '3'],
  inet: ["'10.0.0.1'::inet"],
  int4range: ["'[1,5)'::int4range"],
  integer: ['0', '1', '2', '-1', '8', '5432'],
  interval: ["'1 day'::interval"],
  json: ['\'{"topic":"merger"}\'::json', "'[1,2]'::json"],
  jsonb: ['\'{"topic":"merger"}\'::jsonb', "'[1,2]'::jsonb"],
  jsonpath: ["'$.topic'::jsonpath"],
  numeric: ['0', '1.5', '-2'],
  'numeric[]': ["'{1,2}'::numeric[]"],
  pg_lsn: ["'0/0'::pg_lsn", "'0/1500000'::pg_lsn"],
  point: ["'(1,2)'::point"],
  real: ['0::real', '1.5::real'],
  smallint: ['0::smallint', '1::smallint', '-1::smallint'],
  'text[]': ["array['documents','acme']", "'{}'::text[]"],
  tid: ["'(0,1)'::tid", "'(1,1)'::tid"],
  'timestamp with time zone': ["'2020-01-02 03:04:05+00'::timestamptz"],
  'timestamp without time zone': ["'2020-01-02 03:04:05'::timestamp"],
  time: ["'03:04'::time"],
  tsquery: ["'merger'::tsquery"],
  tsvector: ["'merger plan'::tsvector"],
  uuid: ["'00000000-0000-4000-8000-000000000003'::uuid"],
  xid: ["'3'::xid", "'700'::xid"],
  xid8: ["'3'::xid8", "'700'::xid8"],
  xml: [],
  halfvec: ["'[1,0,0,0,0,0,0,1]'::halfvec"],
  vector: ["'[1,0,0,0,0,0,0,1]'::vector"],
  sparsevec: ["'{1:1}/8'::sparsevec"],
  // argument() in grammar-probes.ts chooses these from the scene.
  name: [],
  oid: [],
  'oid[]': [],
  regclass: [],
  text: [],
};

/**
 * Functions that are not called, because they wait, end or signal sessions, depend on the clock or on chance, read or
 * write without bounds, return whole databases as XML, or (as a superuser) stop the server.
 */
const uncalled =
  '^(pg_sleep|random|gen_random|clock_timestamp|timeofday|statement_timestamp|transaction_timestamp|now$|' +
  'pg_terminate|pg_cancel|pg_reload|pg_promote|pg_rotate|pg_switch|pg_ls_|pg_read|pg_stat_file|setseed|' +
  'database_to|schema_to|generate_series|repeat|lpad|rpad|pg_advisory|pg_create|pg_drop|binary_upgrade|' +
  'lo_import|lo_export|pg_log_backend|pg_backup|pg_wal_replay|pg_import|pg_copy|set_config|pg_nextoid|' +
  'inet_client_port|pg_jit|pg_uuid|uuidv|array_fill|hnsw|ivf)';

export async function readScene(worlds: Worlds, role: Role): Promise<Omit<Scene, 'tenant' | 'token'>> {
  const { admin, victim, tenants } = worlds;
  const types = Object.keys(literals);
  const routines = await admin<Routine[]>`
    select distinct format('%I.%I', n.nspname, p.proname) as name, s.arguments, p.oid::regprocedure::text
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace,
      lateral (
        select coalesce(array_agg(format_type(t, null) order by i), '{}') as arguments
        from unnest(p.proargtypes) with ordinality as a (t, i)
      ) as s
    where p.prokind = 'f'
      and p.provariadic = 0
      and has_function_privilege(${role}, p.oid, 'execute')
      and has_schema_privilege(${role}, n.oid, 'usage')
      and p.prorettype not in ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype)
      and s.arguments <@ ${types}::text[]
      and p.proname !~ ${uncalled}
    order by p.oid::regprocedure::text`;
  const relations = await admin<{ name: string }[]>`
    select oid::regclass::text as name from pg_class
    where relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) and relkind in ('r', 'v')
    order by 1`;
  const objects = await admin<{ oid: string; name: string }[]>`
    select oid::text, format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
    where relnamespace::regnamespace::text like 'ragwall%'
    order by name`;
  const last = Math.max(...objects.map(({ oid }) => Number(oid)));
  return {
    role,
    victim,
    tenants: [victim, victim, ...tenants, 'nobody', '%', ''],
    routines,
    relations: relations.map(({ name }) => name),
    oids: [...objects.map(({ oid }) => oid), '0', '1259', String(last + 1), String(last + 7), '10'],
    // Nobody can guess the names of search tables.
    names: [
      ...objects.map(({ name }) => name).filter((name) => !/search_[0-9a-f]{32}/.test(name)),
      ...['pg_class', 'ragwall.none', 'ragwall_search.search_0'],
    ],
  };
}
