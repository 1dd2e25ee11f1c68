/** The questions that `ragwall eval` asks: a line of JSON each. */
import { readFile } from 'node:fs/promises';
import { shownName } from '../client/errors.js';
import { isPosition, isShortText, isText, isUuid } from '../client/input.js';

/** A passage that answers a question: by its id, by its source and position (or any of the source), or by its text. */
type Passage =
  | { readonly id: string }
  | { readonly source: string; readonly position?: number }
  | { readonly content: string };

export interface Question {
  /** The number of its line, from 1. */
  readonly line: number;
  readonly text: string;
  /** One or more. */
  readonly passages: readonly Passage[];
}

/** How many faults are told. */
const most = 10;

/** @throws Error with the first lines that are not as expected. */
export function checkLines(faults: readonly { readonly line: number; readonly fault: string }[]): void {
  if (faults.length === 0) return;
  const lines = faults.slice(0, most).map(({ line, fault }) => `line ${line}: ${fault}`);
  const rest = faults.length - lines.length;
  throw new Error([...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'));
}

function check(condition: unknown, expected: string): asserts condition {
  if (!condition) throw new Error(expected);
}

/** @throws Error unless the value is an object that has no other members than these. */
function checkObject(
  value: unknown,
  what: string,
  members: readonly string[],
): asserts value is Record<string, unknown> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is expected to be an object`);
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  check(unknown === undefined, `${shownName(unknown ?? '')} is no member of ${what}; expected: ${members.join(', ')}`);
}

function passageOf(value: unknown, number: number): Passage {
  const what = `passage ${number}`;
  checkObject(value, what, ['id', 'source', 'position', 'content']);
  const { id, source, position, content } = value;
  check(
    [id, source, content].filter((key) => key !== undefined).length === 1,
    `${what} is expected to have one of id, source and content`,
  );
  check(position === undefined || source !== undefined, `${what} is expected to have a source where it has a position`);
  if (id !== undefined) {
    check(isUuid(id), `id of ${what} is expected to be a UUID`);
    return { id };
  }
  if (content !== undefined) {
    check(isText(content) && content !== '', `content of ${what} is expected to be a text`);
    return { content };
  }
  check(isShortText(source, 1024), `source of ${what} is expected to be a text of 1 to 1024 bytes`);
  if (position === undefined) return { source };
  check(isPosition(position), `position of ${what} is expected to be a whole number from 0`);
  return { source, position };
}

function questionOf(json: string, line: number): Question {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('JSON is expected, all of a question in one line');
  }
  checkObject(value, 'a line', ['question', 'passages']);
  const { question: text, passages } = value;
  check(
    isText(text) && text.trim() !== '' && text.length <= 10_000,
    'question is expected to be a text of 1 to 10000 characters',
  );
  check(
    Array.isArray(passages) && passages.length >= 1 && passages.length <= 1_000,
    'passages is expected to be a list of 1 to 1000 passages',
  );
  return { line, text, passages: passages.map((passage, index) => passageOf(passage, index + 1)) };
}

/** Returns the questions of a file's text. Empty lines are skipped. @throws Error with the lines that are not as expected. */
export function parseQuestions(text: string): Question[] {
  const questions: Question[] = [];
  const faults: { line: number; fault: string }[] = [];
  for (const [index, json] of text.split(/\r?\n/).entries()) {
    if (json.trim() === '') continue;
    try {
      questions.push(questionOf(json, index + 1));
    } catch (error) {
      faults.push({ line: index + 1, fault: (error as Error).message });
    }
  }
  checkLines(faults);
  if (questions.length === 0) throw new Error('a question is expected, in the first line');
  return questions;
}

/** Reads the questions of a file. @throws Error that names the file, and its lines that are not as expected. */
export async function readQuestions(file: string): Promise<Question[]> {
  try {
    return parseQuestions(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const said = { ENOENT: 'there is no such file', ERR_ENCODING_INVALID_ENCODED_DATA: 'UTF-8 is expected' }[`${code}`];
    throw new Error(`${file}: ${said ?? message}`);
  }
}
