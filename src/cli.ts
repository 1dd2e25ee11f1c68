#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 called without a command; `ragwall audit` has its own. */
import { readFileSync } from 'node:fs';
import { visible } from './audit/report.js';
import { auditCommand } from './cli/audit-command.js';
import { evalCommand } from './cli/eval-command.js';
import { indexCommand } from './cli/index-command.js';
import { migrateCommand } from './cli/migrate-command.js';
import { sqlCommand } from './cli/sql-command.js';

const help = `ragwall migrate [url]   applies the migrations that a database does not have yet
ragwall sql             prints them, or writes files for another tool that migrates
ragwall index [url]     keeps the search tables of large tenants
ragwall audit [url]     checks whether tenants are isolated in a database, with or without Ragwall in it
ragwall eval <file>     tells how well searches by vector, by words and by both find the passages that answer questions
ragwall serve           documents and answers over HTTP, for the tenant that a verified token names
ragwall mcp             search, fetch and answer as tools of the Model Context Protocol, read only, likewise

ragwall <command> --help    what a command needs, and its options
ragwall --version           the version of this package`;

/** Loads `ragwall serve` or `ragwall mcp` from their own package. No type depends on that package: it is not a dependency of this one. */
async function serverCommand(name: 'serve' | 'mcp'): Promise<(args: string[]) => Promise<number>> {
  const module: string = `ragwall-server/${name}`;
  try {
    return (await import(module))[`${name}Command`];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'ragwall-server'")) throw error;
    throw new Error('the service is a package of its own: npm install ragwall-server');
  }
}

// A reader that closes the pipe early, as `| head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const [name, ...args] = process.argv.slice(2);
try {
  if (name === 'migrate') process.exitCode = await migrateCommand(args);
  else if (name === 'sql') process.exitCode = await sqlCommand(args);
  else if (name === 'index') process.exitCode = await indexCommand(args);
  else if (name === 'audit') process.exitCode = await auditCommand(args);
  else if (name === 'eval') process.exitCode = await evalCommand(args);
  else if (name === 'serve' || name === 'mcp') process.exitCode = await (await serverCommand(name))(args);
  else if (name === undefined || name === '--help') {
    console.log(help);
    process.exitCode = name ? 0 : 2;
  } else if (name === '--version') {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    console.log(JSON.parse(manifest).version);
  } else {
    const kind = name.startsWith('-') ? 'option' : 'command';
    throw new Error(
      `unknown ${kind} ${name}; expected: ragwall migrate, sql, index, audit, eval, serve or mcp, --version or --help`,
    );
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`ragwall: ${message.split('\n').map(visible).join('\n')}`);
  // The exit code 1 of an audit means that it ran and found something.
  process.exitCode = name === 'audit' ? 2 : 1;
}
