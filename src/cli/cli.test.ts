/** The command line as a DBA runs it: `ragwall index` builds and rebuilds what is due; whatever is unknown is refused by name. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { root } from '../../db/tests/engine/migrations.js';
import { needs, openSession, type Session } from '../../db/tests/engine/session.js';

const engine = inject('engine');
let session: Session;
beforeAll(async () => {
  if (engine.kind === 'embedded') return;
  session = await openSession(engine);
  await session.admin(
    (sql) => sql`
      insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
      select tenant, 'x', tests.vec(n), 'test'
      from unnest(array['one', 'two']) as tenant, generate_series(1, 100) as n`,
  );
});
afterAll(async () => {
  if (engine.kind === 'embedded') return;
  await session.admin((sql) => sql`delete from ragwall.documents`);
  await ragwall('index');
  await session.end();
});

/** Runs the command with DATABASE_URL and returns what it said. */
async function ragwall(...args: string[]) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../cli.ts', import.meta.url)), ...args],
    { env: { ...process.env, DATABASE_URL: engine.adminUrl } },
  );
  return stdout + stderr;
}

/** How many graphs there are, and whether all are valid. */
const graphs = () =>
  session.admin(async (sql) => {
    const [row] = await sql<{ count: number; valid: boolean | null }[]>`
      select count(*)::integer as count, bool_and(indisvalid) as valid
      from pg_index join pg_class on pg_class.oid = indexrelid
      where relname like 'documents\_graph\_%' escape '\'`;
    return row;
  });

describe('on a server', () => {
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a second connection'));

  it('prints what is due, builds it, and then finds nothing due', async () => {
    expect(await ragwall('index', '--plan', '--from', '50')).toMatch(/(create index concurrently .*;\n){2}/);
    expect(await ragwall('index', '--from', '50')).toContain('2/2 create index');
    expect(await graphs()).toEqual({ count: 2, valid: true });
    expect(await ragwall('index', '--from', '50')).toContain('nothing is due');
  });

  it('rebuilds what an interrupted build left behind', async () => {
    await session.admin(
      (sql) => sql`
      update pg_index set indisvalid = false
      where indexrelid = ('ragwall.' || ragwall.graph_name('one'))::regclass`,
    );
    expect(await ragwall('index', '--from', '50')).toContain('reindex index');
    expect(await graphs()).toEqual({ count: 2, valid: true });
  });

  it('leaves the work to another run that is under way', async () => {
    const answers = await session.admin(async (sql) => {
      await sql`select pg_advisory_lock(7260913)`;
      const said = await ragwall('index', '--from', '50');
      await sql`select pg_advisory_unlock(7260913)`;
      return said;
    });
    expect(answers).toBe('another run is at work; nothing to do\n');
  });

  it('drops the graphs of tenants that have shrunk', async () => {
    expect(await ragwall('index')).toContain('drop index');
    expect(await graphs()).toEqual({ count: 0, valid: null });
  });

  it('audits, and exits by what it finds', async () => {
    const { code, stdout } = await ragwall('audit', '--format', 'json').then(
      (text) => ({ code: 0, stdout: text }),
      (error) => error,
    );
    const gates = JSON.parse(stdout).rows.filter((row: { gates: boolean }) => row.gates);
    expect(code).toBe(gates.length > 0 ? 1 : 0);
  });
});

it.each([
  [['--help'], 'ragwall audit [url]   checks'],
  [['index', '--help'], '--plan'],
  [['audit', '--help'], '--write-baseline <file>'],
  [['serve', '--help'], 'RAGWALL_JWT_AUDIENCE'],
])('%j tells how it is used', async (args, help) => {
  expect(await ragwall(...args)).toContain(help);
});

it('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  expect(await ragwall('--version')).toBe(`${version}\n`);
});

it.each([
  [[], 2, 'ragwall index [url]'],
  [['nonsense'], 1, 'unknown command nonsense; expected: ragwall index, ragwall audit'],
  [['--nonsense'], 1, 'unknown option --nonsense; expected: ragwall index, ragwall audit'],
  [['index', '--nonsense'], 1, "Unknown option '--nonsense'"],
  [['audit', '--nonsense'], 2, "Unknown option '--nonsense'"],
  [['index', '--from', 'many'], 1, '--from is expected to be a whole number'],
  [['index', 'a', 'b'], 1, 'expected: ragwall index [url]'],
  [['audit', '--format', 'pdf'], 2, '--format is expected to be one of'],
])('%j says what is expected, and exits with %i', async (args, code, help) => {
  await expect(ragwall(...args)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(args.length ? help : ''),
    stdout: expect.stringContaining(args.length ? '' : help),
  });
});
