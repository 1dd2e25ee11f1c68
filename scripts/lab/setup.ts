/** What every lab begins with: its command line, its engine, and connections and databases on it. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { getContainerRuntimeClient } from 'testcontainers';
import type { RunningEngine } from '../../db/tests/engine/engine.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/**
 * Runs a script with the options of its command line. `main` returns the exit code; what it throws is printed
 * and makes the exit code 1. `--help` prints `help` instead.
 */
export async function command<const O extends Options>(
  help: string,
  options: O,
  main: (values: Values<O>) => Promise<number>,
): Promise<void> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if ('help' in values) console.log(help);
    else process.exitCode = await main(values as Values<O>);
  } catch (error) {
    console.error(error instanceof Error ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Returns an option's value as a whole number. @throws Error if it is none, or out of range. */
export function wholeNumber(name: string, text: string, least: number, most = 2 ** 31): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} is expected to be a whole number from ${least} to ${most}`);
}

/** Runs `act` on an engine, and stops the engine in the end, or when the process is interrupted. */
export async function withEngine<T>(
  starting: Promise<RunningEngine>,
  act: (engine: RunningEngine) => Promise<T>,
): Promise<T> {
  const engine = await starting;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void engine.stop().finally(() => process.exit(130)));
  }
  try {
    return await act(engine);
  } finally {
    // Not thrown: it would hide the error of `act`.
    await engine.stop().catch((error) => console.error(`stopping the engine: ${error}`));
  }
}

/** Opens a pool of one connection. It prints no notices and does not look up the types of arrays. */
export const connect = (url: string, options: postgres.Options<Record<string, never>> = {}): Sql =>
  postgres(url, { max: 1, fetch_types: false, onnotice: () => {}, ...options });

/** Returns the URL of another database on the same server, and of another login if one is given. */
export function withDatabase(url: string, name: string, login?: { user: string; password: string }) {
  const other = Object.assign(new URL(url), { pathname: `/${name}` });
  if (login) Object.assign(other, { username: login.user, password: login.password });
  return other.href;
}

/** Runs a command in a container as its user postgres. */
export async function inContainer(id: string, words: string[]) {
  const { container } = await getContainerRuntimeClient();
  return container.exec(container.getById(id), words);
}

/**
 * SQL that puts a table under the usual policy: rows belong to the tenant that the setting app.current_tenant
 * names, and the setting is the client's to change. `role` gets all rights on the table.
 */
export const usualPolicy = (table: string, role = 'app_user') => `
  alter table ${table} enable row level security;
  create policy tenant_isolation on ${table} using (tenant_id = current_setting('app.current_tenant', true));
  grant select, insert, update, delete on ${table} to ${role};`;
