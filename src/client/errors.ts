/** The errors of the client. An error of the database is passed on as the driver's PostgresError. */

/** The stable reason of a {@link RagwallError}. */
export type RagwallErrorCode =
  /** The tenant id is not 1 to 128 printable ASCII characters without spaces. Take it from a verified token. */
  | 'INVALID_TENANT'
  /** A vector is no array of finite numbers, has another number of dimensions than the database, or is zero. */
  | 'INVALID_VECTOR'
  /** `k` is not a whole number from 1 to 1000. */
  | 'INVALID_K'
  /** The filter is not a JSON object, or that of a deletion is empty. Leave the option out where there is no filter. */
  | 'INVALID_FILTER'
  /** A document, or what is to be deleted, is not as expected. `document` says which document, `key` what in it. */
  | 'INVALID_DOCUMENT'
  /** An option, a signing key or a signer is not as expected, or there is no such option. The message names the option. */
  | 'INVALID_OPTION'
  /** A document without an embedding is new or changed. Give `upsertDocuments` an embedder. Earlier batches are stored. */
  | 'EMBEDDER_REQUIRED'
  /**
   * The embedder failed, cannot embed the text that `text` numbers, or returned another number of vectors or dimensions.
   * Earlier batches are stored. `provider` has what a service answered.
   */
  | 'EMBEDDING_FAILED'
  /** The database returned a row of another tenant. Nothing was returned to the caller. Stop serving: a wall is missing. */
  | 'FOREIGN_ROW'
  /** A transaction was used after it had ended, or after its connection was lost. Run the transaction again. */
  | 'TRANSACTION_CLOSED'
  /** The connection was lost before the answer came. Whether a write took effect is unknown. An upsert can be repeated. */
  | 'CONNECTION_LOST'
  /** The connections of this `connect()` have been closed. */
  | 'CLOSED'
  /** In a transaction, a call outside of it would wait for the transaction's own connection. Use the methods of the transaction. */
  | 'WAITS_FOR_ITSELF'
  /** The login of this pool fails checks of `assertIsolation`, whose ids `checks` has. Do not serve. */
  | 'NOT_ISOLATED';

/** Which document of a call is meant: its number, and its source and position, or its id, as far as they are valid. */
export interface DocumentPlace {
  /** The number of the document in the call, from 0. */
  readonly index: number;
  readonly source?: string;
  readonly position?: number;
  /** A UUID. */
  readonly id?: string;
}

/** What a service answered that refused a request. */
export interface ProviderAnswer {
  /** The status of HTTP. */
  readonly status?: number;
  /** The service's own code and type of the error, where they are at most 64 letters, digits and underscores. */
  readonly code?: string;
  readonly type?: string;
}

/** What an error has besides its code and message. */
interface Details {
  readonly checks?: readonly string[] | undefined;
  readonly document?: DocumentPlace | undefined;
  readonly key?: string | undefined;
  readonly text?: number | undefined;
  readonly provider?: ProviderAnswer | undefined;
}

/**
 * An error with a stable `code`. Its message says what was expected. If it is about a document, it names the document by its
 * number in the call, its source and position or its id, and the key within it. It never repeats a content or another
 * value, because values are user data and messages end up in logs.
 */
export class RagwallError extends Error {
  override readonly name = 'RagwallError';
  readonly code: RagwallErrorCode;
  /** The ids of the checks that failed, as `R01`; only with the code `NOT_ISOLATED`. */
  declare readonly checks?: readonly string[];
  /** The document that the error is about. */
  declare readonly document?: DocumentPlace;
  /** What in the document is not as expected, as `content` or `metadata.tags[3]`. */
  declare readonly key?: string;
  /** The number of the text, from 0, that an embedder cannot embed; only with the code `EMBEDDING_FAILED`. */
  declare readonly text?: number;
  /** What the embedding service answered; only with the code `EMBEDDING_FAILED`. */
  declare readonly provider?: ProviderAnswer;

  constructor(
    code: RagwallErrorCode,
    message: string,
    { checks, document, key, text, provider, ...options }: ErrorOptions & Details = {},
  ) {
    super(message, options);
    this.code = code;
    const details: Details = { checks, document, key, text, provider };
    for (const [name, detail] of Object.entries(details)) {
      if (detail !== undefined) Object.assign(this, { [name]: detail });
    }
  }
}

/** Returns the error of a call whose connection ended before the answer came. */
export const connectionLost = (cause?: unknown): RagwallError =>
  new RagwallError(
    'CONNECTION_LOST',
    'The connection was lost before there was an answer; whether a write took effect is unknown.',
    { cause },
  );

/** @throws RagwallError `INVALID_OPTION` unless the value of an option is an integer from `min` to `max`. */
export function checkIntegerOption(name: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new RagwallError('INVALID_OPTION', `${name} is expected to be a whole number from ${min} to ${max}.`);
  }
}

/** Returns a name for a message: the name itself only if it looks like one, because it could be data of a user. */
export function shownName(name: PropertyKey): string {
  return /^[\w-]{1,40}$/.test(String(name)) ? String(name) : 'a name that is not shown';
}

/**
 * Returns the options if they are an object that has no other names than `known`. A misspelt option would otherwise be
 * ignored, and a search whose `filter` is misspelt would return everything.
 *
 * @throws RagwallError `INVALID_OPTION` otherwise, as `filters is no option; expected: k, filter.`
 */
export function checkOptions<T>(options: T, known: readonly string[]): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RagwallError('INVALID_OPTION', 'Options are expected to be an object.');
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RagwallError('INVALID_OPTION', `${shownName(unknown)} is no option; expected: ${known.join(', ')}.`);
  }
  return options;
}
