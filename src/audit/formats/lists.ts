/** The lists of the page: the guide's six lines and six tests, and the risks and measures of OWASP's LLM09:2026. */
import { probeChecks } from '../queries.generated.js';
import { areas, type Mode, type Report, type ReportRow } from '../report.js';

/** A line of a list. */
export interface Item {
  readonly number?: string;
  readonly title: string;
  /** The rows that are evidence of it. */
  readonly rows: readonly ReportRow[];
  /** What stands for the evidence if no row says anything. */
  readonly none: string;
  /** What no database can tell of it, and the person who signs has to confirm. */
  readonly left: string;
  /** Whether the rows alone may fulfil it. */
  readonly tickable: boolean;
}

const none = 'No check applies.';

/** Returns the rows of a report, and one for each check of the probe that has none: it was not tried. */
function withUntried({ rows }: Report): readonly ReportRow[] {
  const ids = new Set(rows.map(({ id }) => id));
  const untried = Object.entries(probeChecks).filter(([id]) => !ids.has(id));
  return [
    ...rows,
    ...untried.map(([id, check]) => ({
      ...{ ...check, id, object: '', status: 'n/a' as const, gates: false },
      evidence: 'not tried: ragwall audit --probe tries',
    })),
  ];
}

/** Returns the areas of the audit as lines: the six of the guide's checklist, or those beyond it. */
export function linesOf(report: Report, mode: Mode, beyond = false): Item[] {
  return areas
    .filter(({ line }) => (line === undefined) === beyond)
    .map(({ area, line, title, unseen = '', byHand = false, needs }) => {
      const rows = report.rows.filter((row) => row.area === area);
      const needed = !needs || rows.some(({ id, status }) => id === needs && status === 'pass');
      const left =
        area === 'tenant' && mode === 'signed'
          ? 'the issuer of tokens verifies the user, and alone knows the signing key'
          : unseen;
      return { ...(line && { number: `${line}` }), title, rows, none, left, tickable: needed && !byHand };
    });
}

/** The guide's six tests, in their order: those that the checks show by themselves may be ticked. */
const tests: readonly (readonly [title: string, left: string, tickable?: true])[] = [
  [
    'As one tenant, selecting everything returns no row of another',
    'every kind of table that the application uses was tried',
    true,
  ],
  [
    'A similarity search finds no row of another tenant',
    'asked for what another tenant stored, the model says that it does not know',
    true,
  ],
  [
    'A prompt that asks for all tenants’ documents gets none of them',
    'no prompt, and nothing that a model writes, decides who the tenant is',
  ],
  ['Without a tenant there is no answer', 'a request without a valid token gets 401 before the database is used'],
  ['The application’s role bypasses nothing', 'the application logs in as this role in production too', true],
  [
    'Of 50 requests of several tenants at once, each gets its own rows',
    'this was run against the deployed service and its pooler',
  ],
];

/** Returns the guide's six tests as lines. The reference of a row says `testing 1` and so on. */
export const testsOf = (report: Report): Item[] =>
  tests.map(([title, left, tickable = false], index) => ({
    ...{ number: `${index + 1}`, title, none, left, tickable },
    rows: withUntried(report).filter(({ reference }) => reference.split(' · ').includes(`testing ${index + 1}`)),
  }));

/**
 * The seven risks and the six groups of measures of OWASP's LLM09:2026, vector and embedding weaknesses, in their order.
 * `checks`: what this audit examines of each. No check: it is not the database that decides it.
 */
export const owasp: readonly { readonly title: string; readonly checks: string; readonly left: string }[] = [
  {
    title: 'Risk 1: leaks between tenants by a shared similarity search',
    checks: 'T01 T04 B02 B05 P09 K04 K05',
    left: 'clients get no raw scores, counts or times of a search that they do not need',
  },
  {
    title: 'Risk 2: text recovered from embeddings',
    checks: 'V01 V02 N01 N02 F01 P11',
    left: 'backups, exports and the embedding service are guarded like the documents',
  },
  {
    title: 'Risk 3: poisoned documents that are retrieved',
    checks: 'T06 B04 C09',
    left: 'each tenant’s own sources are vetted: its own writers can still poison it',
  },
  {
    title: 'Risk 4: documents that make the model refuse to answer',
    checks: 'B03 B04 K04',
    left: 'each tenant’s own writers are limited to those it trusts',
  },
  {
    title: 'Risk 5: finding out whether a document is stored',
    checks: 'B01 B02 K01 K02 K03 K07',
    left: 'within a tenant, only those who may read a document get scores of it',
  },
  {
    title: 'Risk 6: poisoned caches and deduplication',
    checks: 'K01',
    left: 'caches and near-duplicate tests outside the database are kept by tenant',
  },
  {
    title: 'Risk 7: images and sound that are retrieved as text',
    checks: '',
    left: 'such content is vetted before it is embedded',
  },
  {
    title: 'Measure 1: scope decided by the server, in the query of the index',
    checks: 'T01 T02 T06 C01 C10 B06 K04',
    left: 'each tenant’s requests are limited; permissions within a tenant hold',
  },
  {
    title: 'Measure 2: sources authenticated, text normalised, provenance kept',
    checks: '',
    left: 'this happens before text is stored; the embedding model was vetted',
  },
  {
    title: 'Measure 3: content of different trust kept apart',
    checks: 'T13 K04',
    left: 'within a tenant, untrusted content has an index of its own',
  },
  {
    title: 'Measure 4: anomalies noticed when storing and searching',
    checks: '',
    left: 'vectors near to many queries, and unusual load, are noticed',
  },
  {
    title: 'Measure 5: deletion, backups, keys, change of model',
    checks: 'C03 C04 C05',
    left: 'storage and backups are encrypted; a new model embeds everything anew',
  },
  {
    title: 'Measure 6: searches logged, incidents prepared for',
    checks: 'P13',
    left: 'searches are logged; leaked embeddings count as leaked documents',
  },
];

/** Returns the risks and measures of OWASP as lines. */
export const owaspOf = (report: Report): Item[] =>
  owasp.map(({ checks, ...item }) => ({
    ...{ ...item, none: checks ? none : 'No check of a database can tell.', tickable: false },
    rows: withUntried(report).filter(({ id }) => checks.split(' ').includes(id)),
  }));
