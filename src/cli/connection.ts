/** How the commands reach a database, and what they say where that fails: never a password. */
import postgres, { type Options, type PostgresType, type Sql } from 'postgres';

/**
 * Returns a pool that has not connected yet.
 * @throws Error if the url is missing or cannot be parsed.
 */
export function open(
  url: string | undefined,
  application: string,
  options: Options<Record<string, PostgresType>> = {},
): Sql {
  if (!url) throw new Error('a connection string is expected, in DATABASE_URL or as an argument');
  const [, authority = '', rest = ''] = /^postgres(?:ql)?:\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  // With such a character unescaped, a part of the password would be parsed as port or database, and show in errors.
  if (!/^postgres(ql)?:\/\//.test(url) || (rest.includes('@') && !authority.includes('@'))) {
    throw new Error(
      'postgres://user:password@host:port/database is expected, with / ? # @ in a password written as %2F %3F %23 %40',
    );
  }
  try {
    return postgres(url, {
      max: 1,
      fetch_types: false,
      connect_timeout: 10,
      onnotice: () => {},
      connection: { application_name: application },
      ...options,
    });
  } catch {
    throw new Error('the connection string cannot be parsed: postgres://user:password@host:port/database is expected');
  }
}

/** Returns an error with cause and remedy. Of the connection string it has host, port, user and database, no password. */
export function explained(error: unknown, sql: Sql): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const { host, port, user, database } = sql.options as unknown as Record<'host' | 'port', unknown[]> &
    Record<'user' | 'database', string>;
  const place = `${host[0]}:${port[0]}`;
  switch (code) {
    case 'ECONNREFUSED':
      return new Error(`no server answers at ${place}: check that it runs, and the port`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`the host ${host[0]} cannot be resolved: check its name`);
    case 'CONNECT_TIMEOUT':
      return new Error(
        `${place} does not answer within 10 seconds: check the firewall, and whether the server requires TLS`,
      );
    case '28P01':
    case '28000':
      return new Error(`${place} refuses the login ${user}: ${message}`);
    case '3D000':
      return new Error(`the database ${database} does not exist at ${place}`);
    default:
      return message ? error : new Error(`the connection to ${place} failed (${code})`);
  }
}
