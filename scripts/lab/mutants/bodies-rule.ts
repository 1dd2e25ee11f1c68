/** A rule: which functions lose which of their conditions. */
export interface Rule {
  /** Fits the first line that pg_get_functiondef() returns of the functions that the rule is for. */
  readonly of: RegExp;
  readonly name: string;
  readonly find: RegExp;
  readonly replace: string;
}

/** Returns rules for the functions that `of` fits. */
export const within = (
  of: RegExp,
  rules: readonly (readonly [name: string, find: RegExp, replace: string])[],
): Rule[] => rules.map(([name, find, replace]) => ({ of, name, find, replace }));
