/** Differences between the worlds that are accepted, each with its reason. Every other difference is a defect. */
import type { Change } from './rows.js';
import type { Difference } from './run.js';
import type { Role } from './worlds.js';

export interface Residual {
  readonly roles: readonly Role[];
  readonly kind: RegExp;
  readonly what: readonly Difference['what'][];
  /** The statements that it explains; all of the class if undefined. */
  readonly sql?: RegExp;
  /** Whether it also explains differences where the victim's rows differ neither in number nor in length. */
  readonly always?: true;
  readonly reason: string;
}

const own: readonly Role[] = ['app_user', 'agent_reader'];
const anything = ['order', 'numbers', 'message', 'content'] as const;

const residuals: readonly Residual[] = [
  {
    roles: own,
    kind: /^explain/,
    what: anything,
    reason:
      'EXPLAIN shows the estimates and the choice of the planner, and how many rows were read and filtered. They depend on the size of the table.',
  },
  {
    roles: own,
    kind: /^objects by name$/,
    what: anything,
    sql: /^explain /,
    reason: 'EXPLAIN of a relation named in the statement, with the same effect as above.',
  },
  {
    roles: own,
    kind: /^plan as message$/,
    what: anything,
    reason: 'debug_print_plan sends the plan as a message. It shows what EXPLAIN shows.',
  },
  {
    roles: own,
    kind: /^unordered$/,
    what: ['order'],
    reason:
      'Without ORDER BY the server chooses the order: that of the pages in a small table, that of an index in a large one.',
  },
  {
    roles: own,
    kind: /^unordered$/,
    what: anything,
    sql: / limit \d+$/,
    reason: 'LIMIT without ORDER BY: the server chooses the rows, for the same reason.',
  },
  {
    roles: own,
    kind: /^(hostile|unordered)$/,
    what: ['message'],
    reason:
      'Several rows of the tenant itself raise an error. Which one is first depends on the order in which rows are read.',
  },
  {
    roles: own,
    kind: /^hostile$/,
    what: anything,
    // With index scans disabled a difference is a defect: then the sub-select is evaluated only if the conditions before it fit a row.
    sql: /^(?!.*enable_indexscan = off).*position >= \(select 1 \/ \(pg_backend_pid/s,
    reason:
      'A sub-select that raises an error is evaluated before any row is read if an index is searched for its result. It shows the plan, as EXPLAIN does.',
  },
  {
    roles: own,
    kind: /^(aggregate|settings)$/,
    what: ['order'],
    sql: /group by (rollup|cube|grouping sets)/,
    reason:
      'The planner takes the tenant for a constant and does not sort by it, although grouping sets make it null. The rows are the same, in the order of the plan.',
  },
  {
    roles: own,
    kind: /^tablesample$/,
    what: anything,
    reason: 'TABLESAMPLE chooses pages, or rows by their place on a page. The places depend on the rows of others.',
  },
  {
    roles: ['app_user'],
    kind: /^(catalog|functions|objects by name)$/,
    what: anything,
    always: true,
    reason:
      'The catalog lists all objects, and the statistics count all activity. A tenant with a search table has a table there, with a random name.',
  },
  {
    roles: ['app_user', 'agent_reader', 'agent_caller'],
    kind: /^(objects by number|functions)$/,
    what: anything,
    sql: /\b\d{5,}(::oid|::regclass)?\b/,
    reason:
      'The OID of a table can be converted to its name, and an OID that no object has cannot. PostgreSQL has no privilege that could be revoked to prevent it.',
  },
];

/** Returns the residual that explains a difference, or undefined. */
export const explained = (role: Role, change: Change, { kind, what, statement }: Difference) =>
  residuals.find(
    (residual) =>
      residual.roles.includes(role) &&
      (change === 'rows' || residual.always) &&
      residual.kind.test(kind) &&
      residual.what.includes(what) &&
      (residual.sql?.test(statement) ?? true),
  );
