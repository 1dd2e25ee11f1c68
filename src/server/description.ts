/** The description of the routes by OpenAPI, and the methods that a path has. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './request-log.js';

/** Returns the methods that a path has, in alphabetical order, for the header `allow`; none if no route has the path. */
export function methodsAt(app: OpenAPIHono<Env>, path: string): string[] {
  const methods = app.routes
    .filter(({ method, path: pattern }) => method !== 'ALL' && !pattern.includes('*') && fits(pattern, path))
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...new Set(methods)].sort();
}

/** Whether a path has the segments of a pattern, as `/documents/:source`. */
function fits(pattern: string, path: string): boolean {
  const given = path.split('/');
  const expected = pattern.split('/');
  return given.length === expected.length && expected.every((part, i) => part.startsWith(':') || part === given[i]);
}

/** Adds `/openapi.json`, which describes the routes that the app has by then. */
export function addDescription(app: OpenAPIHono<Env>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  let description: object | undefined;
  app.get('/openapi.json', (c) => {
    description ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Ragwall',
        version: '1',
        description: 'Documents and answers of one tenant: the one that the token names.',
      },
      servers: [{ url: '/', description: 'Where this description was found.' }],
      tags: [
        { name: 'documents', description: 'What the tenant has stored.' },
        {
          name: 'answers',
          description: 'What a language model says from the tenant’s documents, and from nothing else.',
        },
      ],
    });
    return c.json(description);
  });
}
