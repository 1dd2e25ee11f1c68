/** The schema as pg_dump tells it. */
import { getContainerRuntimeClient } from 'testcontainers';
import type { Engine } from './engine.js';

/**
 * Returns the definition of our two schemas. Of the 32 partitions, which are alike, the first stands for
 * all. pg_dump's comments and settings, the random token it writes since August 2025, and what is a file of its own
 * are left out.
 */
export async function dumpSchema({ containerId }: Engine): Promise<string> {
  const output = await runInContainer(containerId, [
    'pg_dump',
    '--dbname=ragwall',
    '--schema-only',
    '--schema=ragwall',
    '--schema=ragwall_private',
    '--exclude-table=ragwall.documents_(0[1-9]|[1-3][0-9])',
  ]);
  const lines = output.split('\n').filter((line) => !/^(\\(un)?restrict |--|SET )/.test(line));
  return `-- Generated from the migrations by \`npm run schema\`. Not to be edited, not to be run.\n${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    // Their bodies are queries that stand in db/audit-install.sql.
    .replace(
      /(CREATE FUNCTION ragwall\.(?:audit|inventory|tenant_tables|app_roles)\(\)[^;]*? AS )(\$\w*\$)[\s\S]*?\2;/g,
      "$1'… db/audit-install.sql …';",
    )
    // In the order in which pg_dump finds them, which changes with every `alter role`, `grant` and `revoke`.
    .replace(
      /^(CREATE POLICY .* TO )([\w, ]+)(?= USING| WITH)/gm,
      (_, before, roles) => before + roles.split(', ').sort().join(', '),
    )
    .replace(/^(GRANT .*\n)+/gm, (grants) => `${grants.trimEnd().split('\n').sort().join('\n')}\n`)
    .trim()}\n`;
}

/** Restores a dump of one database into another, which is there and empty. */
export async function dumpAndRestore({ containerId }: Engine, from: string, to: string): Promise<void> {
  const restore = `pg_dump -Fc ${from} | pg_restore --exit-on-error -d ${to}`;
  await runInContainer(containerId, ['bash', '-o', 'pipefail', '-c', restore]);
}

async function runInContainer(containerId: string | undefined, command: string[]): Promise<string> {
  if (!containerId) throw new Error('pg_dump runs in the container of the docker engine');
  const { container } = await getContainerRuntimeClient();
  const { output, stderr, exitCode } = await container.exec(container.getById(containerId), command);
  if (exitCode !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  return output;
}
