/** What tells the worlds apart and stays: each with its reason. Whatever else does is a defect. */
import type { Change } from './rows.js';
import type { Difference } from './run.js';
import type { Role } from './worlds.js';

export interface Residual {
  readonly roles: readonly Role[];
  readonly kind: RegExp;
  readonly what: readonly Difference['what'][];
  /** Only statements like this. */
  readonly sql?: RegExp;
  /** Holds too where the victim's rows differ neither in number nor in length. */
  readonly always?: true;
  readonly reason: string;
}

const own: readonly Role[] = ['app_user', 'agent_reader'];
const anything = ['order', 'numbers', 'message', 'content'] as const;

export const residuals: readonly Residual[] = [
  {
    roles: own,
    kind: /^explain/,
    what: anything,
    reason:
      'explain tells what the planner expects and chose, and what was read and filtered: it follows the size of the partition',
  },
  {
    roles: own,
    kind: /^objects by name$/,
    what: anything,
    sql: /^explain /,
    reason: 'explain of a relation by its name: the same',
  },
  {
    roles: own,
    kind: /^plan as message$/,
    what: anything,
    reason: 'debug_print_plan sends the plan as a message: the same as explain',
  },
  {
    roles: own,
    kind: /^unordered$/,
    what: ['order'],
    reason:
      'without order by the server chooses the order: that of an index or of the pages, as the partition is large or small',
  },
  {
    roles: own,
    kind: /^unordered$/,
    what: anything,
    sql: / limit \d+$/,
    reason: 'which rows come first without order by: the same',
  },
  {
    roles: own,
    kind: /^(hostile|unordered)$/,
    what: ['message'],
    reason: 'several rows of its own raise: which is first follows the order in which they are read',
  },
  {
    roles: own,
    kind: /^hostile$/,
    what: anything,
    // With index scans off it must not be: then the sub-select would be evaluated for a row, and tell of it.
    sql: /^(?!.*enable_indexscan = off).*position >= \(select 1 \/ \(pg_backend_pid/s,
    reason:
      'a sub-select that raises is evaluated before any row if an index is searched by it: it tells the plan, as explain does',
  },
  {
    roles: own,
    kind: /^aggregate$/,
    what: ['order'],
    sql: /group by (rollup|cube|grouping sets)/,
    reason:
      'the planner takes the tenant for a constant and does not sort by it, though grouping sets make it null: the same rows, in the order of the plan',
  },
  {
    roles: own,
    kind: /^tablesample$/,
    what: anything,
    reason:
      'a sample takes pages, or rows by their place on them: where rows lie depends on what lies between them',
  },
  {
    roles: ['app_user'],
    kind: /^(catalog|functions|objects by name)$/,
    what: anything,
    always: true,
    reason:
      'the catalog counts and names all objects, and the statistics all activity: a tenant that has a graph has an index',
  },
  {
    roles: ['app_user', 'agent_reader', 'agent_caller'],
    kind: /^(objects by number|functions)$/,
    what: anything,
    sql: /\b\d{5,}(::oid|::regclass)?\b/,
    reason:
      'the number of an index has a name, and has none where there is no index: nothing in SQL takes the output of regclass back',
  },
];

/** Returns the residual that explains a difference, if one does. */
export const explained = (role: Role, change: Change, { kind, what, statement }: Difference) =>
  residuals.find(
    (residual) =>
      residual.roles.includes(role) &&
      (change === 'rows' || residual.always) &&
      residual.kind.test(kind) &&
      residual.what.includes(what) &&
      (residual.sql?.test(statement) ?? true),
  );
