/** The bundle: one JSON file with the evidence, the page that was made of it, and the digests of both. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Evidence } from './evidence.js';
import { isFingerprint } from './fingerprint.js';
import { toHtml } from './formats/html.js';
import { severities, toJson, version } from './report.js';
import { checked } from './run.js';

/** The version of the format that this package writes and reads. */
const format = 1;

export interface Bundle {
  /** The version of the format. */
  readonly bundle: number;
  /** `sha256:` and 64 hexadecimal digits: of the evidence as canonical JSON, which stands on the page, and of the page. */
  readonly digests: { readonly evidence: string; readonly page: string };
  readonly evidence: Evidence;
  /** HTML. */
  readonly page: string;
}

/** Returns a value as JSON with the keys of every object sorted, and no white space: the same value makes the same text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Returns the digests that the parts of a bundle have. */
export const digestsOf = ({ evidence, page }: Pick<Bundle, 'evidence' | 'page'>): Bundle['digests'] => ({
  evidence: sha256(canonical(evidence)),
  page: sha256(page),
});

/** Returns the page that an evidence makes in a bundle. The digest of the evidence stands on it. */
export const pageOf = (evidence: Evidence): string => toHtml(evidence, sha256(canonical(evidence)));

/** Writes an evidence and its page to a file, and returns both with their digests. */
export async function writeBundle(file: string, evidence: Evidence): Promise<Bundle> {
  const page = pageOf(evidence);
  const bundle = { bundle: format, digests: digestsOf({ evidence, page }), evidence, page };
  await writeFile(file, `${toJson(bundle)}\n`);
  return bundle;
}

/**
 * Reads a bundle. Whether its digests are those of its parts is not checked.
 * @throws Error if the file cannot be read, is of a later format, or lacks a part.
 */
export async function readBundle(file: string): Promise<Bundle> {
  const expected = `${file}: expected is a file that \`ragwall audit --bundle\` wrote`;
  let bundle: Partial<Bundle> | null;
  try {
    bundle = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${expected}; ${code ? `it cannot be read (${code})` : 'the file is not JSON'}`, { cause: error });
  }
  if (typeof bundle?.bundle === 'number' && bundle.bundle > format) {
    throw new Error(
      `${file}: the bundle has format ${bundle.bundle}, and ragwall ${version} reads format ${format}: use a later ragwall`,
    );
  }
  const { digests, evidence, page, ...rest } = bundle ?? {};
  const texts = [digests?.evidence, digests?.page, evidence?.ragwall, page];
  const whole =
    rest.bundle === format &&
    texts.every((text) => typeof text === 'string') &&
    isEvidence(evidence) &&
    Object.keys(rest).length === 1;
  if (!whole) throw new Error(`${expected}; a part of it is missing or unknown`);
  return bundle as Bundle;
}

const columns = ['id', 'expects', 'object', 'evidence', 'remedy', 'reference'] as const;

/** Whether a value has the parts of an evidence that reports and pages are made of. */
function isEvidence(value: Partial<Evidence> | undefined): boolean {
  const { report, probed, fingerprint, statements, migration, suites } = value ?? {};
  const { database, server, time, login, pgvector, settings, rows, stale, failOn, strict } = report ?? {};
  const isText = (text: unknown) => typeof text === 'string';
  const isCount = (number: unknown) => Number.isSafeInteger(number);
  return (
    [database, server, time, login, statements?.audit, statements?.inventory].every(isText) &&
    [probed, rows, stale].every(Array.isArray) &&
    (pgvector === null || isText(pgvector)) &&
    typeof settings === 'object' &&
    Object.values(settings).every(isText) &&
    severities.some((severity) => severity === failOn) &&
    typeof strict === 'boolean' &&
    (migration === null || isCount(migration)) &&
    (suites === null || [suites?.passed, suites?.failed, suites?.skipped].every(isCount)) &&
    isFingerprint(fingerprint) &&
    rows?.every((row) => columns.every((column) => isText(row?.[column]))) === true &&
    checked(rows).length > 0
  );
}
