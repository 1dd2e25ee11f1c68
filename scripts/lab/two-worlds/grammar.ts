/** Makes a statement of each seed and number, of the classes that a role has a use for. */
import { type Choices, choicesOf, random } from '../data.js';
import {
  call,
  catalog,
  explain,
  hostile,
  object,
  oracle,
  planAsMessage,
  sample,
  searchTables,
  withSettings,
} from './grammar-probes.js';
import { aggregate, keep, search, select, unordered, write } from './grammar-rows.js';
import type { Scene } from './scene.js';
import type { Role } from './worlds.js';

export interface Statement {
  /** Its class. */
  readonly kind: string;
  readonly sql: string;
  /** Whether its changes are kept, and seen by the statements after it. */
  readonly kept: boolean;
}

type Make = (r: Choices, s: Scene) => string | { kind: string; sql: string };

/** Returns a statement that reads or changes documents, if the role may. */
function rows(r: Choices, s: Scene): string {
  if (s.role === 'agent_caller') return search(r, s);
  return r.pick([select, select, aggregate, search, ...(s.role === 'app_user' ? [write] : [])])(r, s);
}

const classes: Readonly<Record<string, Make>> = {
  select,
  unordered,
  aggregate,
  search,
  write,
  keep,
  settings: (r, s) => withSettings(r, rows(r, s)),
  explain: (r, s) => explain(r, r.chance(0.8) ? rows(r, s) : unordered(r, s)),
  'explain, settings': (r, s) => {
    const { kind, sql } = explain(r, rows(r, s));
    return { kind, sql: withSettings(r, sql) };
  },
  'plan as message': (r, s) => planAsMessage(r, r.chance(0.5) ? search(r, s) : rows(r, s)),
  catalog,
  functions: call,
  objects: object,
  tablesample: sample,
  hostile,
  oracle,
  'search tables': searchTables,
};

/** How often each class comes, by role. */
// biome-ignore format: a table
const weights: Readonly<Record<Role, Readonly<Record<string, number>>>> = {
  app_user: {
    select: 14, unordered: 6, aggregate: 12, search: 14, write: 14, keep: 3, settings: 8, explain: 8, 'explain, settings': 2,
    'plan as message': 1, catalog: 2, functions: 6, objects: 2, tablesample: 2, hostile: 8, oracle: 4, 'search tables': 6,
  },
  agent_reader: {
    select: 16, unordered: 6, aggregate: 14, search: 16, write: 2, settings: 8, explain: 8, 'explain, settings': 2,
    'plan as message': 1, catalog: 3, functions: 10, objects: 3, tablesample: 2, hostile: 10, oracle: 4, 'search tables': 4,
  },
  agent_caller: {
    select: 1, search: 20, write: 1, settings: 10, explain: 6, 'explain, settings': 3,
    'plan as message': 2, catalog: 4, functions: 38, objects: 6, tablesample: 1, hostile: 8, 'search tables': 4,
  },
};

/** Returns the statement of this seed and number. */
export function statementOf(seed: number, number: number, scene: Scene): Statement {
  const r = choicesOf(random(seed, number));
  const tickets = Object.entries(weights[scene.role]).flatMap(([name, count]) => Array(count).fill(name));
  const kind: string = r.pick(tickets);
  const made = classes[kind]?.(r, scene) ?? '';
  return { kind, kept: kind === 'keep', ...(typeof made === 'string' ? { sql: made } : made) };
}
