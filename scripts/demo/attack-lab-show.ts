/** What a tenant with ordinary accounts can do to others where they share a vector index, and what here. */

import type { Session } from '../../db/tests/engine/session.js';
import { timing } from '../lab/attack-lab/latency.js';
import { membership } from '../lab/attack-lab/membership.js';
import { ragwallStore } from '../lab/attack-lab/ragwall.js';
import { reconstruct } from '../lab/attack-lab/reconstruction.js';
import * as shared from '../lab/attack-lab/shared.js';
import { starve } from '../lab/attack-lab/starvation.js';
import type { Store } from '../lab/attack-lab/store.js';
import { cosine, dimensions, direction, near } from '../lab/attack-lab/vectors.js';
import { secret, victim, world } from '../lab/attack-lab/world.js';
import { progress } from '../lab/bench/progress.js';

const tenants = world();
const documents = tenants.get(victim) ?? [];
const vectorOf = (n: number) => documents[n]?.vector ?? [];
const seconds = () => (performance.now() / 1000).toFixed(0);
const working = (what: string) => console.log(`  … ${what} (${seconds()} s)`);
const cells = (values: readonly (string | number)[]) =>
  values.map((v) => String(v).padStart(6)).join('');

/** Prints a line for each design, and counts what came out otherwise than it should, on either. */
class Lines {
  wrong = 0;
  line(name: string, text: string, right = true): void {
    if (!right) this.wrong += 1;
    console.log(`    ${name.padEnd(44)} ${text}${right ? '' : '   ✗ WRONG'}`);
  }
}

async function prepare(store: Store, build = true): Promise<Store> {
  working(`storing documents: ${store.name}`);
  await store.fill(tenants);
  if (build) await store.build();
  return store;
}

async function starvation(session: Session, control: Store, ours: Store, lines: Lines) {
  const steps = [0, 10, 20, 30, 41, 500];
  console.log(`
1  Starvation. Mallory stores documents near a question that ${victim}'s users ask. Of ${victim}'s ten nearest
   documents, ${victim} still finds:`);
  lines.line('after so many documents of mallory’s', cells(steps));
  const flood = async (name: string, store: Store, document: number, starves: boolean) => {
    const found = (await starve(store, victim, vectorOf(document), { steps })).map(
      ({ right }) => right,
    );
    const most = starves ? 0 : 10;
    lines.line(name, cells(found), found[0] === 10 && found.at(-1) === most);
  };
  await flood(control.name, control, 0, true);
  await flood('Ragwall, exact search', ours, 0, false);
  await ours.build(victim);
  await flood('Ragwall, with a graph of acme’s own', ours, 1, false);
  for (const [design, size, rebuild] of [
    [shared.hashed, 41, false],
    [shared.ivfflat, 5_000, true],
  ] as const) {
    const store = await shared.sharedStore(session, shared.forced(design));
    await prepare(store);
    const results = await starve(store, victim, vectorOf(0), { steps: [0, size], rebuild });
    const found = results.map(({ right }) => right);
    const to = rebuild ? ', built anew on them' : ', of a tenant in the same one';
    lines.line(design.name, `${found.join(', then ')} after ${size}${to}`, (found[1] ?? 10) < 5);
    await store.end();
  }
}

async function guessing(control: Store, ours: Store, lines: Lines) {
  console.log(`
2  Membership. Does ${victim} hold this very document? Mallory surrounds a guess with 39 documents of one account,
   puts one of another a little farther off, and asks for the nearest. A coin is right half of the time.`);
  for (const [store, trials, tells] of [
    [control, 30, true],
    [ours, 200, false],
  ] as const) {
    const bar = progress(store.name, trials);
    const { accuracy, lost } = await membership(store, victim, trials, { onTrial: () => bar.step() });
    bar.stop();
    const right = tells ? accuracy > 0.95 : lost === 0 && Math.abs(accuracy - 0.5) < 0.117;
    const text = `right in ${Math.round(accuracy * trials)} of ${trials} (${(100 * accuracy).toFixed(0)} %)`;
    lines.line(store.name, `${text}; ${lost} searches lost mallory’s document`, right);
  }
}

async function rebuilding(control: Store, ours: Store, lines: Lines) {
  const hint = near(secret.vector, 0.8, 7);
  console.log(`
3  Reconstruction. Mallory roughly knows what a document of ${victim}'s is about: a vector at cosine 0.80 to its
   embedding. From where a search no longer finds a document of mallory's own, the embedding is computed. 1 is the
   embedding itself, from which the text can be guessed.`);
  for (const [store, tells] of [
    [control, true],
    [ours, false],
  ] as const) {
    await store.put(victim, [secret]);
    const bar = progress(store.name, dimensions - 1);
    const { searches, lost, estimate } = await reconstruct(store, hint, { onLine: () => bar.step() });
    bar.stop();
    const reached = cosine(estimate, secret.vector);
    const right = tells ? reached > 0.99 : lost === 0 && Math.abs(reached - 0.8) < 1e-6;
    const text = `cosine 0.80, then ${reached.toFixed(5)}, by ${searches} searches`;
    lines.line(store.name, `${text}; ${lost} lost mallory’s document`, right);
  }
}

async function clocks(session: Session, ours: Store, lines: Lines) {
  const places = [near(vectorOf(0), 0.8, 1), direction(4_242)] as const;
  console.log(`
4  Latency. Mallory searches where others have 500 documents, and where nobody has any. AUC: how often the first
   takes longer; 0.5 tells nothing. (An iterative scan goes on until it has found enough: no starvation, but a clock.)`);
  for (const store of [shared.searching(session, shared.iterative), ours]) {
    const { milliseconds, buffers, auc } = await timing(store, 'mallory-1', places);
    const text = `${milliseconds.map((ms) => ms.toFixed(1)).join(' and ')} ms, ${buffers.join(' and ')} buffers`;
    const tells = store !== ours;
    lines.line(
      store.name,
      `${text}, AUC ${auc.toFixed(2)}`,
      tells || Math.abs(buffers[0] - buffers[1]) < 5,
    );
  }
}

/** Runs the published attacks on both designs; returns how many lines are not as they should be. */
export async function showAttackLab(session: Session): Promise<number> {
  console.log(`The attack lab. Mallory has ordinary accounts, stores documents, searches, and does nothing else. Every row is
tagged with its tenant, and row-level security holds. The usual design has one HNSW index for all tenants, with
pgvector's defaults: it yields 40 candidates, and those of others are thrown away. Ragwall searches within the tenant.
${tenants.size} tenants, ${tenants.size * documents.length} documents, vectors of ${dimensions} numbers.\n`);
  const control = await prepare(await shared.sharedStore(session, shared.usual));
  const ours = await prepare(await ragwallStore(session), false);
  const lines = new Lines();
  await starvation(session, control, ours, lines);
  await guessing(control, ours, lines);
  await rebuilding(control, ours, lines);
  await clocks(session, ours, lines);
  console.log(
    lines.wrong === 0
      ? '\nEach attack works where tenants share an index, and comes to nothing here.'
      : `\n${lines.wrong} lines are not as they should be. (What a shared index finds is partly chance: run it again.)`,
  );
  return lines.wrong;
}
