/** Runs statements that are always rolled back, and reads the SQLSTATE of those that fail. */
import type { TransactionSql } from 'postgres';

/** Runs `act` in a savepoint that is rolled back, and returns what it returned. */
export async function undone<T>(tx: TransactionSql, act: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const done = Symbol();
  let result: { value: T } | undefined;
  await tx
    .savepoint(async (inner) => {
      result = { value: await act(inner) };
      throw done;
    })
    .catch((error) => {
      if (error !== done) throw error;
    });
  return (result as { value: T }).value;
}

/** Returns the SQLSTATE of an error of the server, and throws any other error. */
export function sqlState(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'PostgresError' && code) return code;
  throw error;
}
