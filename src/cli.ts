#!/usr/bin/env node
import { visible } from './audit/report.js';
/** The command line: `ragwall index` builds and drops the graphs that are due, `audit` checks the walls, `serve` serves. */
import { auditCommand } from './cli/audit-command.js';
import { indexCommand } from './cli/index-command.js';

const help = `ragwall index [url]   builds and drops the indexes of large tenants that are due
ragwall audit [url]   checks whether tenants are isolated in a database, with or without Ragwall in it
ragwall serve         documents and answers over HTTP, for the tenant that a verified token names

ragwall <command> --help tells what each needs and can be told.`;

// Somebody who reads the first lines and goes, `| head` say, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const [name, ...args] = process.argv.slice(2);
try {
  if (name === 'index') process.exitCode = await indexCommand(args);
  else if (name === 'audit') process.exitCode = await auditCommand(args);
  // Loaded when it is needed: it takes longer than an audit.
  else if (name === 'serve')
    process.exitCode = await (await import('./server/serve-command.js')).serveCommand(args);
  else if (name === undefined || name === '--help') {
    console.log(help);
    process.exitCode = name ? 0 : 2;
  } else throw new Error('expected: ragwall index, ragwall audit, or ragwall serve; see --help');
} catch (error) {
  console.error(`ragwall: ${visible(error instanceof Error ? error.message : String(error))}`);
  // Of an audit, 1 says that it was made, and found something.
  process.exitCode = name === 'audit' ? 2 : 1;
}
