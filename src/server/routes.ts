/** The routes under /documents: what each does with a request that has passed authentication and limits. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Deletion, Match } from 'ragwall';
import type { Caller, Core, Question } from './core.js';
import { newDocument } from './document-schemas.js';
import { readDocuments } from './documents.js';
import { filterName, filterSchema } from './filter-schema.js';
import { Problem, problemBody } from './problem.js';
import type { Env, Recorder } from './request-log.js';
import type { RouteDescriptions } from './schemas.js';
import { untilAborted } from './turns.js';

/** What a service does with its requests, whichever its routes are. */
export interface RouteServices {
  readonly core: Core;
  readonly record: Recorder;
  /** Returns the problem for an error, and sets it as the problem of the request in the log. */
  readonly fail: (c: Context<Env>, error: unknown) => Problem;
}

/** Returns whose request it is, once it has been let in. */
export const callerOf = (c: Context<Env>): Caller => ({ tenant: c.get('tenant'), signal: c.get('signal') });

const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

/** Adds the routes to the app, as `descriptions` has them. */
export function addRoutes(
  app: OpenAPIHono<Env>,
  descriptions: RouteDescriptions,
  { core, record, fail }: RouteServices,
): void {
  const { answerer, calls, turns } = core;

  async function search(c: Context<Env>, question: Question): Promise<Match[]> {
    const matches = await core.search(callerOf(c), question);
    c.set('documents', idsOf(matches));
    return matches;
  }

  const remove = (c: Context<Env>, deletion: Deletion) =>
    turns.take(c.get('tenant').tenantId, c.get('signal'), () => c.get('tenant').deleteDocuments(deletion));

  app.openAPIRegistry.register(newDocument, descriptions.document);
  app.openAPIRegistry.registerComponent('schemas', filterName, filterSchema as object);
  app.openapi(descriptions.upsert, async (c) => {
    const { documents: given, onError } = c.req.valid('json');
    const { documents, note, results } = readDocuments(given, descriptions.document, onError === 'skip');
    if (documents.length === 0) return c.json({ documents: results() }, 200);
    const tenant = c.get('tenant');
    const { embed, ...embedder } = core.embedderOf(callerOf(c));
    await turns.take(tenant.tenantId, c.get('signal'), (outside) =>
      tenant.upsertDocuments(documents, {
        embedder: { ...embedder, embed: (texts) => outside(() => embed(texts)) },
        batchSize: documents.length,
        onError,
        onBatch: note,
      }),
    );
    return c.json({ documents: results() }, 200);
  });

  app.openapi(descriptions.query, async (c) => {
    const matches = await search(c, c.req.valid('json'));
    return c.json({ matches: matches.map(({ tenantId: _, ...match }) => match) }, 200);
  });

  app.openapi(descriptions.answer, async (c) => {
    if (!answerer) throw new Problem('NO_ANSWERS');
    const { stream, ...question } = c.req.valid('json');
    const matches = await search(c, question);
    if (!stream) {
      const { citations, ...answer } = await core.answer(callerOf(c), question.query, matches);
      c.set('documents', idsOf(citations));
      return c.json({ ...answer, citations: [...citations] }, 200);
    }
    const signal = c.get('signal');
    const options = core.answering(callerOf(c));
    const pieces = calls.stream('chat', core.chatModel, answerer.stream(question.query, matches, options));
    const first = await untilAborted(signal, pieces.next()); // awaited before the response begins, so that a failure until here has its own status
    c.set('streams', true);
    return streamSSE(c, async (events) => {
      let status = 200;
      const send = (event: string, data: unknown) => events.writeSSE({ event, data: JSON.stringify(data) });
      try {
        let piece = first;
        for (; !piece.done; piece = await untilAborted(signal, pieces.next())) {
          await send('delta', { text: piece.value });
        }
        c.set('documents', idsOf(piece.value.citations));
        await send('done', piece.value);
      } catch (error) {
        const problem = fail(c, error);
        status = problem.status;
        await send('problem', problemBody(problem, c.get('requestId')));
      } finally {
        pieces.return(undefined as never).catch(() => {}); // not awaited: it may wait for the model
        record(c, status);
      }
    }) as never;
  });

  app.openapi(descriptions.remove, async (c) => {
    const { source } = c.req.valid('param');
    const { from_position: fromPosition = 0 } = c.req.valid('query');
    return c.json({ deleted: await remove(c, { source, fromPosition }) }, 200);
  });

  app.openapi(descriptions.removeMany, async (c) =>
    c.json({ deleted: await remove(c, c.req.valid('json') as Deletion) }, 200),
  );
}
