/** `ragwall audit --explain`: what a check is for. */
import { readFileSync } from 'node:fs';

const page = new URL('../../docs/checks.md', import.meta.url);

/**
 * Returns the entry of a check in docs/checks.md: expectation, reason, remedy, severity and references.
 *
 * @param id `R07`, say, in either case.
 * @throws Error that lists the ids, for an unknown one.
 */
export function explainCheck(id: string): string {
  const entries = readFileSync(page, 'utf8')
    .split(/^(?=#{2,3} )/m)
    .filter((entry) => entry.startsWith('### '));
  const found = entries.find((entry) => entry.startsWith(`### ${id.toUpperCase()}\n`));
  if (found) return found.trim();
  const ids = entries.map((entry) => entry.slice(4, entry.indexOf('\n'))).sort();
  throw new Error(`--explain expects the id of a check, one of ${ids.join(', ')}`);
}
