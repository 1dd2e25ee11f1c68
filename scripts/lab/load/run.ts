/** Puts requests of many tenants to a service at once, and looks at every row of every answer. */
import autocannon from 'autocannon';
import { isOf, questions, type Service, tenants } from './services.js';

export interface Load {
  readonly connections: number;
  readonly requests: number;
}

export interface Outcome extends Load {
  readonly service: string;
  /** Requests that were answered with rows, and those that were not answered, or by an error. */
  readonly answered: number;
  readonly failed: number;
  /** Rows of another tenant than the one that asked. */
  readonly foreign: number;
  /** Answers with fewer rows than asked for, all of which the tenant has. */
  readonly short: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const k = 5;

/** Makes requests, each connection for one tenant after the other. */
export async function run(service: Service, { connections, requests }: Load): Promise<Outcome> {
  const headers = new Map(
    await Promise.all(
      tenants.map(async (tenant) => [tenant, await service.headersOf(tenant)] as const),
    ),
  );
  let asked = 0;
  let [answered, foreign, short] = [0, 0, 0];
  const result = await autocannon({
    url: service.url,
    connections,
    amount: requests,
    timeout: 60,
    requests: [
      {
        method: 'POST',
        path: '/documents/query',
        setupRequest(request, context) {
          const n = asked++;
          const tenant = tenants[n % tenants.length] as string;
          Object.assign(context, { tenant });
          const body = JSON.stringify({ query: questions[n % questions.length], k });
          return {
            ...request,
            body,
            headers: { 'content-type': 'application/json', ...headers.get(tenant) },
          };
        },
        onResponse(status, body, context) {
          if (status !== 200) return;
          const { tenant } = context as { tenant: string };
          const { matches } = JSON.parse(body) as { matches: { content: string }[] };
          answered += 1;
          foreign += matches.filter(({ content }) => !isOf(tenant, content)).length;
          if (matches.length < k) short += 1;
        },
      },
    ],
  });
  return {
    service: service.name,
    connections,
    requests,
    answered,
    failed: requests - answered,
    foreign,
    short,
    perSecond: answered / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}
