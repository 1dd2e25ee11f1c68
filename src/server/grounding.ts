/** Checks an answer while it streams: it must cite retrieved passages, and each of its links must be in one of them. */
import { Problem } from './problem.js';

/** The sentence that is answered, to the letter, if the passages do not answer the question. */
export const noAnswer = "I don't have information about that in the documents you've shared with me.";

/** Where a passage comes from. */
interface Place {
  /** The id of the document. */
  readonly id: string;
  /** What it was taken from. Null, like `position`, if the document was stored by its id. */
  readonly source: string | null;
  /** Its number in its source, from 0. */
  readonly position: number | null;
}

/** A passage that an answer cites. */
export interface Citation extends Place {
  /** The number in the answer, 1 for `[1]`. */
  readonly number: number;
}

/** An answer whose citations have been checked. One that cites nothing is {@link noAnswer}. */
export interface Answer {
  readonly answer: string;
  /** By number, each passage once. */
  readonly citations: readonly Citation[];
  /** False if the model was cut off at `answerTokens`. */
  readonly complete: boolean;
}

/** A passage as the model sees it: its number is its place in the list, from 1. */
export interface Passage extends Place {
  readonly text: string;
}

/** A piece of a model's answer. */
export interface Piece {
  readonly text: string | null | undefined;
  /** In the last piece: why the model ended. `stop` and `length` end an answer; after any other reason there is none. */
  readonly finish: string | null | undefined;
}

/** The answer to a question for which there is no passage. */
export const unanswered: Answer = Object.freeze({ answer: noAnswer, citations: [], complete: true });

/** Text in brackets: a citation if it has digits and no letter. */
const group = /[[【［]([^[\]【】［］]{0,500})[\]】］]/gu;
const numbers = /^ ?\d{1,9}(?: ?, ?\d{1,9})* ?$/;
/** What a renderer may turn into a link, a picture or a tag, or run: ASCII without spaces. */
const markup =
  /(?:[a-z][a-z0-9+.-]{0,30}:)?[\\/]{2}[!-~]+|www\.[!-~]+|(?:https?|ftp|file|mailto|tel|sms|javascript|vbscript|data|blob):[!-~]+|(?<=\]\()[!-~]+|<[/!a-z][!-~]*|&(?:#|[a-z]{2,31};)[!-~]*/gi;

/** The parts of a text that a renderer may turn into a link, a picture or a tag, without punctuation at their end. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(markup)].map(([link]) => link.replace(/[)\]>"'*_.,;:!?]+$/, ''));

/** A citation at the end of a word: it does not belong to the link before it. */
const trailingCitation = /\[[\d, ]{1,40}\](?=[.,;:!?)]*(?:\s|$))/g;

const withoutInvisible = (text: string) => text.replace(/\p{Cf}/gu, '');
const normalised = (text: string) => withoutInvisible(text).replace(/\s+/g, ' ');

/** Returns a check of an answer's text: each citation names a passage, and each link is in a passage, character by character. */
function createCheck(passages: readonly Passage[]) {
  const cited = new Set<number>();
  const known = new Set(passages.flatMap(({ text }) => [...linksOf(text), ...(normalised(text).match(group) ?? [])]));
  const refuse = () => {
    throw new Problem('UNGROUNDED_ANSWER');
  };
  return {
    cited,
    check(text: string): void {
      for (const [whole, inside = ''] of normalised(text).matchAll(group)) {
        if (!/\p{N}/u.test(inside) || /\p{L}/u.test(inside)) continue;
        if (whole.startsWith('[') && whole.endsWith(']') && numbers.test(inside)) {
          for (const number of inside.split(',').map(Number)) {
            if (!passages[number - 1]) refuse();
            cited.add(number);
          }
        } else if (!known.has(whole)) refuse();
      }
      const bare = withoutInvisible(text).replace(trailingCitation, ' ');
      if (linksOf(bare).some((link) => !known.has(link))) refuse();
    },
  };
}

/**
 * Returns the index from which on the end of a text may become a citation or a link when more text follows: the start of
 * its last word, or of an open bracket before it.
 */
function openFrom(text: string): number {
  let word = text.length;
  while (word > 0 && /[!-~]/.test(text[word - 1] as string)) word -= 1;
  const start = Math.max(0, word - 300);
  const open = /[[【［][^[\]【】［］]*$/.exec(text.slice(start, word));
  return open ? start + open.index : word;
}

/**
 * Yields the text of a stream as far as it has been checked, and returns the answer.
 *
 * @throws Problem `UNGROUNDED_ANSWER` at a citation or a link that no passage has, or in the end if nothing was cited;
 *   `MODEL_FAILED` if the stream ends without `stop` or `length`.
 */
export async function* grounded(
  pieces: AsyncIterable<Piece>,
  passages: readonly Passage[],
): AsyncGenerator<string, Answer> {
  const { cited, check } = createCheck(passages);
  let held = '';
  let whole = '';
  let finished: string | undefined;
  for await (const { text, finish } of pieces) {
    held += text ?? '';
    finished = finish ?? finished;
    const end = openFrom(held);
    const ready = held.slice(0, end);
    check(ready);
    whole += ready;
    held = held.slice(end);
    if (held.length > 4_000) throw new Problem('UNGROUNDED_ANSWER');
    if (ready !== '') yield ready;
  }
  // Without a reason the connection was cut. Other reasons come from content filters and tools.
  if (finished !== 'stop' && finished !== 'length') throw new Problem('MODEL_FAILED');
  whole += held;
  check(whole); // again as a whole, in case a link or a citation was split
  const sentence = whole
    .replace(group, '')
    .trim()
    .replace(/^["“]|["”]$/g, '')
    .replaceAll('’', "'");
  if (sentence.trim() === noAnswer) return unanswered;
  if (cited.size === 0) throw new Problem('UNGROUNDED_ANSWER');
  if (held !== '') yield held;
  const sorted = [...cited].sort((a, b) => a - b);
  return {
    answer: whole,
    citations: sorted.map((number) => {
      const { id, source, position } = passages[number - 1] as Passage;
      return { number, id, source, position };
    }),
    complete: finished === 'stop',
  };
}
