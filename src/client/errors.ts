/** The errors of the client. An error of the database is passed on as the driver's PostgresError. */

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
 * An error with a stable `code`. Its message says what was expected. It never repeats a value, because values
 * are user data and messages end up in logs.
 */
export class RagwallError extends Error {
  override readonly name = 'RagwallError';
  readonly code: RagwallErrorCode;
  /** The ids of the checks that failed, as `R01`; only with the code `NOT_ISOLATED`. */
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

/** @throws RagwallError `INVALID_OPTION` unless the value of an option is an integer from `min` to `max`. */
export function checkIntegerOption(name: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new RagwallError(
      'INVALID_OPTION',
      `${name} is expected to be a whole number from ${min} to ${max}.`,
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
