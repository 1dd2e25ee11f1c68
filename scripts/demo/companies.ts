/** Two invented companies with overlapping topics and file names: their documents and questions. */
import { readFile } from 'node:fs/promises';

/** The documents of a company: the sections of its file. */
async function documentsOf(tenant: string) {
  const text = await readFile(new URL(`${tenant}.md`, import.meta.url), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [source = '', ...lines] = section.split('\n');
      const department = source.split('/')[0] ?? '';
      return { source, content: lines.join(' ').trim(), metadata: { department } };
    });
}

export const companies = [
  {
    tenant: 'acme',
    name: 'Acme Robotics',
    documents: await documentsOf('acme'),
    /** Each with the source of the document that answers it. */
    questions: [
      ['What are the Q3 targets for revenue and gross margin?', 'finance/q3-targets.md'],
      ['What is the secret launch date?', 'product/launch-plan.md'],
      ['What was the root cause of the gripper failure?', 'engineering/incident-gripper.md'],
      ['What penalty does Velmora pay for late deliveries of castings?', 'legal/castings-contract.md'],
      ['What volume discount do we give from twenty arms?', 'sales/price-list.md'],
    ],
    /** One in other words than those of the document that answers it. */
    inOtherWords: ['May I fly business class on a work trip?', 'hr/travel-policy.md'],
  },
  {
    tenant: 'globex',
    name: 'Globex Foods',
    documents: await documentsOf('globex'),
    questions: [
      ['What are the Q3 targets for revenue and gross margin?', 'finance/q3-targets.md'],
      ['How much may hotel rooms cost, and what is the daily meal allowance?', 'hr/travel-policy.md'],
      [
        'How did the temperature in the cold store rise during the compressor outage?',
        'operations/incident-cold-store.md',
      ],
      ['How soon are affected customers phoned after a product recall?', 'quality/recall-procedure.md'],
      ['How is the milk price in the dairy contract recalculated?', 'legal/dairy-contract.md'],
    ],
    inOtherWords: ['Why did the food get too warm?', 'operations/incident-cold-store.md'],
  },
] as const;
