/**
 * Checks that whatever becomes an address when an answer is rendered stands in a passage, character by character. It
 * parses no Markdown: it refuses what any renderer may take for an address, and lets through what none takes for more
 * than the passage has.
 */
import {
  autolink,
  beginning,
  blankLine,
  closed,
  code,
  definition,
  email,
  entity,
  escaped,
  footnote,
  host,
  link,
  longest,
  mayBeLonger,
  tag,
} from './markup.js';

/** Stands for a part that has been checked. Visible text has no control character, so no passage can imitate it. */
const checked = '\0';

const words = (text: string) => text.split(/[ \t\r\n]+/).filter(Boolean);
const unescaped = (word: string) => word.replace(escaped, '$1');

/** Returns what a passage that has this may mean by it: the whole, or what is left without marks around the address. */
function addressesIn(run: string): string[] {
  const found = new Set([run]);
  for (const shorten of [
    (text: string) => text.replace(/["'<>`|\\^{}].*$/s, ''),
    (text: string) => text.replace(/[^!-~].*$/s, ''),
    (text: string) => {
      let [round, square] = [0, 0];
      for (const [index, char] of [...text].entries()) {
        round += char === '(' ? 1 : char === ')' ? -1 : 0;
        square += char === '[' ? 1 : char === ']' ? -1 : 0;
        if (round < 0 || square < 0) return [...text].slice(0, index).join('');
      }
      return text;
    },
    (text: string) => text.replace(/[.,;:!?*_~'")\]]+$/, ''),
    (text: string) => text.replace(/[.,;:!?*_~'"]+$/, ''),
  ]) {
    for (const text of [...found]) found.add(shorten(text));
  }
  return [...found].filter(Boolean);
}

const namesIn = (text: string) => [...text.matchAll(host)].flatMap(([name]) => addressesIn(name));

/** Returns the addresses in a passage; of a word that is all addresses the first 16, and none that is longer than any of use. */
function addressesOf(text: string): string[] {
  return words(text).flatMap((word) => {
    const found: string[] = [];
    for (const { index } of [...word.matchAll(new RegExp(beginning, 'giu'))].slice(0, 16)) {
      if (word.length - index <= longest) found.push(...addressesIn(word.slice(index)));
    }
    for (const [end, start = ''] of word.matchAll(email)) {
      const name = start + end;
      const bare = name.slice(Math.max(...[...`!#$%&'*/:;=?^\`{|}~,"`].map((mark) => name.lastIndexOf(mark))) + 1);
      found.push(name, bare, `mailto:${bare}`);
    }
    if (entity.test(word) && word.length <= longest) found.push(...addressesIn(word));
    return found;
  });
}

/** What may follow an address in its word, and belongs to it neither in GFM nor by linkify-it. */
const ending = /^["']?\)?["']?[.,;!?]?$/;

/** Whether the address ends before `rest`: unless a bracket or a quotation mark of its own could close there. */
function endsBefore(rest: string, address: string): boolean {
  const count = (char: string) => address.split(char).length - 1;
  const closes =
    (rest.includes(')') && count('(') > count(')')) ||
    ['"', "'"].some((mark) => rest.includes(mark) && count(mark) > 0);
  return ending.test(rest) && !closes;
}

/**
 * Returns a check of text that has no invisible character: whether each address in it, from `from` on, is in a passage.
 * The text before `from` is the context, of {@link contextOf}.
 *
 * @param names where host names without a scheme may stand besides, such as `plan.md`.
 */
export function createLinkCheck(passages: readonly string[], names: readonly string[]) {
  const ofPassages = passages.flatMap(namesIn);
  const known = new Set([...passages.flatMap(addressesOf), ...ofPassages]);
  const knownNames = new Set([...ofPassages, ...names.flatMap(namesIn)]);
  const knownTags = new Set(passages.flatMap((text) => [...text.matchAll(tag)].map(([whole]) => whole)));

  /** Whether the end of a word, from an index on, is a known address and what may follow one. */
  const isKnown = (word: string, from: number, among: ReadonlySet<string> = known): boolean => {
    const [, stars = ''] = /(?:^|["'(])(\*{1,3})$/.exec(word.slice(0, from)) ?? [];
    for (let end = word.length; end > from && end > word.length - 8; end -= 1) {
      const [address, rest] = [word.slice(from, end), word.slice(end)];
      const after = rest.startsWith(stars) ? rest.slice(stars.length) : rest; // emphasis around the address
      if (among.has(address) && endsBefore(after, address)) return true;
    }
    return false;
  };
  const wordIsGood = (word: string): boolean => {
    const at = beginning.exec(word);
    if (at && !isKnown(word, at.index)) return false;
    const before = at ? word.slice(0, at.index) : word;
    for (const { 0: end, 1: start = '', index } of word.matchAll(email)) {
      const name = start + end;
      const [stars = ''] = /^\*{1,3}(?!\*)/.exec(name) ?? []; // emphasis, if it ends behind the name
      const bare = word.startsWith(stars, index + end.length) ? name.slice(stars.length) : name;
      if (!known.has(bare)) return false;
    }
    for (const { 0: name, index } of before.matchAll(host)) {
      if (mayBeLonger(before, index) || !isKnown(name, 0, knownNames)) return false;
    }
    return !entity.test(word) || isKnown(word, 0);
  };
  const wordsAreGood = (text: string) =>
    words(text).every((word) => wordIsGood(word) && (!word.includes('\\') || wordIsGood(unescaped(word))));

  /**
   * Whether a code span begins at an index: all that were opened before it in its paragraph are closed, and all brackets,
   * because markdown-it forgets a code span that it has seen in an open bracket.
   */
  const beginsCode = (text: string, index: number): boolean => {
    const paragraphs = text.slice(Math.max(0, index - longest), index).split(blankLine);
    const before = paragraphs.at(-1) ?? '';
    let depth = 0;
    for (const char of before) depth = char === '[' ? depth + 1 : char === ']' ? Math.max(0, depth - 1) : depth;
    return depth === 0 && (paragraphs.length > 1 || index <= longest) && closed.test(before);
  };

  return (text: string, from: number): boolean => {
    const line = text.slice(Math.max(text.lastIndexOf('\n', from - 1), text.lastIndexOf('\r', from - 1), 0));
    for (const [, address = ''] of line.matchAll(definition)) {
      if (!known.has(/^<([^<>]*)>/.exec(address)?.[1] ?? address)) return false;
    }
    if (footnote.test(line)) return false;
    let good = true;
    const rest = text
      .slice(from)
      .replace(code, (whole, inside, index) =>
        wordsAreGood(inside) && !/<[a-z/!?]/i.test(inside) && beginsCode(text, from + index) ? checked : whole,
      )
      .replace(tag, (whole) => (knownTags.has(whole) ? checked : whole))
      .replace(autolink, (whole, address) => (known.has(address) ? checked : whole))
      .replace(link, (_, linked, address) => {
        good &&= (address === '' || known.has(address)) && wordsAreGood(linked);
        return checked;
      });
    return good && !/<[a-z/!?]/i.test(rest) && wordsAreGood(rest);
  };
}
