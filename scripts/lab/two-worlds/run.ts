/** Puts the same statements to the three worlds and compares what each said. */
import { tokenSigner } from '../../../src/client/token.js';
import { statementOf } from './grammar.js';
import { type Marks, normalise } from './normalise.js';
import { randomOf } from './random.js';
import { type Change, secrets } from './rows.js';
import { readScene } from './scene.js';
import type { Role, Worlds } from './worlds.js';

export interface Difference {
  readonly number: number;
  readonly kind: string;
  /** The same lines in another order, the same but for numbers, errors of the same SQLSTATE that hold nothing of the victim's, or anything else. */
  readonly what: 'order' | 'numbers' | 'message' | 'content';
  readonly tenant: string;
  readonly statement: string;
  /** What world 1 and world 2 said, or world 1 and the control. */
  readonly said: readonly [readonly string[], readonly string[]];
}

export interface Tally {
  statements: number;
  /** Answered with an error, in world 1. */
  refused: number;
  apart: Difference[];
  /** Those that told the first world from the control, whatever the raw2 said. */
  noise: Difference[];
}

export interface Outcome {
  readonly role: Role;
  readonly change: Change;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly seconds: number;
}

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
  const [raisedA, raisedB] = [a, b].map((lines) =>
    lines.map((line) => / · C(\w{5}) · /.exec(line)?.[1]).find(Boolean),
  );
  const told = secrets.test([...a, ...b].join());
  return raisedA && raisedA === raisedB && raisedA !== '00000' && !told ? 'message' : 'content';
}

/**
 * A message is what follows the savepoint: back to it, the statement, and if that is to stay, the savepoint
 * again. An error ends the message, so that the next goes back to the savepoint before.
 */
const message = ({ sql, kept }: { sql: string; kept: boolean }) =>
  `rollback to s; ${sql}${kept ? '; savepoint s' : ''}`;

/** What the statement itself brought, after what going back to the savepoint did. */
function ownPart(lines: readonly string[]): string[] {
  const back = lines.indexOf('done ROLLBACK');
  if (back < 0) throw new Error(`the transaction was lost: ${lines[0]}`);
  return lines.slice(back + 1);
}

export interface Course {
  readonly role: Role;
  readonly seed: number;
  readonly statements: number;
  readonly onBatch?: (statements: number) => void;
}

/** @throws Error if a world could not be bound, or lost its transaction. */
export async function run(
  worlds: Worlds,
  { role, seed, statements, onBatch }: Course,
): Promise<Outcome> {
  const scene = await readScene(worlds, role);
  const wires = await worlds.login(role);
  const sign =
    role !== 'app_user' && worlds.jwk ? tokenSigner(worlds.jwk, { lifetime: 300 }) : undefined;
  const tallies = new Map<string, Tally>();
  const marks = wires.map(({ pid }, i) => ({ pid, database: worlds.names[i] as string }));
  const began = performance.now();

  async function ask(first: number) {
    const tenant = randomOf(seed, -first - 1).pick(worlds.tenants);
    const made = Array.from({ length: Math.min(batch, statements - first) }, (_, i) =>
      statementOf(seed, first + i, { ...scene, tenant }),
    );
    const bind = sign ? `set_tenant_from_token('${await sign(tenant)}')` : `set_tenant('${tenant}')`;
    const texts = [
      // Compiling takes a second for 32 partitions and changes no answer.
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

  // The next batch is on its way while one is compared.
  let asked = ask(0);
  for (let first = batch; first < statements; first += batch) {
    const answered = await asked;
    asked = ask(first);
    compare(answered);
  }
  compare(await asked);
  return { role, change: worlds.change, tallies, seconds: (performance.now() - began) / 1000 };
}
