/**
 * Removes a container when the process that started this one has ended, however it ended: the standard input, a pipe from
 * that process, is closed then. It is started in a group of its own, which no terminal and no Ctrl-C reaches.
 */
import { getContainerRuntimeClient } from 'testcontainers';

process.stdin.resume();
process.stdin.on('end', async () => {
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(process.argv[2] ?? '');
  await container.remove({ force: true, v: true }).catch(() => {}); // it may be removed already
  process.exit();
});
