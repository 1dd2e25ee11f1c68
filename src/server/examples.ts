/** Examples of requests and responses, as the description of the routes shows them. */
const id = '0f8b5a5e-2d0c-4b7e-9a51-6c1f7d3e2b10';
const document = { source: 'plan.md', position: 0, content: 'The secret launch date is March 15, 2025.' };
const query = 'When is the secret launch date?';
const answer = {
  answer: 'The secret launch date is March 15, 2025. [1]',
  citations: [{ number: 1, id, source: 'plan.md', position: 0 }],
  complete: true,
};

/** By operation: `request` is a body, `response` what is returned with 200. */
export const examples = {
  upsertDocuments: {
    request: { documents: [{ ...document, metadata: { department: 'product' } }] },
    response: { documents: [{ index: 0, id, source: 'plan.md', position: 0, status: 'inserted' }] },
  },
  queryDocuments: {
    request: { query, k: 5, filter: { department: 'product' } },
    response: { matches: [{ id, ...document, metadata: { department: 'product' }, similarity: 0.77 }] },
  },
  answerQuestion: {
    request: { query, k: 5, stream: false },
    response: answer,
    stream: `event: delta\ndata: ${JSON.stringify({ text: answer.answer })}\n\nevent: done\ndata: ${JSON.stringify(answer)}\n\n`,
  },
  deleteDocuments: { request: { filter: { department: 'product' } }, response: { deleted: 1 } },
  deleteSource: { source: 'plan.md', response: { deleted: 1 } },
} as const;

/** Returns the problem that a status is answered with. */
export const problemExample = (status: number, title: string, code: string) => ({
  ...{ type: 'about:blank', title, status, code },
  requestId: '7c1f0c3e-8a55-4a35-8d9e-0a4c1c6f6f21',
});
