/** The MCP server over HTTP: an OAuth 2.1 resource server that keeps no session, so each request stands for itself. */
import {
  createMcpHandler,
  getOAuthProtectedResourceMetadataUrl,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { type Server, type ServerOptions, serviceOf } from './app.js';
import { createTools } from './mcp-tools.js';
import { Problem } from './problem.js';
import { callerOf } from './routes.js';

/** What an MCP server has besides what every service has. */
export interface McpOptions {
  /** The address by which clients reach it, which is also the `aud` of their tokens. It is served at this path. */
  readonly url: URL;
  /** The issuers at which clients get tokens. */
  readonly authorizationServers: readonly string[];
  /** The scope that tokens must have, if any. */
  readonly scope?: string;
  /** Whether addresses that stand in passages are shown. */
  readonly keepAddresses: boolean;
}

/** Returns the service. Its routes are the path of `url`, and the metadata that lead a client to the issuer (RFC 9728). */
export function createMcpServer(
  options: ServerOptions,
  { url, authorizationServers, scope, ...showing }: McpOptions,
): Server {
  const described = getOAuthProtectedResourceMetadataUrl(url);
  const metadata = {
    resource: url.href,
    authorization_servers: authorizationServers,
    bearer_methods_supported: ['header'],
    ...(scope !== undefined && { scopes_supported: [scope] }),
    resource_name: 'Ragwall',
  };
  return serviceOf(options, {
    paths: url.pathname,
    challenge: `resource_metadata="${described}"`,
    // Browsers say of which site a request is. One of another site could reach a server that trusts its network.
    assertOrigin(origin) {
      if (origin !== url.origin) throw new Problem('FOREIGN_ORIGIN');
    },
    addTo(app, { core, fail }) {
      const serverFor = createTools(core, showing);
      for (const path of new Set(['/.well-known/oauth-protected-resource', new URL(described).pathname])) {
        app.get(path, (c) => c.json(metadata, 200, { 'access-control-allow-origin': '*' }));
      }
      app.post(url.pathname, async (c) => {
        const message: unknown = await c.req.json().catch((cause) => {
          throw new Problem('INVALID_REQUEST', 'The body is expected to be JSON.', { cause });
        });
        // A batch would have many calls counted as one request. The protocol has had none since 2025-06-18.
        if (Array.isArray(message)) throw new Problem('INVALID_REQUEST', 'One message is expected, not a batch.');
        if (Object(message).method === 'subscriptions/listen') {
          throw new Problem('INVALID_REQUEST', 'Nothing changes here to which a client could listen.');
        }
        const server = () =>
          serverFor(async (tool, act) => {
            c.set('tool', tool);
            try {
              const result = await act(callerOf(c));
              c.set('documents', result.documents);
              return result;
            } catch (error) {
              throw fail(c, error);
            }
          });
        const request = c.req.raw;
        if (!(await isLegacyRequest(request, message))) {
          const modern = createMcpHandler(server, { legacy: 'reject' });
          return modern.fetch(request, { parsedBody: message });
        }
        const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
        const legacy = server();
        await legacy.connect(transport);
        try {
          return await transport.handleRequest(request, { parsedBody: message });
        } finally {
          await legacy.close();
        }
      });
    },
  });
}
