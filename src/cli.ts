#!/usr/bin/env node
/** The command line: `ragwall index` builds and drops the graphs that are due, `audit` checks the walls, `serve` serves. */
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { auditCommand } from './audit/command.js';
import { visible } from './audit/report.js';
import { buildGraphs } from './index-command.js';

const help = `ragwall index [url]   builds and drops the indexes of large tenants that are due
ragwall audit [url]   checks whether tenants are isolated in a database, with or without Ragwall in it
ragwall serve         documents and answers over HTTP, for the tenant that a verified token names

ragwall <command> --help tells what each needs and can be told.`;

const indexHelp = `ragwall index [url]   builds the HNSW indexes of tenants that have become large, drops those of tenants
                      that have shrunk, and rebuilds what an interrupted build left behind

The url, or DATABASE_URL, is a superuser's (or that of a role with BYPASSRLS that is a member of
ragwall_owner), direct and not through a pooler. Prefer the variable: a command line can be read by others
on the machine. Building blocks neither reads nor writes. It can be interrupted and run again (the statement
that was under way goes on in the server), and leaves the work to another run that is under way. Run it
after large ingests, or every night.

  --plan         only print the statements, as ragwall.index_plan() returns them
  --from <n>     from how many documents on a tenant gets a graph (default: the setting
                 ragwall.graph_from, else 1000); it is dropped below half of that
  --help`;

async function indexCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' }, plan: { type: 'boolean' }, from: { type: 'string' } },
  });
  const [url = process.env.DATABASE_URL, ...rest] = positionals;
  if (values.help) {
    console.log(indexHelp);
    return 0;
  }
  if (rest.length > 0) throw new Error('expected: ragwall index [url]; see --help');
  if (!url) throw new Error('a connection string is expected: as DATABASE_URL, or behind the command');
  if (values.from !== undefined && !/^[1-9]\d{0,8}$/.test(values.from)) {
    throw new Error('--from is expected to be a whole number from 1');
  }
  // One session builds, another looks on.
  const sql = postgres(url, {
    max: 2,
    onnotice: () => {},
    // A build takes as long as it takes, whatever the login's own limits.
    connection: { application_name: 'ragwall index', statement_timeout: 0, lock_timeout: 0 },
  });
  try {
    await buildGraphs(sql, values);
    return 0;
  } finally {
    await sql.end();
  }
}

// Somebody who reads the first lines and goes, `| head` say, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const [name, ...args] = process.argv.slice(2);
try {
  if (name === 'index') process.exitCode = await indexCommand(args);
  else if (name === 'audit') process.exitCode = await auditCommand(args);
  else if (name === 'serve')
    process.exitCode = await (await import('./serve-command.js')).serveCommand(args);
  else if (name === undefined || name === '--help') {
    console.log(help);
    process.exitCode = name ? 0 : 2;
  } else throw new Error('expected: ragwall index, ragwall audit, or ragwall serve; see --help');
} catch (error) {
  console.error(`ragwall: ${visible(error instanceof Error ? error.message : String(error))}`);
  // Of an audit, 1 says that it was made, and found something.
  process.exitCode = name === 'audit' ? 2 : 1;
}
