/** The run of mutants notices walls that are down, and no change that breaks nothing. */
import { readFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { root } from '../../db/tests/engine/migrations.js';
import { needs } from '../../db/tests/engine/session.js';
import { clientMutants } from './mutants/client.js';
import { onClone } from './mutants/databases.js';
import { databaseMutants, type Mutant, title } from './mutants/mutant.js';
import { byPgtap, type Verdict } from './mutants/run.js';
import { loadSuites } from './mutants/suites.js';
import { connect } from './setup.js';

const engine = inject('engine');

it.each(clientMutants)('the text that $name replaces is in the sources once', async ({ file, find }) => {
  const source = await readFile(new URL(file, root), 'utf8');
  expect(source.split(find)).toHaveLength(2);
});

const walls = /^(access-matrix|functions|policies|roles|tables|tenant-context|functions-without-policies)\.sql$/;
let generated: readonly Mutant[] = [];

describe('mutants of the database', () => {
  beforeAll(async () => {
    if (engine.kind === 'embedded') return;
    const sql = connect(engine.adminUrl);
    generated = await databaseMutants(sql);
    await sql.end();
  });
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'databases to be cloned'));

  async function verdictsOn(mutants: readonly Mutant[]): Promise<Verdict[]> {
    const suites = (await loadSuites()).filter(({ name }) => walls.test(name));
    const verdicts: Verdict[] = [];
    await onClone(engine, (_, sql) => byPgtap([sql], suites, mutants, (verdict) => verdicts.push(verdict)));
    return verdicts;
  }

  it('generates no mutant twice, and hundreds of them', () => {
    const titles = generated.map(title);
    expect(titles.filter((one, place) => titles.indexOf(one) !== place)).toEqual([]);
    expect(titles.length).toBeGreaterThan(1_000);
  });

  it('notices walls that are down, each by an assertion that says so', async () => {
    const chosen: Readonly<Record<string, RegExp>> = {
      'policies: select_own_tenant on ragwall.documents dropped':
        /^functions-without-policies\.sql: match_documents finds/,
      'policies: tenant_floor on ragwall.documents using true': /^policies\.sql: every clause on documents compares/,
      'policies: tenant_floor on ragwall_search.directory using the operator that costs': /^policies\.sql: the floors/,
      'tables: ragwall.documents_rows: row-level security disabled': /^policies\.sql: row-level security is/,
      'tables: ragwall.documents: row-level security not forced': /^policies\.sql: row-level security is/,
      'tables: ragwall.documents without documents_pkey': /^tables\.sql: the primary key leads/,
      'grants: app_user: update (tenant_id) on table ragwall.documents': /^access-matrix\.sql: nobody holds/,
      'grants: public: temporary on the database': /^access-matrix\.sql: no role of ours may create/,
      'functions: ragwall.set_tenant(text) leakproof': /^functions\.sql: no function claims/,
      'roles: app_user is a member of ragwall_owner': /^roles\.sql: no role of ours is a member/,
      'bodies: ragwall_private.seal(bytea,bytea,text,text): the seal leaves out the backend':
        /^tenant-context\.sql: a seal is over the backend/,
      'bodies: ragwall.search_documents(halfvec,integer,jsonb): the tenant is not pinned (2: r.tenant_id = tenant)':
        /^functions-without-policies\.sql: a search finds the documents of its tenant/,
    };
    const mutants = generated.filter((mutant) => title(mutant) in chosen);
    expect(mutants.map(title).sort()).toEqual(Object.keys(chosen).sort());
    for (const { mutant, killer } of await verdictsOn(mutants)) {
      expect(killer, title(mutant)).toMatch(chosen[title(mutant)] as RegExp);
    }
  });

  it('notices nothing where nothing is broken, and takes an error for no kill', async () => {
    const [harmless, failing] = await verdictsOn([
      {
        kind: 'harmless',
        name: 'another comment',
        statement: "comment on table ragwall.documents is 'passages'",
      },
      {
        kind: 'harmless',
        name: 'a statement that fails',
        statement: 'drop policy nobody on ragwall.documents',
      },
    ]);
    expect(harmless).toEqual({ mutant: harmless?.mutant, killer: undefined });
    expect(failing).toMatchObject({ killer: undefined, error: expect.stringContaining('nobody') });
  });
});
