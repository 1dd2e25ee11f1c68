#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 called without a command; `ragwall audit` has its own. */
import { readFileSync } from 'node:fs';
import { visible } from './audit/report.js';
import { auditCommand } from './cli/audit-command.js';
import { indexCommand } from './cli/index-command.js';

const help = `ragwall index [url]   builds and drops the indexes of large tenants that are due
ragwall audit [url]   checks whether tenants are isolated in a database, with or without Ragwall in it
ragwall serve         documents and answers over HTTP, for the tenant that a verified token names

ragwall <command> --help   what a command needs, and its options
ragwall --version          the version of this package`;

// A reader that closes the pipe early, as `| head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const [name, ...args] = process.argv.slice(2);
try {
  if (name === 'index') process.exitCode = await indexCommand(args);
  else if (name === 'audit') process.exitCode = await auditCommand(args);
  // Imported only here, because loading it takes longer than an audit.
  else if (name === 'serve')
    process.exitCode = await (await import('./server/serve-command.js')).serveCommand(args);
  else if (name === undefined || name === '--help') {
    console.log(help);
    process.exitCode = name ? 0 : 2;
  } else if (name === '--version') {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    console.log(JSON.parse(manifest).version);
  } else {
    const kind = name.startsWith('-') ? 'option' : 'command';
    throw new Error(
      `unknown ${kind} ${name}; expected: ragwall index, ragwall audit, ragwall serve, --version or --help`,
    );
  }
} catch (error) {
  console.error(`ragwall: ${visible(error instanceof Error ? error.message : String(error))}`);
  // The exit code 1 of an audit means that it ran and found something.
  process.exitCode = name === 'audit' ? 2 : 1;
}
