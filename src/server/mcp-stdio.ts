/** The MCP server over standard input and output: for one tenant, whose token is in the environment. */
import { once } from 'node:events';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { ServerOptions } from './app.js';
import { authenticate } from './authenticate.js';
import { createCore } from './core.js';
import type { Showing } from './mcp-passages.js';
import { type Admit, createTools } from './mcp-tools.js';
import { asProblem } from './problem.js';
import { limitRate } from './rate-limit.js';
import { type LogEntry, nameOf } from './request-log.js';

/** Serves until standard input ends, or `ended` resolves. The token is verified again at each call: it may have expired. */
export async function serveOverStdio(
  options: ServerOptions & { readonly log: (entry: LogEntry) => void },
  token: string,
  showing: Showing,
  ended: Promise<unknown>,
): Promise<void> {
  const { ragwall, verify, rateLimiter, log } = options;
  const core = createCore(options);
  const serverFor = createTools(core, showing);
  const headers = new Headers({ authorization: `Bearer ${token}` });
  const authenticated = () => authenticate(headers, verify, ragwall.forTenant);

  const admit: Admit = async (tool, act) => {
    const began = performance.now();
    const entry: { tenant?: string; documents?: readonly string[]; problem?: string; cause?: string } = {};
    let status = 200;
    try {
      core.health.assertServing();
      const signal = AbortSignal.timeout(core.limits.seconds * 1_000);
      const tenant = await authenticated();
      entry.tenant = tenant.tenantId;
      const share = core.budget.take(tenant.tenantId, 0);
      try {
        if (rateLimiter) await limitRate(rateLimiter, tenant.tenantId);
        const result = await act({ tenant, signal });
        entry.documents = result.documents;
        return result;
      } finally {
        share.release();
      }
    } catch (error) {
      core.health.notice(error);
      const problem = asProblem(error);
      status = problem.status;
      entry.problem = problem.code;
      const cause = nameOf(problem.more.cause);
      if (cause !== undefined) entry.cause = cause;
      throw problem;
    } finally {
      log({
        time: new Date().toISOString(),
        level: status >= 500 ? 'error' : 'info',
        requestId: crypto.randomUUID(),
        ...{ method: 'tools/call', route: 'stdio', status, tool },
        milliseconds: Math.round(performance.now() - began),
        ...entry,
      });
    }
  };

  await authenticated(); // a token that is refused is told at the start
  const handle = serveStdio(() => serverFor(admit), { maxSubscriptions: 0 });
  await Promise.race([once(process.stdin, 'close'), once(process.stdin, 'end'), ended]);
  await handle.close();
}
