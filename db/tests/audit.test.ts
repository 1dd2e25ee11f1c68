/**
 * The audit names the one defect that a database has, and it alone, with what mends it; what is right, it has nothing to
 * say about. audit/world.sql is as it should be; defects-*.sql break it, and correct-*.sql do not.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { TransactionSql } from 'postgres';
import { describe, expect, inject, it } from 'vitest';
import { type AuditRow, isFinding } from '../../src/audit/run.js';
import { fakes } from './audit/fakes.js';
import { root } from './engine/migrations.js';
import { openSession, rolledBack } from './engine/session.js';

interface Case {
  readonly name: string;
  readonly statement: string;
  /** Of a defect: the check that finds it, and what the finding is about. */
  readonly id?: string;
  readonly object?: string;
}
interface Judged extends Case {
  /** What is found that was not before, or how the statement failed. */
  readonly found: readonly string[];
  /** Where the remedy is a statement that a transaction can run: what is left of the finding after it. */
  readonly left?: readonly string[];
  readonly skipped?: true;
}

const engine = inject('engine');
const folder = new URL('audit/', import.meta.url);
const read = (name: string) => readFile(new URL(name, folder), 'utf8');
const audit = await readFile(new URL('db/audit.sql', root), 'utf8');
const agents = `${await readFile(new URL('db/agents.sql', root), 'utf8')};
  alter role agent_caller login; alter role agent_reader nologin`;
const names = (await readdir(folder)).filter((name) => /^(defects|correct)-/.test(name)).sort();
const done = Symbol();

/** Runs `act` in a savepoint that is rolled back, and returns what it returned. */
async function undone<T>(tx: TransactionSql, act: (tx: TransactionSql) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await tx
    .savepoint(async (inner) => {
      result = { value: await act(inner) };
      throw done;
    })
    .catch((error) => {
      if (error !== done) throw error;
    });
  return (result as { value: T }).value;
}

const key = ({ id, object }: AuditRow) => `${id} ${object}`;

/** Returns every row of the audit after a statement, which is undone. */
const rowsAfter = (tx: TransactionSql, statement: string, query = audit): Promise<AuditRow[]> =>
  undone(tx, async (inner) => {
    await inner.unsafe(`set local search_path = public; ${statement}`).simple();
    await inner`set local search_path = pg_catalog, pg_temp`;
    return [...(await inner.unsafe<AuditRow[]>(query, [], { prepare: true }))];
  });

const findings = async (tx: TransactionSql, statement = '', query = audit) => {
  const found = (await rowsAfter(tx, statement, query)).filter(isFinding);
  expect(new Set(found.map(key)).size, 'findings that have a name in common').toBe(found.length);
  return found;
};

/** The embedded engine is slow: there one defect of each check is tried, and every third that is none. */
const tried = new Set<string>();
function isTried({ id }: Case, place: number): boolean {
  if (engine.kind !== 'embedded') return true;
  if (id === undefined) return place % 3 === 0;
  return !tried.has(id) && !!tried.add(id);
}

async function judge(tx: TransactionSql, cases: readonly Case[]): Promise<Judged[]> {
  const known = new Set((await findings(tx)).map(key));
  const judged: Judged[] = [];
  for (const [place, one] of cases.entries()) {
    if (!isTried(one, place)) {
      judged.push({ ...one, found: [], left: [], skipped: true });
      continue;
    }
    try {
      const found = (await findings(tx, one.statement)).filter((row) => !known.has(key(row)));
      const remedy = found[0]?.remedy ?? '';
      // Others say in words what to do, or what to write in <>. The embedded engine is slow: there none is tried.
      const runs =
        engine.kind !== 'embedded' &&
        /^(alter|revoke|drop) [^<;]*$/.test(remedy) &&
        !/ concurrently |, its policies /.test(remedy);
      const after = runs ? await findings(tx, `${one.statement}; ${remedy}`) : [];
      const mended = after.map(key).filter((name) => name === `${one.id} ${one.object}`);
      judged.push({ ...one, found: found.map(key), ...(runs && { left: mended }) });
    } catch (error) {
      judged.push({ ...one, found: [String(error)] });
    }
  }
  return judged;
}

const session = await openSession(engine);
const { world, files, faked, version } = await session.admin((sql) =>
  rolledBack(sql, async (tx) => {
    await tx`set local jit = off`;
    const [server] = await tx<{ version: number }[]>`
      select current_setting('server_version_num')::integer as version`;
    const known = (await findings(tx)).map(key);
    await tx.unsafe(await read('world.sql')).simple();
    const world = (await findings(tx)).map(key).filter((name) => !known.includes(name));
    const files: { name: string; judged: Judged[] }[] = [];
    for (const name of names) {
      const cases = (await tx.unsafe(await read(name)).simple()) as unknown as Case[];
      const judged = await undone(tx, async (inner) => {
        if (name === 'defects-agents.sql') await inner.unsafe(agents).simple();
        return judge(inner, cases);
      });
      files.push({ name, judged });
    }
    const faked: { id: string; right: AuditRow[]; wrong: AuditRow[] }[] = [];
    for (const { id, asks, right, wrong } of fakes) {
      expect(audit).toContain(asks);
      const found = async (answer: string) =>
        (await findings(tx, '', audit.replaceAll(asks, answer))).filter((row) => row.id === id);
      faked.push({ id, right: await found(right), wrong: await found(wrong) });
    }
    return { world, files, faked, version: server?.version ?? 0 };
  }),
);
await session.end();

it('has nothing to say about a database as it should be', () => {
  expect(world).toEqual([]);
});

for (const { name, judged } of files) {
  describe(name, () => {
    for (const { id, object, name, found, left, skipped } of judged) {
      it(`${id ? `${id}: ` : ''}${name}`, (context) => {
        if (skipped) context.skip('needs a quicker engine: the embedded one tries one defect of each check');
        expect(found).toEqual(id ? [`${id} ${object}`] : []);
        expect(left ?? []).toEqual([]);
      });
    }
  });
}

describe('what no transaction can break', () => {
  for (const [at, { id, names }] of fakes.entries()) {
    it(id, () => {
      expect(faked[at]?.right).toEqual([]);
      expect(faked[at]?.wrong.map(({ object, evidence }) => `${object}: ${evidence}`)).toEqual([
        expect.stringMatching(names),
      ]);
    });
  }
});

it('has a defect for every check that reads the catalog', () => {
  const checks = audit.match(/(?<=^ {2}-- \[)\w+(?=\])/gm) ?? [];
  const broken = files.flatMap(({ judged }) => judged.filter(({ skipped }) => !skipped).map(({ id }) => id));
  // Before 17 there is no privilege MAINTAIN to be granted.
  if (version < 17_00_00) broken.push('P04');
  expect(checks.length).toBeGreaterThan(80);
  expect(checks.filter((id) => !broken.includes(id) && !fakes.some((fake) => fake.id === id))).toEqual([]);
});
