/** Checks an answer while it streams: it must cite retrieved passages, and each address in it must stand in one of them. */
import { createLinkCheck } from './links.js';
import { contextOf, longest, openFrom } from './markup.js';
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
const group = /[[【［]([^[\]【】［］]{0,1000})[\]】］]/gu;
const numbers = /^ ?\d{1,9}(?: ?, ?\d{1,9})* ?$/;

/**
 * Characters that nobody sees, and before them those that stay: a joiner after a letter of a script that is written with
 * joiners (Persian, Hindi), the joiner between two emoji, and the selector of an emoji's colours. These change what is
 * seen, no two stand in a row, and an address has one only where the passage's has it.
 */
const invisible =
  /((?<=[\p{L}\p{M}])(?<=[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mong}\p{scx=Nko}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}])[\u200c\u200d]|(?<=[\p{ExtPict}\p{EMod}]\ufe0f?)\u200d(?=\p{ExtPict}|$)|(?<=\p{ExtPict})\ufe0f|(?<=[#*\d])\ufe0f(?=\u20e3|$))|[\p{DI}\p{Cs}\ufff9-\ufffb]|[^\P{Cc}\t\n\r]/gu;

/** Returns the text without invisible characters. At its end a part of a character or an emoji stays, unless it is final. */
export function visible(text: string, final = false): string {
  const part = final ? '' : (/[\ud800-\udbff]$/.exec(text)?.[0] ?? '');
  const shown = text.slice(0, text.length - part.length).replace(invisible, '$1');
  return final ? shown.replace(/\u200d$|(?<=[#*\d])\ufe0f$/u, '') : shown + part;
}

/** A link before a citation, without the space that keeps renderers from taking the citation into the address. */
const uncited = /(?:\/\/|www\.)[^\s[]*(?=\[\d[\d, ]*\][.,;:!?)]*(?:\s|$))/g;

const normalised = (text: string) => text.replace(/\s+/g, ' ');

/** Returns a check of an answer's text, from an index on: each citation names a passage, and each address is in a passage. */
function createCheck(passages: readonly Passage[], question: string) {
  const cited = new Set<number>();
  const known = new Set(passages.flatMap(({ text }) => normalised(visible(text, true)).match(group) ?? []));
  const linksAreKnown = createLinkCheck(
    passages.map(({ text }) => visible(text, true)),
    [question, ...passages.map(({ source }) => source ?? '')],
  );
  const refuse = () => {
    throw new Problem('UNGROUNDED_ANSWER');
  };
  return {
    cited,
    check(text: string, from: number): void {
      for (const [whole, inside = ''] of normalised(text.slice(from)).matchAll(group)) {
        if (!/\p{N}/u.test(inside) || /\p{L}/u.test(inside)) continue;
        const named =
          whole.startsWith('[') && whole.endsWith(']') && numbers.test(inside) ? inside.split(',').map(Number) : [];
        if (named.length > 0 && named.every((number) => passages[number - 1])) {
          for (const number of named) cited.add(number);
        } else if (!known.has(whole)) refuse(); // a passage may have `rows[0]`, or notes of its own
      }
      if (!linksAreKnown(text, from)) refuse();
    },
  };
}

/** Returns the answer without citations, white space and quotation marks around it, to compare it with {@link noAnswer}. */
const sentenceOf = (text: string) =>
  text
    .replace(group, '')
    .trim()
    .replace(/^["“]|["”]$/g, '')
    .replaceAll('’', "'")
    .trim();

/** Whether the text may become {@link noAnswer} when more follows. */
function mayDecline(text: string): boolean {
  const sentence = sentenceOf(text);
  return (
    noAnswer.startsWith(sentence) ||
    (sentence.startsWith(noAnswer) && /^["”\s]*(?:\[[\d, ]*)?$/.test(sentence.slice(noAnswer.length)))
  );
}

/**
 * Yields the text of a stream as far as it has been checked, and returns the answer, which is the text that was yielded.
 * Both are without invisible characters.
 *
 * @param question may name a host or a file, such as `plan.md`, that no passage names.
 * @throws Problem `UNGROUNDED_ANSWER` at a citation or an address that no passage has, or in the end if nothing was cited;
 *   `MODEL_FAILED` if the stream ends without `stop` or `length`.
 */
export async function* grounded(
  pieces: AsyncIterable<Piece>,
  passages: readonly Passage[],
  question = '',
): AsyncGenerator<string, Answer> {
  const { cited, check } = createCheck(passages, question);
  let held = '';
  let whole = '';
  let context = ''; // of what has been yielded
  let finished: string | undefined;
  const pass = (end: number) => {
    const ready = held.slice(0, end).replace(uncited, '$& ');
    check(context + ready, context.length);
    whole += ready;
    held = held.slice(end);
    context = contextOf(context + ready);
    return ready;
  };
  for await (const { text, finish } of pieces) {
    held = visible(held + (text ?? ''));
    finished = finish ?? finished;
    if (whole === '' && held.length < longest && mayDecline(held)) continue;
    const ready = pass(openFrom(context + held, context.length) - context.length);
    if (held.length > 4_000) throw new Problem('UNGROUNDED_ANSWER');
    if (ready !== '') yield ready;
  }
  // Without a reason the connection was cut. Other reasons come from content filters and tools.
  if (finished !== 'stop' && finished !== 'length') throw new Problem('MODEL_FAILED');
  held = visible(held, true);
  if (whole === '' && sentenceOf(held) === noAnswer) {
    yield noAnswer;
    return unanswered;
  }
  const rest = pass(held.length);
  check(whole, 0); // again as a whole, in case something was split
  if (cited.size === 0) throw new Problem('UNGROUNDED_ANSWER');
  if (rest !== '') yield rest;
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
