/** Which index each design reads and how long planning takes, as the role of the application. */
import type { TransactionSql } from 'postgres';
import { vectorText } from '../../../src/client/vector.js';
import { median } from '../measure.js';
import { connect } from '../setup.js';
import type { Server } from './database.js';
import type { Design } from './designs.js';
import type { Query } from './world.js';

export interface Access {
  readonly design: string;
  /** The indexes that the plan reads, or `sequential scan`. */
  readonly path: string;
  /** Microseconds that planning for these values takes, median. */
  readonly planning: number;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Node[];
}

/** Returns the indexes of a plan, without the numbers and hashes in their names. */
function pathOf(root: Node): string {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node['Node Type'] === 'Seq Scan') names.add('sequential scan');
    const index = node['Index Name'];
    if (index) names.add(index.replace(/^documents_\d+_/, '').replace(/_[0-9a-f]{32}$/, '_…'));
    node.Plans?.forEach(visit);
  };
  visit(root);
  return [...names].join(', ') || 'none';
}

/** PostgreSQL makes a custom plan five times before it considers a generic one. */
const repeats = 15;

/** Runs `fn` in a transaction as the application's role, and ends the session. */
async function asApp<T>(
  { engine }: Server,
  notice: (message: string) => void,
  fn: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  const sql = connect(engine.adminUrl, { onnotice: (n) => notice(n.message ?? '') });
  try {
    return (await sql.begin(fn)) as T;
  } finally {
    await sql.end();
  }
}

/** Plans a statement several times. Returns what the last plan reads, and the median planning time. */
async function explain(tx: TransactionSql, statement: string, parameters: string[] = []) {
  const times: number[] = [];
  let path = '';
  for (let n = 0; n < repeats; n += 1) {
    const [row] = await tx.unsafe<{ 'QUERY PLAN': [{ Plan: Node; 'Planning Time': number }] }[]>(
      `explain (summary, format json) ${statement}`,
      parameters,
    );
    if (!row) throw new Error('EXPLAIN returned nothing');
    const [explained] = row['QUERY PLAN'];
    times.push(explained['Planning Time'] * 1000);
    path = pathOf(explained.Plan);
  }
  return { path, planning: median(times) };
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Explains a design's statement; where it is prepared, with the plan that PostgreSQL keeps for it. */
async function explainStatement(server: Server, design: Design, query: Query): Promise<Access> {
  const statement = design.statement?.(query) ?? '';
  const values = [vectorText(query.vector), query.tenant.name].slice(0, statement.includes('$2') ? 2 : 1);
  const plan = async (tx: TransactionSql) => {
    await tx`select '[1]'::vector`;
    for (const setting of design.settings ?? []) await tx.unsafe(setting);
    await tx`set local role app_user`;
    await tx`select set_config('app.current_tenant', ${query.tenant.name}, true)`;
    const first = await explain(tx, statement, values);
    if (design.connects) return first;
    await tx.unsafe(`prepare asked as ${statement}`);
    const kept = await explain(tx, `execute asked (${values.map(literal).join(', ')})`);
    return { ...first, path: kept.path };
  };
  return { design: design.name, ...(await asApp(server, () => {}, plan)) };
}

/**
 * Explains the statement inside match_documents(). auto_explain reports its plan but not the planning time, so the
 * same search is planned again under the same settings.
 */
async function explainFunction(server: Server, design: Design, query: Query): Promise<Access> {
  const plans: { Plan: Node }[] = [];
  const notice = (message: string) => {
    const json = message.indexOf('{');
    if (message.startsWith('duration:') && json > 0) plans.push(JSON.parse(message.slice(json)));
  };
  const vector = vectorText(query.vector);
  return asApp(server, notice, async (tx) => {
    await tx.unsafe(`
      load 'auto_explain';
      set local auto_explain.log_min_duration = 0;
      set local auto_explain.log_nested_statements = on;
      set local auto_explain.log_format = json;
      set local role app_user`);
    await tx`select ragwall.set_tenant(${query.tenant.name})`;
    await tx`set local client_min_messages = log`;
    await tx`select from ragwall.match_documents(${vector}::halfvec, 10, null)`;
    await tx`set local client_min_messages = notice`;
    const readsDocuments = (node: Node): boolean =>
      /^documents_\d+$/.test(node['Relation Name'] ?? '') || (node.Plans ?? []).some(readsDocuments);
    const inner = plans.find(({ Plan }) => readsDocuments(Plan));
    const path = inner ? pathOf(inner.Plan) : 'unknown';
    await tx.unsafe(`set local enable_seqscan = off; set local jit = off;
      set local max_parallel_workers_per_gather = 0;
      set local enable_sort = ${path.startsWith('documents_graph') ? 'off' : 'on'}`);
    const { planning } = await explain(
      tx,
      `select d.tenant_id, d.id, d.content, d.metadata, d.embedding <=> $1::halfvec as distance
       from ragwall.documents as d where d.tenant_id = ${literal(query.tenant.name)}
       order by distance limit 10`,
      [vector],
    );
    return { design: design.name, path, planning };
  });
}

/** Explains one query by each design; of Ragwall's designs, which share a statement, by one. */
export async function accessPaths(server: Server, designs: readonly Design[], query: Query): Promise<Access[]> {
  const found: Access[] = [];
  for (const design of designs) {
    if (design.statement) found.push(await explainStatement(server, design, query));
    else if (design.name === 'ragwall, one statement') {
      found.push(await explainFunction(server, design, query));
    }
  }
  return found;
}
