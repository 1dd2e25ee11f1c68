/** `ragwall mcp`: runs the MCP server on Node, over HTTP or standard input and output. */
import type { Ragwall } from 'ragwall';
import { createMcpServer } from './mcp.js';
import { serveOverStdio } from './mcp-stdio.js';
import { type Command, type Log, serveHttp, withService } from './serve-command.js';
import { optionsHelp, readOptions, tokensHelp } from './serve-options.js';
import { type Environment, listOf, required, verifierOf } from './verifier-env.js';

const pool = 5; // db/agents.sql lets agent_caller have ten, of which the start-up guard takes three

const help = `ragwall mcp   search, fetch and answer as tools of the Model Context Protocol, read only, for the tenant that a
              verified JSON Web Token names

The environment configures it:

  DATABASE_URL            the login of the agents, agent_caller, which may search and nothing else
  RAGWALL_SIGNING_KEY     what ragwall.add_signing_key() returned
  RAGWALL_MCP_URL         the address by which clients reach it, as https://knowledge.example.com/mcp; it is served at
                          this path, and is the audience unless RAGWALL_JWT_AUDIENCE is set
  RAGWALL_MCP_AUTHORIZATION_SERVERS
                          the issuers at which clients get tokens, separated by commas (default: RAGWALL_JWT_ISSUER)
  RAGWALL_MCP_TOKEN       with --stdio: the token of the one tenant; RAGWALL_MCP_URL is not needed then

${tokensHelp}

  OPENAI_API_KEY, OPENAI_BASE_URL
  RAGWALL_EMBEDDING_MODEL the model that embeds (default: text-embedding-3-small)
  RAGWALL_CHAT_MODEL      the model that answers (default: none, and there is no tool answer)
  RAGWALL_COMPANY         the company for which the assistant speaks

  --stdio                    serve one client over standard input and output, and log to standard error
  --keep-addresses           show the addresses that stand in documents (default: each is replaced)
  --trusting                 start although app_user or app_reader may name any tenant here
${optionsHelp(pool)}
  --lexical                  embed by spelling instead of meaning, without a model: to try it out
  --semantic                 embed English by a small model in this process, without a network, in 512 dimensions
  --help

It refuses to start if its login may do more than search and read a document of the bound tenant, or if the database is
not in signed mode. After SIGTERM, SIGINT or SIGHUP it answers the requests that it has received, and ends.`;

const flags = ['--stdio', '--keep-addresses', '--trusting'];

/** Returns the address of the server. @throws Error that names the variable. */
function urlOf(env: Environment): URL {
  const text = required(env, 'RAGWALL_MCP_URL', 'the address by which clients reach this server');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const schemes = local ? ['https:', 'http:'] : ['https:'];
  if (!url || !schemes.includes(url.protocol) || !/^[\w./~-]+$/.test(url.pathname) || /[?#@]/.test(text)) {
    throw new Error('RAGWALL_MCP_URL is expected to be https://host/path, or http:// on this machine, without ? and #');
  }
  return url;
}

/** Returns the issuers at which clients get tokens. @throws Error that names the variable. */
function issuersOf(env: Environment): string[] {
  const named = env.RAGWALL_MCP_AUTHORIZATION_SERVERS || required(env, 'RAGWALL_JWT_ISSUER', 'the iss of every token');
  const issuers = listOf(named);
  if (!issuers.every((issuer) => URL.canParse(issuer) && /^https?:\/\/[^{}]+$/.test(issuer))) {
    throw new Error('RAGWALL_MCP_AUTHORIZATION_SERVERS is expected: URLs of issuers, separated by commas');
  }
  return issuers;
}

/** Rejects unless the login may bind a tenant by token alone, search, read one document, and do nothing else. */
async function assertAgent(ragwall: Ragwall, trusting: boolean, log: Log): Promise<void> {
  const [may] = await ragwall.forTenant('ragwall-start-up-check').transaction(
    ({ sql }) => sql<{ search: boolean; more: string[]; trusting: boolean | null }[]>`
      select
        pg_catalog.has_function_privilege('ragwall.agent_document(pg_catalog.uuid)', 'execute') as search,
        array(
          select f.what
          from (values
            ('call ragwall.set_tenant()', pg_catalog.has_function_privilege('ragwall.set_tenant(text)', 'execute')),
            ('call ragwall.upsert_documents()', pg_catalog.has_function_privilege('ragwall.upsert_documents(jsonb)', 'execute')),
            ('call ragwall.delete_documents()', pg_catalog.has_function_privilege('ragwall.delete_documents(uuid[])', 'execute')),
            ('read ragwall.documents', pg_catalog.has_any_column_privilege('ragwall.documents', 'select')),
            ('write ragwall.documents', pg_catalog.has_any_column_privilege('ragwall.documents', 'insert, update')
              or pg_catalog.has_table_privilege('ragwall.documents', 'delete, truncate'))
          ) as f (what, allowed)
          where f.allowed
        ) as more,
        (
          select pg_catalog.bool_or(pg_catalog.has_function_privilege(r.role, 'ragwall.set_tenant(text)', 'execute'))
          from (values (pg_catalog.to_regrole('app_user')), (pg_catalog.to_regrole('app_reader'))) as r (role)
        ) as trusting`,
  );
  if (!may?.search || may.more.length > 0) {
    throw new Error(
      `DATABASE_URL is expected to be a login of agent_caller; this one may ${may?.more.join(', ') || 'not search'}`,
    );
  }
  if (may.trusting && !trusting) {
    throw new Error(
      'the database is expected to be in signed mode, as app_user or app_reader may name any tenant: see docs/signed-mode.md, or --trusting',
    );
  }
  if (may.trusting === null) {
    log({
      level: 'info',
      event: 'undetermined',
      check: 'signed mode',
      reason: 'there is no role app_user and no app_reader',
    });
  }
}

/**
 * Runs the server until a signal, or with `--stdio` until standard input ends, and returns the exit code.
 *
 * @param args the arguments after `ragwall mcp`.
 * @param env the variables that `ragwall mcp --help` lists.
 * @throws Error that says which variable or argument is not as expected, or what the login may do besides; RagwallError
 *   `NOT_ISOLATED`, `INVALID_OPTION`.
 */
export async function mcpCommand(args: string[], env: Environment = process.env): Promise<number> {
  const [stdio, keepAddresses, trusting] = flags.map((flag) => args.includes(flag)) as [boolean, boolean, boolean];
  const options = readOptions(
    args.filter((arg) => !flags.includes(arg)),
    { pool },
  );
  if (!options) {
    console.log(help);
    return 0;
  }
  const login = 'the login of the agents, agent_caller';
  required(env, 'DATABASE_URL', login);
  required(env, 'RAGWALL_SIGNING_KEY', 'what ragwall.add_signing_key() returned');
  const url = stdio && !env.RAGWALL_MCP_URL ? undefined : urlOf(env);
  const audience = env.RAGWALL_JWT_AUDIENCE || url?.href;
  // Standard output is the client's with --stdio.
  const log: Log = (entry) => (stdio ? console.error : console.log)(JSON.stringify(entry));
  const command: Command = {
    ...{ env, options, login, log },
    verify: verifierOf({ ...env, RAGWALL_JWT_AUDIENCE: audience }),
    check: (ragwall) => assertAgent(ragwall, trusting, log),
  };
  if (stdio) {
    const token = required(env, 'RAGWALL_MCP_TOKEN', 'the token of the tenant');
    await withService(command, ({ given, ended }) =>
      serveOverStdio({ ...given, log }, token, { keepAddresses }, ended),
    );
    return 0;
  }
  const authorizationServers = issuersOf(env);
  const scope = env.RAGWALL_JWT_SCOPE;
  await withService(command, (running) => {
    const more = { url: url as URL, authorizationServers, keepAddresses, ...(scope && { scope }) };
    return serveHttp(command, running, createMcpServer(running.given, more));
  });
  return 0;
}
