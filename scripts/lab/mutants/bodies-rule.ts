/** How a function forgets one of its conditions. */
export interface Rule {
  /** The first line of the functions that it is for, as pg_get_functiondef() writes it. */
  readonly of: RegExp;
  readonly name: string;
  readonly find: RegExp;
  readonly replace: string;
}

/** Returns the rules, each a name, what to find and what to put there, for some functions. */
export const within = (
  of: RegExp,
  rules: readonly (readonly [name: string, find: RegExp, replace: string])[],
): Rule[] => rules.map(([name, find, replace]) => ({ of, name, find, replace }));
