/**
 * Assembles what is made of db/audit/: the query db/audit.sql, the page docs/checks.md, and the module of queries that
 * code sends. In a query, `\ir` stands for the text of a file of facts, as in psql.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { PGlite } from '@electric-sql/pglite';
import { lastMigration, root } from '../../db/tests/engine/migrations.js';
import type { Generator } from '../generate.js';

const folder = new URL('db/audit/', root);
const read = (path: string) => readFile(new URL(path, folder), 'utf8');

/** In this order in the audit; a file of checks is named by its area, as in `path-views.sql`. */
const areas = ['rls', 'role', 'tenant', 'context', 'pool', 'ci', 'path', 'shared', 'server'];

interface Check {
  readonly id: string;
  readonly severity: string;
  readonly expects: string;
  /** The lines of the header by their names: Examines, Reference, Why, Remedy, Not in SQL, Only by. */
  readonly fields: Readonly<Record<string, string>>;
  /** Empty for a check that no query of the catalog can make. */
  readonly select: string;
}

interface CheckFile {
  readonly name: string;
  readonly area: string;
  readonly title: string;
  readonly checks: readonly Check[];
}

/** Reads a check: `-- T01 critical: expectation`, lines `-- Name: text` that `--   ` continues, and the select. */
function parseCheck(text: string, file: string): Check {
  const [header = ''] = /^(--.*\n?)+/.exec(text) ?? [];
  const [first = '', ...lines] = header.trimEnd().replaceAll('\n--   ', ' ').split('\n');
  const [, id = '', severity = '', expects = ''] =
    /^-- ([A-Z]\d\d) (critical|high|medium|low): (.+)$/.exec(first) ?? [];
  const fields = Object.fromEntries(
    lines.map((line) => /^-- (Examines|Reference|Why|Remedy|Not in SQL|Only by): (.+)$/.exec(line)?.slice(1) ?? [line]),
  );
  const select = text.slice(header.length).trim();
  const complete =
    fields.Why && fields.Remedy && (select ? fields.Examines : (fields['Not in SQL'] ?? fields['Only by']));
  if (!id || !complete || Object.values(fields).includes(undefined)) {
    throw new Error(`db/audit/${file}: a check is expected to have the header that others have, not\n${header}`);
  }
  return { id, severity, expects, fields, select };
}

async function readChecks(): Promise<CheckFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = names.map(async (name): Promise<CheckFile> => {
    const area = /^[a-z]+/.exec(name)?.[0] ?? '';
    if (!areas.includes(area)) throw new Error(`db/audit/${name} is expected to be named by its area`);
    const [title = '', ...parts] = (await read(name)).split(/\n\n(?=-- [A-Z]\d\d )/);
    return { name, area, title: title.slice(3), checks: parts.map((part) => parseCheck(part, name)) };
  });
  const place = ({ area }: CheckFile) => areas.indexOf(area);
  const first = ({ checks }: CheckFile) => checks[0]?.id ?? '';
  return (await Promise.all(files)).sort((a, b) => place(a) - place(b) || first(a).localeCompare(first(b)));
}

/** Returns a query of db/audit/queries/ with the facts in it, and without the comma behind the last one. */
export async function readQuery(name: string): Promise<string> {
  const parts = (await read(`queries/${name}.sql`)).split(/^\\ir \.\.\/(.+)\n/m);
  const texts = await Promise.all(parts.map((part, i) => (i % 2 ? read(part) : part)));
  return texts.join('').replace(/^\),(?=\nselect)/m, ')');
}

const quoted = (text: string | undefined) => (text === undefined ? 'null' : `'${text.replaceAll("'", "''")}'`);

const withAreas = (files: readonly CheckFile[]) =>
  files.flatMap(({ area, checks }) => checks.map((check) => ({ area, ...check })));

type Released = Record<'kind' | 'parent' | 'name' | 'properties', string>;

/** Returns what the migrations make, as rows of values. The search_path is that of the audit: names are printed with it. */
async function releasedValues(db: PGlite): Promise<string> {
  await db.exec('set search_path = pg_catalog, pg_temp');
  const { rows } = await db.query<Released>(await readQuery('present'));
  await db.exec('reset search_path');
  return rows
    .map(({ kind, parent, name, properties }) => `    (${[kind, parent, name, properties].map(quoted).join(', ')})`)
    .join(',\n');
}

async function auditQuery(files: readonly CheckFile[], db: PGlite): Promise<string> {
  const all = withAreas(files).filter(({ fields }) => !fields['Only by']);
  const values = all.map(({ area, id, severity, expects, fields }) => {
    const { Examines, Reference = '', 'Not in SQL': untried } = fields;
    const columns = [id, area, severity, Examines, expects, Reference, untried].map(quoted);
    return `    (${columns.join(', ')})`;
  });
  const selects = all
    .filter(({ select }) => select)
    .map(({ id, expects, select }) => `-- [${id}] ${expects}\n${select}`.replace(/^(?=.)/gm, '  '));
  return Object.entries({
    ':checks': values.join(',\n'),
    ':selects': selects.join('\n\n  union all\n'),
    ':areas': `array[${areas.map(quoted).join(', ')}]`,
    ':last_migration': String(await lastMigration()),
    ':released': await releasedValues(db),
  }).reduce(
    (text, [variable, value]) => text.replaceAll(variable, () => value),
    `-- Generated from db/audit/ by \`npm run generate\`. Not to be edited.\n--\n${await readQuery('audit')}`,
  );
}

function checksPage(files: readonly CheckFile[]): string {
  const sentence = (text: string) => `${text.replace(/^./, (first) => first.toUpperCase())}.`;
  const sections = files.map(({ name, title, checks }) => {
    const entries = checks.map(({ id, severity, expects, fields }) => {
      const { Examines, Reference, Why, Remedy, 'Not in SQL': untried, 'Only by': only } = fields;
      const about = [
        `Severity: ${severity}.`,
        Examines && `Examines: ${Examines}.`,
        untried && sentence(untried),
        only && `Only by: \`${only}\`.`,
        Reference && `Reference: ${Reference.replaceAll(' | ', ' · ')}.`,
        !only && `SQL: \`db/audit/${name}\`.`,
      ];
      return `### ${id}\n\n**${expects}.** ${Why}\n\nRemedy: ${Remedy}\n\n${about.filter(Boolean).join(' ')}\n`;
    });
    return `## ${title}\n\n${entries.join('\n')}`;
  });
  return `<!-- Generated from db/audit/ by \`npm run generate\`. Not to be edited. -->
# The checks of the audit

What \`ragwall audit\` examines, and why. \`ragwall audit --explain R07\` prints one entry. A finding may be of another
severity than its check: the audit says so in its line. *checklist* and *testing* refer to the numbered lists of the guide
that the audit covers, LLM to the OWASP Top 10 for LLM applications, AISVS to the OWASP AI Security Verification
Standard, CWE and CVE to the lists of MITRE.

${sections.join('\n')}`;
}

/** A query with a parameter in front of each of these settings. */
const parameterized = (query: string, settings: readonly string[]) =>
  settings.reduce((text, setting, i) => {
    const asked = `nullif(current_setting('ragwall.${setting}', true), '')`;
    return text.replace(asked, `coalesce($${i + 1}::text, ${asked})`);
  }, query);

/** What the probe's checks are, as the audit's rows have it. */
function probeChecks(files: readonly CheckFile[]) {
  const attempts = withAreas(files).filter(({ id }) => id.startsWith('B'));
  return Object.fromEntries(
    attempts.map(({ area, id, severity, expects, fields: { Reference = '', Remedy: remedy } }) => [
      id,
      { area, expects, severity, reference: Reference.replaceAll(' | ', ' · '), remedy },
    ]),
  );
}

async function queriesModule(files: readonly CheckFile[]): Promise<string> {
  const literal = (query: string) => `${query.includes('\\') ? 'String.raw' : ''}\`${query.trimEnd()}\``;
  const probe = parameterized(await readQuery('probe'), ['tenant_columns', 'app_roles']);
  const guard = parameterized(await readQuery('guard'), ['tenant_columns']);
  return `// Generated from db/audit/ by \`npm run generate\`. Not to be edited.

/** The number of the last migration of this release. */
export const lastMigration = ${await lastMigration()};

/** The checks that the probe makes, by their ids. */
export const probeChecks = ${JSON.stringify(probeChecks(files), null, 2)} as const;

/** db/audit/queries/probe.sql. $1: tenant columns, $2: application roles; null: as the settings say. */
export const probeQuery = ${literal(probe)};

/** db/audit/queries/guard.sql. $1: tenant columns; null: as the setting says. */
export const guardQuery = ${literal(guard)};

/** db/audit/queries/guard-restricted.sql. */
export const restrictedGuardQuery = ${literal(await readQuery('guard-restricted'))};
`;
}

export const generate: Generator = async (database) => {
  const files = await readChecks();
  return {
    'db/audit.sql': await auditQuery(files, await database()),
    'docs/checks.md': checksPage(files),
    'src/audit/queries.generated.ts': await queriesModule(files),
  };
};
