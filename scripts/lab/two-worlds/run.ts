/** Puts the same statements to the three worlds and compares their answers. */
import { tokenSigner } from '../../../src/client/token.js';
import { choicesOf, random } from '../data.js';
import { statementOf } from './grammar.js';
import { type Change, secrets } from './rows.js';
import { readScene } from './scene.js';
import type { Role, Worlds } from './worlds.js';

export interface Difference {
  readonly number: number;
  readonly kind: string;
  /**
   * `order`: the same lines in another order. `numbers`: they differ in numbers only. `message`: errors of one SQLSTATE
   * without words of the victim's. `content`: everything else.
   */
  readonly what: 'order' | 'numbers' | 'message' | 'content';
  readonly tenant: string;
  readonly statement: string;
  /** The answers of world 1 and world 2, or of world 1 and the control. */
  readonly said: readonly [readonly string[], readonly string[]];
}

interface Tally {
  statements: number;
  /** How many were answered with an error in world 1. */
  refused: number;
  /** Differences between worlds 1 and 2. */
  apart: Difference[];
  /** Differences between world 1 and the control, which hold the same rows. */
  noise: Difference[];
}

export interface Outcome {
  readonly role: Role;
  readonly change: Change;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly seconds: number;
}

/** What every world has of its own. */
interface Marks {
  readonly pid: string;
  readonly database: string;
}

/**
 * Removes from an answer what differs between any two databases:
 *
 * - the name of the database and its folder, and its process id if the statement asks for processes
 * - moments of today, when rows are written and transactions begin (the rows that both worlds hold are of 2020)
 * - the seal of the tenant, which depends on process and time
 * - durations, those of trace_sort too
 * - whether buffers were cached or dirty, which depends on what the server did before (how many were touched is
 *   kept), and the buffers of planning, which depend on what other sessions removed from the catalog cache
 * - full-page images and bytes of the write-ahead log, which depend on the last checkpoint
 */
function normalise(lines: readonly string[], sql: string, { pid, database }: Marks): string[] {
  const process = /pid|activity|locks/.test(sql) ? new RegExp(`\\b${pid}\\b`, 'g') : /(?!)/;
  const normal: string[] = [];
  let planning = false;
  for (const line of lines) {
    if (/^row +Planning:$/.test(line)) planning = true;
    else if (planning && /^row +(Buffers|Memory):/.test(line)) planning = false;
    else {
      normal.push(
        line
          .replaceAll(database, '<database>')
          .replace(/\bbase\/\d+\//g, 'base/<database>/')
          .replace(process, '<process>')
          .replace(/\b20(?!20)\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:?\d\d)?|Z)?/g, '<moment>')
          .replace(/(?<![0-9a-fx])[0-9a-f]{64}(?![0-9a-f])/g, '<seal>')
          .replace(/CPU: user: .*? elapsed: [\d.]+ s/, '')
          .replace(/Buffers: .*/, (buffers) => `Buffers: ${touched(buffers)}`)
          .replace(/"(Planning|Execution) Time": [\d.]+/g, '')
          .replace(/"Planning": \{[^}]*\}/g, '')
          .replace(/ (fpi|bytes)=\d+/g, '')
          .replace(/"WAL (FPI|Bytes)": \d+/g, '')
          .replace(/"(Shared|Local) (Dirtied|Written) Blocks": \d+/g, '')
          .replace(
            /"Shared Hit Blocks": (\d+),\s*"Shared Read Blocks": (\d+)/g,
            (_, hit, read) => `"Shared": ${+hit + +read}`,
          ),
      );
    }
  }
  return normal;
}

/** Returns how many buffers an EXPLAIN line counts. */
const touched = (buffers: string) =>
  [...buffers.matchAll(/(?:hit|read)=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);

/** Statements of one transaction. */
const batch = 50;

const shape = (lines: readonly string[]) =>
  lines
    .join('\n')
    .replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, '#')
    .replace(/[ -]+/g, ' ');

function whatDiffers(a: readonly string[], b: readonly string[]): Difference['what'] {
  if ([...a].sort().join('\n') === [...b].sort().join('\n')) return 'order';
  if (shape(a) === shape(b)) return 'numbers';
  const [raisedA, raisedB] = [a, b].map((lines) => lines.map((line) => / · C(\w{5}) · /.exec(line)?.[1]).find(Boolean));
  const told = secrets.test([...a, ...b].join());
  return raisedA && raisedA === raisedB && raisedA !== '00000' && !told ? 'message' : 'content';
}

/**
 * Returns the message with a statement: it goes back to the savepoint, runs the statement, and sets the savepoint anew
 * if the statement's changes are kept. An error ends the message, and the next one goes back to the same savepoint.
 */
const message = ({ sql, kept }: { sql: string; kept: boolean }) =>
  `rollback to s; ${sql}${kept ? '; savepoint s' : ''}`;

/** Returns the lines of the statement itself, without those of going back to the savepoint. */
function ownPart(lines: readonly string[]): string[] {
  const back = lines.indexOf('done ROLLBACK');
  if (back < 0) throw new Error(`the transaction was lost: ${lines[0]}`);
  return lines.slice(back + 1);
}

interface Course {
  readonly role: Role;
  readonly seed: number;
  readonly statements: number;
  readonly onBatch?: (statements: number) => void;
}

/** @throws Error if a world could not be bound, or lost its transaction. */
export async function run(worlds: Worlds, { role, seed, statements, onBatch }: Course): Promise<Outcome> {
  const scene = await readScene(worlds, role);
  const wires = await worlds.login(role);
  const sign = worlds.jwk ? tokenSigner(worlds.jwk, { lifetime: 300 }) : undefined;
  const tallies = new Map<string, Tally>();
  const marks = wires.map(({ pid }, i) => ({ pid, database: worlds.names[i] as string }));
  const began = performance.now();

  async function ask(first: number) {
    const tenant = choicesOf(random(seed, -first - 1)).pick(worlds.tenants);
    const token = await sign?.(tenant);
    const made = Array.from({ length: Math.min(batch, statements - first) }, (_, i) =>
      statementOf(seed, first + i, { ...scene, tenant, token }),
    );
    const bind = token && role !== 'app_user' ? `set_tenant_from_token('${token}')` : `set_tenant('${tenant}')`;
    const texts = [
      // JIT, which settings that make plans dear bring about, takes long and changes no answer.
      'rollback; deallocate all; set jit = off',
      `begin; select ragwall.${bind}; savepoint s`,
      ...made.map(message),
      'rollback to s; commit',
    ];
    const said = await Promise.all(wires.map((wire) => wire.exchange(texts)));
    for (const [, bound] of said) {
      if (bound?.at(-1) !== 'done SAVEPOINT') throw new Error(`no tenant was bound: ${bound?.at(-1)}`);
    }
    return { first, tenant, made, said: said.map((world) => world.slice(2).map(ownPart)) };
  }

  function compare({ first, tenant, made, said }: Awaited<ReturnType<typeof ask>>) {
    for (const [i, { kind, sql }] of made.entries()) {
      const tally = tallies.get(kind) ?? { statements: 0, refused: 0, apart: [], noise: [] };
      tallies.set(kind, tally);
      tally.statements += 1;
      const raw = said.map((world) => world[i] ?? []);
      if (raw[0]?.some((line) => line.startsWith('error '))) tally.refused += 1;
      const [one, ...others] = raw.map((lines) => lines.join('\n'));
      if (others.every((other) => other === one)) continue;
      const [a, b, c] = raw.map((lines, world) => normalise(lines, sql, marks[world] as Marks));
      if (!a || !b || !c) continue;
      const told = (other: string[]): Difference => ({
        ...{ number: first + i, kind, what: whatDiffers(a, other), tenant, statement: sql },
        said: [a, other],
      });
      if (a.join('\n') !== c.join('\n')) tally.noise.push(told(c));
      else if (a.join('\n') !== b.join('\n')) tally.apart.push(told(b));
    }
    onBatch?.(made.length);
  }

  // While one batch is compared, the servers answer the next.
  let asked = ask(0);
  for (let first = batch; first < statements; first += batch) {
    const answered = await asked;
    asked = ask(first);
    compare(answered);
  }
  compare(await asked);
  return { role, change: worlds.change, tallies, seconds: (performance.now() - began) / 1000 };
}
