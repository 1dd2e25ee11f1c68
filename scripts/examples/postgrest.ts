/**
 * A test double: it sends the statements that PostgREST 14 sends for a part of what supabase-js can ask, and answers
 * with its status codes. The part: select=*, insert, upsert, delete, the filters eq and in, calls of functions that
 * return rows. It is not PostgREST. It refuses all else, as update, order and on_conflict. It does not count or page,
 * has no role for requests without a token and no settings of roles, and takes relations to have no key, as PostgREST
 * does of a view without tenant_id.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwtVerify } from 'jose';
import postgres from 'postgres';

const refusal = (status: number, code: string, message: string) => Object.assign(new Error(message), { status, code });
const statuses: Record<string, number> = { 23505: 409, 25006: 405, 40001: 500, 42501: 403, 42883: 404, '42P01': 404 };
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
// How PostgREST counts the rows that an upsert inserts.
const counting = `WHERE set_config('pgrst.inserted',
  (coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0) + 1)::text, true) <> '0' `;

/** Returns WHERE and LIMIT. `value` takes a value, and returns its placeholder. */
function restriction(of: string, query: URLSearchParams, value: (given: string) => string) {
  const filters = [...query].filter(([key, to]) => !/^(columns=|limit=|select=[*]$)/.test(`${key}=${to}`));
  const conditions = filters.map(([key, filter]) => {
    const [, operator, operand = ''] = /^(eq|in)\.(.*)$/s.exec(filter) ?? [];
    if (!operator) throw refusal(400, 'PGRST100', `the double does not know ${key}=${filter}`);
    const [column = '', path] = key.split('->>');
    const left = path ? `to_jsonb(${of}.${quoted(column)})->>${value(path)}` : `${of}.${quoted(column)}`;
    return operator === 'eq' ? `${left} = ${value(operand)}` : `${left} = ANY (${value(`{${operand.slice(1, -1)}}`)})`;
  });
  const where = conditions.length ? `WHERE ${conditions.join(' AND ')} ` : '';
  return query.has('limit') ? `${where}LIMIT ${value(`${query.get('limit')}`)} OFFSET 0 ` : where;
}

type Settings = Record<'url' | 'preRequest', string> & { schemas: readonly string[]; jwtSecret: Uint8Array };

/**
 * Starts it on a free port. Returns its address, where it serves /rest/v1 as Supabase does, and what closes it.
 * @param settings `url`: of a login that may become the roles that tokens name. `schemas`: the exposed ones, the first
 *   for requests that name none. `preRequest`: the name of a function, with its schema.
 */
export async function startPostgrest({ url, jwtSecret, schemas, preRequest }: Settings) {
  const sql = postgres(url, { max: 4, onnotice: () => {} });
  const argumentsOf = (schema: string, routine: string) => sql`
    select a.name, a.type, p.provolatile = 'v' as writes
    from pg_proc as p, unnest(p.proargnames[1:p.pronargs], p.proargtypes::regtype[]::text[]) as a (name, type)
    where p.pronamespace = ${quoted(schema)}::regnamespace and p.proname = ${routine} and p.proretset`;
  const columnsOf = (schema: string, relation: string) => sql`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, true as writes
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = ${quoted(schema)}::regnamespace and c.relname = ${relation}`;

  async function statementOf({ method, headers }: IncomingMessage, schema: string, to: URL, json: string) {
    const [query, [, , , first = '', routine = '']] = [to.searchParams, to.pathname.split('/')];
    const calls = first === 'rpc';
    const name = calls ? routine : first;
    const of = `${quoted(schema)}.${quoted(name)}`;
    const known = await (calls ? argumentsOf : columnsOf)(schema, name);
    const types = new Map(known.map((row) => [row.name, row.type]));
    if (!known.length) throw refusal(404, calls ? 'PGRST202' : 'PGRST205', `Could not find ${of} in the schema cache`);
    const methods = calls ? ['POST'] : ['GET', 'POST', 'DELETE'];
    if (!methods.includes(`${method}`)) throw refusal(405, 'PGRST117', `the double does not know ${method}`);

    const values: string[] = [];
    const value = (given: string) => `$${values.push(given)}`;
    const given = query.get('columns')?.replaceAll('"', '').split(',') ?? Object.keys(JSON.parse(json || '{}'));
    const unknown = given.find((key) => !types.has(key));
    if (unknown)
      throw refusal(calls ? 404 : 400, calls ? 'PGRST202' : 'PGRST204', `Could not find ${unknown} of ${of}`);
    const typed = given.map((key) => `${quoted(key)} ${types.get(key)}`).join(', ');
    const record = `json_to_record${json.startsWith('[') ? 'set' : ''}(pgrst_payload.json_data) AS _(${typed})`;
    const payload = () => `FROM (SELECT ${value(json)}::text::json AS json_data) pgrst_payload,
      LATERAL (SELECT ${given.map(quoted).join(', ')} FROM ${record}) pgrst_body `;

    const statement = { rows: 'SELECT * FROM pgrst_source', full: true, writes: known[0]?.writes, status: 200, values };
    if (calls) {
      const passed = given.map((key) => `${quoted(key)} := pgrst_body.${quoted(key)}`).join(', ');
      const source = `SELECT pgrst_call.* ${payload()}, LATERAL ${of}(${passed}) pgrst_call`;
      const rows = `SELECT * FROM pgrst_source AS ${quoted(name)} ${restriction(quoted(name), query, value)}`;
      return { ...statement, source, rows };
    }
    if (method === 'GET')
      return { ...statement, source: `SELECT ${of}.* FROM ${of} ${restriction(of, query, value)}`, writes: false };
    const full = `${headers.prefer}`.includes('return=representation');
    const returning = `RETURNING ${full ? `${of}.*` : '1'}`;
    if (method === 'DELETE') {
      const source = `DELETE FROM ${of} ${restriction(of, query, value)}${returning}`;
      return { ...statement, source, full, status: full ? 200 : 204 };
    }
    if (query.has('on_conflict')) throw refusal(400, 'PGRST100', 'the double does not know on_conflict');
    const cells = given.map((key) => `pgrst_body.${quoted(key)}`).join(', ');
    const end = (`${headers.prefer}`.includes('resolution=merge-duplicates') ? counting : '') + returning;
    const source = `INSERT INTO ${of}(${given.map(quoted).join(', ')}) SELECT ${cells} ${payload()}${end}`;
    return { ...statement, source, full, status: 201 };
  }

  async function respond(request: IncomingMessage) {
    const { method = '', headers } = request;
    const json = await text(request);
    const to = new URL(`${request.url}`, 'http://localhost');
    const token = `${headers.authorization}`.replace(/^bearer +/i, '');
    const claims = (await jwtVerify(token, jwtSecret, { algorithms: ['HS256'] }).catch(() => undefined))?.payload;
    if (!claims?.role) throw refusal(401, 'PGRST301', 'JWT cryptographic operation failed');
    const schema = `${headers[method === 'GET' ? 'accept-profile' : 'content-profile'] ?? schemas[0]}`;
    if (!schemas.includes(schema)) throw refusal(406, 'PGRST106', `Invalid schema: ${schema}`);
    const { source, rows, full, values, writes, status } = await statementOf(request, schema, to, json);
    const body = full ? `coalesce(json_agg(_postgrest_t), '[]')` : `''`;
    const [row] = await sql.begin(`isolation level read committed read ${writes ? 'write' : 'only'}`, async (tx) => {
      await tx`select set_config('search_path', ${`${quoted(schema)}, "public"`}, true),
        set_config('role', ${`${claims.role}`}, true),
        set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
        set_config('request.method', ${method}, true), set_config('request.path', ${to.pathname}, true),
        set_config('request.headers', ${JSON.stringify(headers)}, true), set_config('request.cookies', '{}', true)`;
      await tx.unsafe(`select ${preRequest}()`);
      const main = `WITH pgrst_source AS (${source}) SELECT ${body}::text AS body FROM (${rows}) _postgrest_t`;
      return tx.unsafe(main, values);
    });
    return { status, body: row?.body };
  }

  const server = createServer(async (request, response) => {
    const { status, body } = await respond(request).catch(({ code, message, detail = null, hint = null, status }) => {
      const said = JSON.stringify({ code, message, details: detail, hint });
      return { status: status ?? statuses[code] ?? (code ? 400 : 500), body: said };
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => Promise.all([server.close(), server.closeAllConnections(), sql.end()]);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
