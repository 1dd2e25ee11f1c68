/** Reads the hostile statements. Before each stands a comment: its name, and in braces its outcomes by mode, if any. */
import { readdir, readFile } from 'node:fs/promises';

export interface Attack {
  readonly name: string;
  readonly sql: string;
  /** Its outcome by mode ('trusting', 'signed', 'both', 'open'), or by mode and ' bound' or ' unbound'. */
  readonly outcomes: ReadonlyMap<string, string>;
}

/** A token. Numbers of iat, exp and nbf are seconds from now; null removes a claim. */
interface Token {
  /** The name of the attack that binds by this token and reads. */
  readonly attack?: string;
  readonly header?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Guesses about acme: one that is right, and one of the same length that is wrong. A statement with a guess runs with both. */
export const guesses: Readonly<Record<string, readonly [string, string]>> = {
  guess: ['acme secret 0', 'acme secret 7'],
  tenant: ['acme', 'amna'],
  id: ['00000000-0000-4000-8000-000000001000', '00000000-0000-4000-8000-000000002000'],
  source: ['acme.md', 'acne.md'],
};

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');

const tokenOf = "select ragwall.set_tenant_from_token(:'?'); select content from ragwall.documents;";

export const tokens: Readonly<Record<string, Token>> = JSON.parse(await read('tokens.json'));

function attackOf(text: string): Attack {
  const [line = '', ...sql] = text.trim().split('\n');
  const [, name = '', outcomes = ''] = /^(.*?)(?: \{(.*)\})?$/.exec(line) ?? [];
  const pairs = outcomes.split('; ').map((outcome) => outcome.split(': ') as [string, string]);
  return { name, sql: sql.join('\n'), outcomes: new Map(outcomes ? pairs : []) };
}

/** The attacks of a file; of tokens.sql, also those of each token that has a name. */
async function attacksOf(file: string): Promise<Attack[]> {
  const written = (await read(file)).split(/^-- /m).slice(1).map(attackOf);
  const signed = Object.entries(tokens).flatMap(([token, { attack: name }]) =>
    name ? [{ name, sql: tokenOf.replace('?', token), outcomes: new Map() }] : [],
  );
  return file === 'tokens.sql' ? [...written, ...signed] : written;
}

const files = (await readdir(new URL('.', import.meta.url))).filter((name) => name.endsWith('.sql')).sort();

/** The attacks by the name of their file. */
export const corpus: ReadonlyMap<string, readonly Attack[]> = new Map(
  await Promise.all(files.map(async (file) => [file, await attacksOf(file)] as const)),
);

/** A query of one row: digests of the documents of all tenants but globex, with what is known of their searches; of globex's documents; of catalogs and keys. */
export const fingerprints = `
with document as (
  select d.tenant_id = 'globex' as own, md5(string_agg(concat_ws('|', d.tenant_id, d.id, d.source, d.position, d.content,
    d.metadata, d.embedding_model, d.created_at, public.halfvec_send(d.embedding)), '' order by d.tenant_id, d.id)) as digest
  from ragwall.documents as d
  group by 1
),
wall (line) as (
  select concat('role', r) from pg_authid as r
  union all select concat('member', m) from pg_auth_members as m
  union all select concat('setting', s) from pg_db_role_setting as s
  union all select concat('default', a) from pg_default_acl as a
  union all select concat('database', d.datname, d.datdba, d.datacl) from pg_database as d
  union all select concat('schema', n) from pg_namespace as n where n.nspname !~ '^pg_(toast_)?temp_'
  union all select concat_ws(' ', 'class', c.oid, c.relname, c.relnamespace, c.relowner, c.relkind, c.relacl,
      c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relhastriggers, c.relhasrules)
    from pg_class as c where c.relnamespace not in (select pg_my_temp_schema() union all select 'pg_toast'::regnamespace)
  union all select concat_ws(' ', 'column', a.attrelid, a.attname, a.attacl, a.atttypid, a.attstattarget, a.attnotnull)
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where c.relnamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
  union all select concat('policy', p) from pg_policy as p
  union all select concat_ws(' ', 'function', p.oid, p.proname, p.proowner, p.proacl, p.prosecdef, p.proconfig, p.prosrc)
    from pg_proc as p where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
  union all select concat_ws(' ', 'functions', count(*), count(*) filter (where p.proleakproof), sum(p.procost),
      count(*) filter (where p.prosecdef), count(p.proacl)) from pg_proc as p
  union all select concat('default', d) from pg_attrdef as d
  union all select concat('constraint', c.oid, c.conname) from pg_constraint as c
    where c.connamespace in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
  union all select concat('trigger', t.oid, t.tgenabled) from pg_trigger as t
  union all select concat_ws(' ', 'rules', count(*), sum(r.oid::bigint)) from pg_rewrite as r
  union all select concat('event trigger', e) from pg_event_trigger as e
  union all select concat('extension', e.extname, e.extversion) from pg_extension as e
  union all select concat('publication', p.pubname) from pg_publication as p
  union all select concat('parameter', p) from pg_parameter_acl as p
  union all select concat_ws(' ', 'others', (select count(*) from pg_cast), (select count(*) from pg_operator),
      (select count(*) from pg_type where typnamespace <> 'pg_toast'::regnamespace), (select count(*) from pg_description))
  union all select concat('seal key', k) from ragwall_private.seal_key as k
  union all select concat('signing key', k) from ragwall_private.signing_key as k
)
select
  (select digest from document where not own) || (
    select md5(concat(
      (select string_agg(concat_ws(' ', t.tenant_id, t.id), ',' order by t.tenant_id, t.id)
        from ragwall_search.tail as t where t.tenant_id <> 'globex'),
      (select string_agg(s::text, ',' order by s.tenant_id) from ragwall_search.directory as s where s.tenant_id <> 'globex')
    ))
  ) as victims,
  (select digest from document where own) as own,
  (select md5(string_agg(line, E'\\n' order by line)) from wall) as catalog
`;
