/** Shows what a tenant with ordinary accounts can do to others that share a vector index with it, and to Ragwall. */
import type { Session } from '../../db/tests/engine/session.js';
import { membership, reconstruct, starve, timing } from '../lab/attack-lab/attacks.js';
import * as stores from '../lab/attack-lab/stores.js';
import { secret, victim, world } from '../lab/attack-lab/world.js';
import { cosine, direction, narrow, near } from '../lab/data.js';
import { progress, type Table } from '../lab/report.js';

const tenants = world();
const documents = tenants.get(victim) ?? [];
const vectorOf = (n: number) => documents[n]?.vector ?? [];

/** Prints a line for each design, and keeps the lines for a table. */
class Findings {
  wrong = 0;
  readonly rows: string[][] = [];
  #attack = '';

  attack(name: string, explanation: string): void {
    this.#attack = name;
    console.log(`\n${name}. ${explanation}`);
  }
  line(design: string, result: string, asExpected: boolean): void {
    if (!asExpected) this.wrong += 1;
    this.rows.push([this.#attack, design, result]);
    console.log(`    ${design.padEnd(44)} ${result}${asExpected ? '' : '   ✗ WRONG'}`);
  }
}

async function prepare(store: stores.Store, build = true): Promise<stores.Store> {
  console.log(`  … storing documents: ${store.name}`);
  await stores.fill(store, tenants);
  if (build) await store.build();
  return store;
}

async function starvation(session: Session, control: stores.Store, ours: stores.Store, findings: Findings) {
  const steps = [0, 10, 20, 30, 41, 500];
  findings.attack(
    'Starvation',
    `Mallory stores documents near a question that ${victim}'s users ask.
   How many of its ten nearest documents ${victim} still finds, after 0, 10, 20, 30, 41 and 500 of them:`,
  );
  const flood = async (name: string, store: stores.Store, document: number, starves: boolean) => {
    const results = await starve(store, victim, vectorOf(document), { steps });
    const found = results.map(({ right }) => right);
    findings.line(name, found.join(', '), found[0] === 10 && found.at(-1) === (starves ? 0 : 10));
  };
  await flood(control.name, control, 0, true);
  await flood('Ragwall, exact search', ours, 0, false);
  await ours.build(victim);
  await flood('Ragwall, with a search table of acme’s own', ours, 1, false);
  for (const [design, size, rebuild] of [
    [stores.hashed, 41, false],
    [stores.ivfflat, 5_000, true],
  ] as const) {
    const store = await prepare(await stores.sharedStore(session, stores.forced(design)));
    const results = await starve(store, victim, vectorOf(0), { steps: [0, size], rebuild });
    const found = results.map(({ right }) => right);
    const after = rebuild ? ', on which the index is built anew' : ', of a tenant in the same partition';
    findings.line(design.name, `${found.join(', then ')} after ${size}${after}`, (found[1] ?? 10) < 5);
    await store.end();
  }
}

async function guessing(control: stores.Store, ours: stores.Store, findings: Findings) {
  findings.attack(
    'Membership',
    `Does ${victim} hold this very document? Mallory surrounds a guess with 39 documents of one account,
   stores one of another account a little farther off, and asks for the nearest. A coin is right half of the time.`,
  );
  for (const [store, trials, leaks] of [
    [control, 30, true],
    [ours, 200, false],
  ] as const) {
    const bar = progress(store.name, trials);
    const { accuracy, lost } = await membership(store, victim, trials, { onTrial: () => bar.step() });
    bar.stop();
    const right = `right in ${Math.round(accuracy * trials)} of ${trials} (${(100 * accuracy).toFixed(0)} %)`;
    findings.line(
      store.name,
      `${right}; ${lost} searches did not find mallory’s document`,
      leaks ? accuracy > 0.95 : lost === 0 && Math.abs(accuracy - 0.5) < 0.117,
    );
  }
}

async function rebuilding(control: stores.Store, ours: stores.Store, findings: Findings) {
  const hint = near(secret.vector, 0.8, 7);
  findings.attack(
    'Reconstruction',
    `Mallory knows roughly what a document of ${victim}'s is about: a vector whose cosine to its embedding
   is 0.80. Mallory computes the embedding from where a search no longer finds a document of mallory's own. At cosine
   1 it is the embedding itself, from which the text can be guessed.`,
  );
  for (const [store, leaks] of [
    [control, true],
    [ours, false],
  ] as const) {
    await store.put(victim, [secret]);
    const bar = progress(store.name, narrow - 1);
    const { searches, lost, estimate } = await reconstruct(store, hint, { onLine: () => bar.step() });
    bar.stop();
    const reached = cosine(estimate, secret.vector);
    findings.line(
      store.name,
      `cosine 0.80, then ${reached.toFixed(5)} after ${searches} searches; ${lost} did not find mallory’s document`,
      leaks ? reached > 0.99 : lost === 0 && Math.abs(reached - 0.8) < 1e-6,
    );
  }
}

async function clocks(session: Session, ours: stores.Store, findings: Findings) {
  const places = [near(vectorOf(0), 0.8, 1), direction(4_242)] as const;
  findings.attack(
    'Latency',
    `Mallory searches where others have 500 documents, and where nobody has any. AUC: how often the first search takes
   longer; at 0.5 they cannot be told apart. An iterative scan goes on until it has found enough: it prevents starvation,
   but its duration tells how many documents of others it passed.`,
  );
  for (const store of [stores.searching(session, stores.iterative), ours]) {
    const { milliseconds, buffers, auc } = await timing(store, 'mallory-1', places);
    const times = milliseconds.map((ms) => ms.toFixed(1)).join(' and ');
    findings.line(
      store.name,
      `${buffers.join(' and ')} buffers, ${times} ms, AUC ${auc.toFixed(2)}`,
      store !== ours || Math.abs(buffers[0] - buffers[1]) < 5,
    );
  }
}

/** Runs the published attacks on both designs. Returns their table, and how many results are not as expected. */
export async function showAttackLab(session: Session): Promise<{ table: Table; wrong: number }> {
  const sizes = `${tenants.size} tenants, ${tenants.size * documents.length} documents, vectors of ${narrow} numbers`;
  console.log(`The attack lab. Mallory has ordinary accounts, which store documents and search. Every row has the right tenant, and
row-level security is on. The usual design has one HNSW index for all tenants with pgvector's defaults: the index
returns 40 candidates, and then those of other tenants are dropped. Ragwall searches within the tenant.
${sizes}.\n`);
  const control = await prepare(await stores.sharedStore(session, stores.usual));
  const ours = await prepare(await stores.ragwallStore(session), false);
  const findings = new Findings();
  await starvation(session, control, ours, findings);
  await guessing(control, ours, findings);
  await rebuilding(control, ours, findings);
  await clocks(session, ours, findings);
  console.log(
    findings.wrong === 0
      ? '\nEach attack succeeds where tenants share an index, and fails on Ragwall.'
      : `\n${findings.wrong} results are not as expected. What a shared index finds is partly chance: run it again.`,
  );
  const table: Table = {
    title: 'Attacks on a shared vector index',
    note:
      `${sizes}. Starvation: how many of its ten nearest documents a tenant finds after another one stored 0, 10, 20, 30, 41 ` +
      'and 500 near the question. Membership: guesses of what another tenant holds. Reconstruction: cosine to another ' +
      "tenant's embedding, known to 0.80. Latency: a search where others have 500 documents, and one where nobody has any.",
    head: ['attack', 'design', 'result'],
    rows: findings.rows,
  };
  return { table, wrong: findings.wrong };
}
