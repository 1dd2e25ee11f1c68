/** What Ragwall itself refuses. What the database refuses arrives as the driver's error, untouched. */

/** The stable reason of a {@link RagwallError}. */
export type RagwallErrorCode =
  | 'INVALID_TENANT'
  | 'INVALID_VECTOR'
  | 'INVALID_K'
  | 'INVALID_FILTER'
  | 'INVALID_DOCUMENT'
  | 'INVALID_OPTION'
  | 'EMBEDDER_REQUIRED'
  | 'EMBEDDING_FAILED'
  | 'FOREIGN_ROW'
  | 'TRANSACTION_CLOSED'
  | 'CONNECTION_LOST'
  | 'NOT_ISOLATED';

/**
 * An error with a stable `code`. Its message says what was expected and never repeats a value, because
 * values are user data.
 */
export class RagwallError extends Error {
  override readonly name = 'RagwallError';
  readonly code: RagwallErrorCode;
  /** With `NOT_ISOLATED`: the ids of the checks that failed. */
  declare readonly checks?: readonly string[];

  constructor(
    code: RagwallErrorCode,
    message: string,
    { checks, ...options }: ErrorOptions & { readonly checks?: readonly string[] } = {},
  ) {
    super(message, options);
    this.code = code;
    if (checks) this.checks = checks;
  }
}

/** @throws RagwallError `INVALID_OPTION` unless an option is a whole number from `least` to `most`. */
export function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RagwallError(
      'INVALID_OPTION',
      `${name} is expected to be a whole number from ${least} to ${most}.`,
    );
  }
}

/**
 * Returns the options if they are an object.
 * @throws RagwallError `INVALID_OPTION` otherwise.
 */
export function checkOptions<T>(options: T): T {
  if (typeof options !== 'object' || options === null) {
    throw new RagwallError('INVALID_OPTION', 'Options are expected to be an object.');
  }
  return options;
}
