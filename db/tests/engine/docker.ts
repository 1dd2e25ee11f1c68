// A throw-away Postgres with two PgBouncers in front of it, in one Docker container per start.

import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A running test server: Postgres, and two PgBouncers in transaction mode on ports of their own. */
export interface DockerServer {
  /** URL of the superuser `postgres`, direct, to the database `postgres`. */
  readonly adminUrl: string;
  /** Of the container. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Port of PgBouncer, which lets in postgres and the four roles that may log in. */
  readonly poolerPort: number;
  /** Port of the PgBouncer that resets each session after each transaction; else the same. */
  readonly resettingPoolerPort: number;
  /** Of postgres, and to be given to the four roles: PgBouncer expects it of all five. */
  readonly password: string;
  /** Runs a command in the container as its user postgres; entrypoint.sh tells how to restart. */
  exec(command: string[]): Promise<{ output: string; exitCode: number }>;
  /** Removes the container with all its data. */
  stop(): Promise<void>;
}

/** Returns undefined if a Docker engine answers, else the reason in one line; takes two seconds and a little at most. */
export async function dockerAnswers(): Promise<string | undefined> {
  // Imported where it is used: whoever runs on another engine need not load it.
  const { getContainerRuntimeClient } = await import('testcontainers');
  return Promise.race([
    getContainerRuntimeClient().then(
      () => undefined,
      () => 'no Docker engine answers: start one, or let this user use its socket',
    ),
    delay(2_000, 'the Docker engine did not answer within two seconds', { ref: false }),
  ]);
}

/**
 * Starts a fresh server, building its image first if its files have changed since the last build.
 * @throws Error that says whether the engine, the image or the container failed, and what to do.
 */
export async function startDocker(log: (line: string) => void): Promise<DockerServer> {
  const began = performance.now();
  const unanswered = await dockerAnswers();
  if (unanswered) throw new Error(unanswered);
  const { GenericContainer, ImageName, Wait, ...docker } = await import('testcontainers');
  const client = await docker.getContainerRuntimeClient();

  // The reaper is a container that removes ours should this process be killed. Its image comes from
  // a registry; where it cannot be had, do without: stop() is what removes our containers, and what
  // a killed run leaves goes with `docker rm -f $(docker ps -q -f label=ragwall.test)`.
  await docker.getReaper(client).catch(() => {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  });

  const hash = createHash('sha256');
  for (const file of ['Dockerfile', 'entrypoint.sh']) hash.update(await readFile(new URL(file, import.meta.url)));
  const image = `ragwall-test:${hash.digest('hex').slice(0, 12)}`;
  if (!(await client.image.exists(ImageName.fromString(image)))) {
    log(`building ${image}, which takes about half a minute and is kept`);
    await GenericContainer.fromDockerfile(fileURLToPath(new URL('.', import.meta.url)))
      .withCache(true)
      .build(image, { deleteOnExit: false })
      .catch((cause) => fail(`building ${image}`, cause, 'see why: docker build db/tests/engine'));
  }

  const password = randomUUID();
  let said = '';
  const container = await new GenericContainer(image)
    .withLabels({ 'ragwall.test': 'server' })
    .withEnvironment({ RAGWALL_TEST_PASSWORD: password })
    .withExposedPorts(5432, 6432, 6433)
    // Docker's 64 MB are too few for what parallel workers share.
    .withSharedMemorySize(256 * 1024 ** 2)
    .withLogConsumer((stream) =>
      stream.on('data', (line) => {
        said = `${said}${line}`.slice(-1_000);
      }),
    )
    .withWaitStrategy(Wait.forLogMessage('ragwall test server ready'))
    .start()
    .catch((cause) => fail(`starting ${image}`, cause, `it said:\n${said}`));

  const host = container.getHost();
  const port = container.getMappedPort(5432);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  log(`Postgres and PgBouncer ready in ${seconds} s, container ${container.getId().slice(0, 12)}`);
  return {
    adminUrl: `postgres://postgres:${password}@${host}:${port}/postgres`,
    id: container.getId(),
    host,
    port,
    poolerPort: container.getMappedPort(6432),
    resettingPoolerPort: container.getMappedPort(6433),
    password,
    exec: (command) => container.exec(command),
    stop: () => container.stop().then(() => undefined),
  };
}

function fail(what: string, cause: unknown, hint: string): never {
  throw new Error(`${what} failed (${cause}); ${hint}`, { cause });
}
