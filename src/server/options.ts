/** Checks the options that a caller of this package passes. */
import { RagwallError } from 'ragwall';
import { z } from 'zod';

/** A schema of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number) {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.int(expected).min(least, expected).max(most, expected);
}

/**
 * Returns the value as the schema parses it.
 *
 * @param name the option's name, for the message; the value is not repeated there.
 * @throws RagwallError `INVALID_OPTION` if it does not fit the schema.
 */
export function checkOption<Schema extends z.ZodType>(name: string, schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [name, ...(issue?.path ?? [])].join('.');
  throw new RagwallError('INVALID_OPTION', `${place}: ${issue?.message}.`);
}

/**
 * @param what the options are, for the message.
 * @throws RagwallError `INVALID_OPTION` unless they are an object of no other names than these.
 */
export function checkOptions(options: unknown, names: readonly string[], what = 'options'): void {
  const given = checkOption(what, z.looseObject({}, 'expected an object'), options);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new RagwallError(
      'INVALID_OPTION',
      `${what}: ${unknown.join(', ')} is no option; expected: ${names.join(', ')}.`,
    );
  }
}
