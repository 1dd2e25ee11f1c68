/** What the documents say runs, and where they lead to is there. */
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { grantLogin } from '../db/tests/engine/engine.js';
import { bootstrapSql, migrationsSql, root } from '../db/tests/engine/migrations.js';
import { needs } from '../db/tests/engine/session.js';
import { blocksOf, type Ground, isOutput, runBlock } from './docs/blocks.js';

const engine = inject('engine');
const run = promisify(execFile);
const here = fileURLToPath(root);
const inDocs = (await readdir(join(here, 'docs'), { recursive: true })).map((name) => `docs/${name}`);
const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...inDocs]
  .filter((name) => name.endsWith('.md'))
  .sort();
const texts = new Map(
  await Promise.all(pages.map(async (page) => [page, await readFile(join(here, page), 'utf8')] as const)),
);
const textOf = (page: string) => texts.get(page) ?? '';

/** How many blocks are not run: each says why in a comment. */
const exceptions = 6;

describe('pages', () => {
  it.each(pages)('%s is no longer than a page of its kind', (page) => {
    const most = page.startsWith('docs/decisions/') ? 40 : page.startsWith('docs/') ? 150 : 200;
    if (textOf(page).startsWith('<!-- Generated')) return;
    const written = textOf(page).replace(/^<!-- figures: (\S+) -->[\s\S]*?^<!-- \/figures: \1 -->$/gm, ''); // the rest is measured
    expect(written.split('\n').length - 1).toBeLessThanOrEqual(most);
  });

  it('the README keeps its two commands', () => {
    expect(textOf('README.md')).toContain('\n    npm install && npm run demo\n    npm install && npm test\n');
  });
});

/** Headings as GitHub makes anchors of them, and anchors that are written out. */
function anchorsOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id)];
}

describe('links', () => {
  let packed: string[];
  beforeAll(async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: here,
    });
    packed = JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path);
  });

  it.each(pages)('%s leads to files and headings that are there, in the package too', async (page) => {
    const dead: string[] = [];
    const prose = textOf(page)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .replace(/`[^`]*`/g, '``');
    for (const [, link = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path ? normalize(join(dirname(page), path)).replace(/\/$/, '') : page;
      const isThere = await access(join(here, target)).then(
        () => true,
        () => false,
      );
      const isShipped = packed.some((file) => file === target || file.startsWith(`${target}/`));
      const isPageShipped = packed.includes(page);
      if (!isThere) dead.push(`${link}: there is no such file`);
      else if (isPageShipped && !isShipped) dead.push(`${link}: not in the package`);
      else if (anchor !== undefined) {
        const text = await readFile(join(here, target), 'utf8');
        if (!anchorsOf(text).includes(anchor)) dead.push(`${link}: no such heading`);
      }
    }
    expect(dead).toEqual([]);
  });

  it.each(pages)('%s names files that are there', async (page) => {
    const named = textOf(page).match(/(?<=`)(?:db|docs|scripts|src)\/[\w./-]+\.(?:ini|md|sql|ts)(?=`)/g) ?? [];
    const missing = await Promise.all(
      named.map((file) =>
        access(join(here, file)).then(
          () => [],
          () => [file],
        ),
      ),
    );
    expect(missing.flat()).toEqual([]);
  });
});

describe('blocks of code', () => {
  const admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  const databases = new Set<string>();
  let folder: string;

  // A project that has installed the package.
  beforeAll(async () => {
    if (engine.kind === 'embedded') return;
    await run('npm', ['run', 'build'], { cwd: here });
    folder = await mkdtemp(join(tmpdir(), 'ragwall-docs-'));
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}');
    await chmod(join(here, 'dist/cli.js'), 0o755); // as npm does where it installs
    const installed = await readdir(join(here, 'node_modules'));
    await Promise.all([
      ...installed
        .filter((name) => name !== '.bin' && name !== 'ragwall')
        .map((name) => symlink(join(here, 'node_modules', name), join(modules, name))),
      symlink(here, join(modules, 'ragwall')),
      symlink(join(here, 'db'), join(folder, 'db')),
      symlink(join(here, '.gmrc'), join(folder, '.gmrc')),
      mkdir(join(modules, '.bin')),
    ]);
    await Promise.all([
      symlink(join(here, 'dist/cli.js'), join(modules, '.bin/ragwall')),
      symlink(join(here, 'node_modules/.bin/graphile-migrate'), join(modules, '.bin/graphile-migrate')),
    ]);
  });
  afterAll(async () => {
    for (const name of [...databases, 'docs_restored']) {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
    }
    if (engine.kind === 'docker') {
      await admin.unsafe('drop role if exists api');
      // The page that uninstalls has taken CONNECT from these roles, in every database.
      for (const role of ['app_user', 'app_reader', 'agent_reader', 'agent_caller']) {
        await grantLogin(engine.adminUrl, role, role);
      }
    }
    await admin.end();
    if (folder) await rm(folder, { recursive: true });
  });

  /** Returns the address of a database, for a login of the engine or another user. */
  function address(base: string | undefined, name: string, user?: string): string {
    const url = new URL(base ?? 'postgres://none');
    url.pathname = `/${name}`;
    if (user) url.username = user;
    return url.href;
  }

  /** Makes a database from another, and runs SQL there. */
  async function create(name: string, template: string, ...statements: string[]): Promise<void> {
    databases.add(name);
    await admin.unsafe(`create database ${name} template ${template}`);
    const sql = postgres(address(engine.adminUrl, name), { max: 1, onnotice: () => {} });
    for (const statement of statements) await sql.unsafe(statement);
    await sql.end();
  }

  /** Makes an empty database with the migrations, unless it is there, and returns its addresses. */
  async function groundOf(page: string, dimensions: string): Promise<Ground> {
    const template = `docs_${dimensions}_dimensions`;
    const name = `docs_${page.replace(/\W/g, '_').toLowerCase()}_${dimensions}`;
    const bootstrap = await bootstrapSql();
    if (!databases.has(template)) {
      const migrations = await migrationsSql({ dimensions: Number(dimensions) });
      await create(template, 'template1', bootstrap, ...migrations);
    }
    if (!databases.has(name)) {
      await create(name, template, bootstrap);
      const url = address(engine.adminUrl, name);
      await grantLogin(url, new URL(engine.appUrl ?? '').username, 'app_user');
      await grantLogin(url, 'agent_caller', 'agent_caller');
    }
    return {
      folder,
      containerId: engine.containerId,
      urls: {
        ADMIN_URL: address(engine.adminUrl, name),
        DATABASE_URL: address(engine.appUrl, name),
        AGENT_URL: address(engine.appUrl, name, 'agent_caller'),
      },
    };
  }

  const blocks = new Map(pages.map((page) => [page, blocksOf(page, textOf(page))]));

  it(`all are run but ${exceptions}`, () => {
    const left = [...blocks.values()].flat().filter(({ comments }) => comments['not run'] !== undefined);
    expect(left.map(({ place }) => place)).toHaveLength(exceptions);
    expect(left.filter(({ comments }) => !comments['not run'])).toEqual([]);
  });

  it('what another test runs is read by that test', async () => {
    for (const { comments, place } of [...blocks.values()].flat()) {
      if (!comments['run by']) continue;
      const test = await readFile(join(here, comments['run by']), 'utf8');
      expect(test).toContain(place.replace(/:\d+$/, ''));
    }
  });

  it.for(pages.filter((page) => blocks.get(page)?.length))(
    'those of %s do what it says',
    { timeout: 120_000 },
    async (page, context) => {
      const why = /^<!-- needs docker: (.*) -->$/m.exec(textOf(page))?.[1];
      needs(context, engine, why ? ['docker'] : ['docker', 'url'], why ?? 'logins');
      for (const block of blocks.get(page) ?? []) {
        const { comments, output, place } = block;
        if (comments['not run'] !== undefined || comments['run by']) continue;
        const ground = await groundOf(page, comments.dimensions ?? '1536');
        const result = await runBlock(block, ground).then(
          (printed) => ({ printed }),
          (error: Error) => ({ failure: error.message }),
        );
        if (comments.fails) {
          expect(result, place).toEqual({ failure: expect.stringContaining(comments.fails) });
        } else {
          expect(result, place).toEqual({ printed: expect.any(String) });
        }
        if (output !== undefined) {
          const printed = Object.values(result)[0] ?? '';
          if (!isOutput(output, printed)) expect(printed, place).toBe(output);
        }
      }
    },
  );
});
