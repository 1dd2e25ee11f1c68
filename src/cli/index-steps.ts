/** Reads the statements of ragwall.index_plan(): whose they are, and what they do. */

/** Statements of the plan that belong together: one, or the batches by which a tenant's changes are brought in. */
export interface Step {
  readonly action: 'build' | 'measure' | 'drop' | 'catch up' | 'forget';
  /** None if the statement is about tenants that are gone. */
  readonly tenant?: string;
  readonly statements: string[];
  /** The same for the same action and tenant. */
  readonly key: string;
}

/** As `select ragwall.set_tenant('acme'); select ragwall.build_search_table()`; a backslash makes it `E'…'`. */
const form =
  /^select ragwall\.set_tenant\( ?(E)?'((?:[^']|'')*)'\); select ragwall\.(build|measure|drop|catch)_(?:search_table|up)\(\d*\)$/;

/** Returns the steps of a plan, in its order. */
export function stepsOf(plan: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const statement of plan) {
    const [, escaped, quoted = '', verb] = form.exec(statement) ?? [];
    const action = verb === undefined ? 'forget' : verb === 'catch' ? 'catch up' : (verb as Step['action']);
    const unquoted = quoted.replaceAll("''", "'");
    const tenant = escaped ? unquoted.replaceAll('\\\\', '\\') : unquoted;
    const key = verb === undefined ? statement : `${action} ${tenant}`;
    const last = steps.at(-1);
    if (action === 'catch up' && last?.key === key) last.statements.push(statement);
    else steps.push({ action, key, statements: [statement], ...(verb !== undefined && { tenant }) });
  }
  return steps;
}
