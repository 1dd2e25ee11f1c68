/** Reads the statements of ragwall.index_plan(): whose they are, and what they do. */

/** Statements of the plan that belong together: one, or the batches by which changes are brought in or words are made. */
export interface Step {
  readonly action: 'build' | 'measure' | 'drop' | 'index' | 'catch up' | 'words' | 'search words' | 'forget';
  /** None if the statement is about tenants that are gone, or about all. */
  readonly tenant?: string;
  readonly statements: string[];
  /** The same for the same action and tenant. */
  readonly key: string;
}

/** As `select ragwall.set_tenant('acme'); select ragwall.build_search_table()`; a backslash makes it `E'…'`. */
const form = /^select ragwall\.set_tenant\( ?(E)?'((?:[^']|'')*)'\); select ragwall\.(\w+)\(\d*\)$/;

/** What the functions of the plan do for the tenant that is bound. */
const actions: Readonly<Record<string, Step['action']>> = {
  build_search_table: 'build',
  measure_search_table: 'measure',
  drop_search_table: 'drop',
  index_search_table: 'index',
  catch_up: 'catch up',
  fill_words: 'words',
};

/** Whether a step is done in batches, each of which returns how many documents it was about. */
export const inBatches = (action: Step['action']): boolean => action === 'catch up' || action === 'words';

/** Returns the steps of a plan, in its order. */
export function stepsOf(plan: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const statement of plan) {
    const [, escaped, quoted = '', name = ''] = form.exec(statement) ?? [];
    const ofTenant = actions[name];
    const action = ofTenant ?? (statement === 'select ragwall.words_filled()' ? 'search words' : 'forget');
    const unquoted = quoted.replaceAll("''", "'");
    const tenant = escaped ? unquoted.replaceAll('\\\\', '\\') : unquoted;
    const key = ofTenant ? `${action} ${tenant}` : statement;
    const last = steps.at(-1);
    if (inBatches(action) && last?.key === key) last.statements.push(statement);
    else steps.push({ action, key, statements: [statement], ...(ofTenant && { tenant }) });
  }
  return steps;
}
