/** The description is a valid OpenAPI document, its examples are what it describes, and a path knows its methods. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Ragwall } from 'ragwall';
import { beforeAll, describe, expect, it } from 'vitest';
import { createServer, type Server } from './app.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly tags: string[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly content: Record<string, Media> }>;
}
interface Description {
  readonly servers: unknown[];
  readonly tags: { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

let server: Server;
let description: Description;
let operations: Operation[];
beforeAll(async () => {
  const refuses = () => Promise.reject(new Error('not to be used'));
  server = createServer({
    ragwall: {
      max: 1,
      forTenant: (tenantId: string) => ({ tenantId }),
      assertIsolation: refuses,
    } as unknown as Ragwall,
    ...{ verify: async () => 'acme', embedder: { model: 'x', embed: refuses }, rateLimiter: false, log: () => {} },
  });
  description = await (await server.fetch(new Request('http://localhost/openapi.json'))).json();
  operations = Object.values(description.paths).flatMap((methods) => Object.values(methods));
});

it('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(description) as never)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  const { paths: _, ...without } = description; // control
  expect(await new Validator().validate({ ...without, paths: { documents: {} } } as never)).toMatchObject({
    valid: false,
  });
});

it('has a server, and for each operation a name of its own and a tag that is described', () => {
  expect(description.servers).toHaveLength(1);
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
  const tags = description.tags.map(({ name }) => name);
  for (const operation of operations) {
    expect(operation.tags).toHaveLength(1);
    expect(tags).toEqual(expect.arrayContaining(operation.tags));
  }
});

it('describes every status that a route can have, and each with an example that fits', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'description', components: description.components });
  const compile = (schema: object): ValidateFunction =>
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"description#/')));
  for (const { operationId, requestBody, responses } of operations) {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '401', '429', '500', '503', '504']));
    if (requestBody) expect(Object.keys(responses)).toEqual(expect.arrayContaining(['413', '415']));
    expect(Object.keys(responses).includes('502')).toBe(!/^delete/.test(operationId));
    const media = [requestBody, ...Object.values(responses)].flatMap((one) => Object.entries(one?.content ?? {}));
    for (const [type, { schema, example }] of media) {
      const fits = compile(schema);
      expect(fits(example), `${operationId} ${type} ${JSON.stringify(example)}: ${ajv.errorsText(fits.errors)}`).toBe(
        true,
      );
      if (type === 'application/json') expect(fits({}), `control: ${operationId} describes nothing`).toBe(false);
    }
    for (const [status, { content }] of Object.entries(responses)) {
      const problem = content['application/problem+json']?.example as { status?: number } | undefined;
      if (status !== '200') expect(problem?.status).toBe(Number(status));
    }
  }
});

it('describes filters as the database takes them', () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'description', components: description.components });
  const fits = ajv.compile({ $ref: 'description#/components/schemas/Filter' });
  for (const filter of [
    {},
    { year: 2026, draft: null, '': 1 },
    { tags: ['plan', { a: { $gt: 1 } }] },
    { owner: { team: { size: { $between: [1, 2] } } } },
    { year: { $gte: 2025, $lt: 2026 }, $or: [{ a: { $in: [1, 'x', null] } }, { $not: { b: { $exists: false } } }] },
  ]) {
    expect(fits(filter), JSON.stringify(filter)).toBe(true);
  }
  for (const filter of [
    [],
    { $nor: [] },
    { $gt: 1 },
    { $and: [] },
    { $not: [] },
    { year: { $foo: 1 } },
    { year: { $gt: 1, month: 1 } },
    { year: { $gt: true } },
    { year: { $between: [1, 'x'] } },
    { year: { $in: 1 } },
    { owner: { team: { $like: 'x' } } },
    { $or: [{ year: { $foo: 1 } }] },
    { tags: [[1]] },
  ]) {
    expect(fits(filter), JSON.stringify(filter)).toBe(false);
  }
});

describe('a path that has not the method', () => {
  it.each([
    ['PUT', '/documents/query', 'DELETE, POST'],
    ['GET', '/documents/plan.md', 'DELETE'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is 405, and says which it has', async (method, path, allowed) => {
    const response = await server.fetch(
      new Request(`http://localhost${path}`, { method, headers: { authorization: 'Bearer x' } }),
    );
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });

  it('is 404 where there is no such path', async () => {
    for (const path of ['/nowhere', '/documents/a/b', '/healthz/x']) {
      const headers = { authorization: 'Bearer x' };
      expect((await server.fetch(new Request(`http://localhost${path}`, { headers }))).status).toBe(404);
    }
  });
});
