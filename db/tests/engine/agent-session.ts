/** How a test runs as `agent_caller`, who may search and read a document, and nothing else. */
import { randomBytes } from 'node:crypto';
import { connect, type Ragwall, tokenSigner } from '../../../src/index.js';
import type { Engine } from './engine.js';
import { type Session, tenantsOn } from './session.js';

export interface AgentSession {
  /** Connections whose login is a member of `agent_caller`, with a signer of this database. */
  readonly ragwall: Ragwall;
  /** The signing key, and the URL of the login where the engine has logins, for a process of its own. */
  readonly key: string;
  readonly url: string | undefined;
  /** Runs `fn` as a superuser. */
  admin: Session['admin'];
  /** Drops the login and retires the key. */
  end(): Promise<void>;
}

/** Opens connections for agents; on the embedded engine it is the one connection of `session`, until `end`. */
export async function openAgents(engine: Engine, session: Session): Promise<AgentSession> {
  const name = `agents_${randomBytes(4).toString('hex')}`;
  const key = await session.admin(async (sql) => {
    const [row] = await sql`select ragwall.add_signing_key(${name}) as key`;
    return row?.key as string;
  });
  const retire = () => session.admin((sql) => sql`select ragwall.retire_signing_key(${name})`);
  const signer = tokenSigner(key);
  if (!engine.appUrl) {
    const become = (role: string) => session.app.unsafe(`set session authorization ${role}`);
    await become('agent_caller');
    return {
      ragwall: tenantsOn(session.app, signer),
      ...{ key, url: undefined },
      async admin(fn) {
        try {
          return await session.admin(fn);
        } finally {
          await become('agent_caller');
        }
      },
      async end() {
        await become('app_user');
        await retire();
      },
    };
  }
  const password = randomBytes(12).toString('hex');
  await session.admin(async (sql) => {
    await sql.unsafe(`create role ${name} login password '${password}'`);
    await sql`select ragwall.grant_login(${name}, 'agent_caller')`;
  });
  const url = new URL(engine.appUrl);
  Object.assign(url, { username: name, password });
  const ragwall = connect(url.href, { signer, max: 4 });
  return {
    ...{ ragwall, key, url: url.href, admin: session.admin },
    async end() {
      await ragwall.close();
      await retire();
      await session.admin(async (sql) => {
        await sql.unsafe(`drop owned by ${name}`);
        await sql.unsafe(`drop role ${name}`);
      });
    },
  };
}
