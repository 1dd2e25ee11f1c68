/** What a client of MCP is shown of a document: text that nobody can mistake for a link, and a name to cite it by. */
import type { Match } from 'ragwall';
import { visible } from './grounding.js';
import { beginning, entity, escaped, host } from './markup.js';

/** A document without what a search computes. */
export type Found = Pick<Match, 'id' | 'source' | 'position' | 'content' | 'metadata'>;

/** What stands in place of an address. */
export const withheld = '[address withheld]';

/** A host name with a path: a renderer that links names would make an address of it. */
const hostWithPath = new RegExp(`${host.source.replace(/\?$/, '')}`, 'iu');

const hasAddress = (word: string) => beginning.test(word) || entity.test(word) || hostWithPath.test(word);

/**
 * Returns a text in which nothing becomes an address, whatever renders it: each word that has an address, or a link's
 * destination, is replaced, and a space is put where a tag could begin. Names of hosts and e-mail addresses stay.
 */
export function withoutAddresses(text: string): string {
  return text
    .replace(/[^ \t\r\n]+/g, (word) => (hasAddress(word) || hasAddress(word.replace(escaped, '$1')) ? withheld : word))
    .replace(/<(?=[a-z/!?])/gi, '< ');
}

/** Whether a source is a link: all of it an address of the web, without a password. */
function isLink(source: string): boolean {
  if (!/^https?:\/\/[!-;=?-_a-z~]{1,1000}$/i.test(source) || !URL.canParse(source)) return false;
  const { username, password } = new URL(source);
  return username === '' && password === '';
}

/** How passages are shown. */
export interface Showing {
  /** Whether addresses that stand in a passage are left there. */
  readonly keepAddresses: boolean;
}

/** Returns a text as it is shown, without characters that nobody sees. */
export function shownText(text: string, { keepAddresses }: Showing): string {
  const seen = visible(text, true);
  return keepAddresses ? seen : withoutAddresses(seen);
}

/** Returns metadata as they are shown: each text in them as any other. */
export function shownMetadata(value: unknown, showing: Showing): unknown {
  if (typeof value === 'string') return shownText(value, showing);
  if (Array.isArray(value)) return value.map((item) => shownMetadata(item, showing));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [shownText(name, showing), shownMetadata(item, showing)]),
  );
}

/** Returns by what a document is named: its own source, if that is a link, and otherwise a name that leads nowhere. */
export function placeOf({ id, source }: Pick<Found, 'id' | 'source'>, showing: Showing) {
  const link = source !== null && isLink(source);
  return {
    id,
    title: link ? source : source === null ? id : shownText(source, showing),
    url: link ? source : `urn:uuid:${id}`,
  };
}
