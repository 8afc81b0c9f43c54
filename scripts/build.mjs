// `npm run build`: dist/ from src/. Does only what changed since the last run, and says what it does. Two runs at once
// take turns; a run that fails leaves the stamp of the last good one untouched, so that the next tries again. It reads the
// sources and does not judge their types: that is `npm run types`, which lasts a hundred times as long.

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants as zlib, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp.json');
const lockFile = join(dist, '.lock');
const browserFolders = ['web/browser', 'sandbox/browser'];
/** The application for merchants and consultants: many files of one program, with names of their own making. */
const application = 'extranet';
/** Read by the compiled code beside itself. */
const staticTypes = new Set(['.css', '.html', '.svg', '.png', '.ico', '.wav', '.txt']);
const notCopied = ['telephony/freeswitch-conf'];

const startedAt = performance.now();
const say = (line) => console.log(`build: ${line}`);

class BuildFailed extends Error {}

/** esbuild's, once it is known to be installed. */
let build;

await main();

async function main() {
  try {
    ({ build } = await import('esbuild'));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    // An installation without development tools (the container image) comes with dist/ ready.
    if (existsSync(join(dist, 'main.js'))) return;
    return fail('the packages are not installed: run npm ci first.');
  }
  mkdirSync(dist, { recursive: true });
  let locked = false;
  try {
    await takeLock();
    locked = true;
    await buildWhatChanged();
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error;
    fail(error.message);
  } finally {
    if (locked) rmSync(lockFile, { force: true });
  }
}

function fail(sentence) {
  console.error(`build: ${sentence}`);
  process.exitCode = 1;
}

async function buildWhatChanged() {
  const sources = filesUnder(join(root, 'src'));
  const stamps = {
    server: stampOf(['tsconfig.json', 'package-lock.json', 'scripts/build.mjs', ...sources.filter(isServer)]),
    browser: stampOf([
      'tsconfig.browser.json',
      'package-lock.json',
      'scripts/build.mjs',
      ...sources.filter(isImportable),
    ]),
    static: stampOf(['scripts/build.mjs', ...sources.filter(isStatic)]),
    application: stampOf([
      'tsconfig.extranet.json',
      'package-lock.json',
      'scripts/build.mjs',
      ...sources.filter((path) => isOfApplication(path) || path.startsWith('src/core/')),
    ]),
  };
  const last = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
  const expected = expectedOutputs(sources);
  // What somebody removed from dist/ by hand is made again, whatever the stamp says.
  const missing = (outputs) => [...outputs].some((path) => !existsSync(join(dist, path)));
  const stale = (part, outputs) => last[part] !== stamps[part] || missing(outputs);
  const parts = [
    ['server', stale('server', expected.server), () => translate(sources)],
    ['browser scripts', stale('browser', expected.browser), () => bundle(sources)],
    ['extranet', stale('application', applicationOutputs()), () => bundleApplication(sources)],
    ['static files', stale('static', expected.static), () => copyStatic(sources)],
  ].filter(([, isStale]) => isStale);
  // What was begun is finished, so that one failure is told and not three.
  const results = await Promise.allSettled(parts.map(async ([, , make]) => make()));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  const done = parts.map(([name]) => name);
  removeStale(
    new Set([...expected.server, ...expected.browser, ...expected.static, ...applicationOutputs()]),
  );
  writeAtomically(stampFile, JSON.stringify(stamps));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(done.length === 0 ? `nothing changed (${seconds} s)` : `${done.join(', ')} built in ${seconds} s`);
}

// --- What is there ---------------------------------------------------------------------------------------------

/** Paths from the project's root, with `/`. */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split('\\')
        .join('/'),
    )
    .sort();
}

function isBrowserScript(path) {
  return path.endsWith('.ts') && browserFolders.some((folder) => path.startsWith(`src/${folder}/`));
}

function isOfApplication(path) {
  return path.startsWith(`src/${application}/`);
}

function isServer(path) {
  return path.endsWith('.ts') && !isBrowserScript(path) && !isOfApplication(path);
}

/** A browser script may use a file of core/, whose change changes it too. */
function isImportable(path) {
  return isBrowserScript(path) || path.startsWith('src/core/') || path.startsWith('src/web/texts');
}

function isStatic(path) {
  if (isOfApplication(path)) return false;
  return staticTypes.has(extname(path)) && !notCopied.some((folder) => path.startsWith(`src/${folder}/`));
}

/** Only files directly in the folder are scripts of a page; those below are what they share. */
function isEntry(path) {
  return browserFolders.some((folder) => dirname(path) === `src/${folder}`) && !path.endsWith('.d.ts');
}

/** By size and time of change: reading everything would cost what the stamp is to save. */
function stampOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Paths in dist/, by who makes them. */
function expectedOutputs(sources) {
  const inDist = (path) => path.slice('src/'.length);
  const script = (path) => inDist(path).replace(/\.ts$/, '.js');
  const entries = sources.filter(isEntry);
  const folders = new Set(entries.map((path) => dirname(inDist(path))));
  return {
    server: new Set(sources.filter((path) => isServer(path) && !path.endsWith('.d.ts')).map(script)),
    browser: new Set([...entries.map(script), ...[...folders].map((folder) => `${folder}/manifest.json`)]),
    static: new Set(sources.filter(isStatic).map(inDist)),
  };
}

/** Their names carry hashes: the list the last bundling wrote says what they are. Without it nothing is there. */
function applicationOutputs() {
  const list = join(dist, application, 'files.json');
  if (!existsSync(list)) return new Set([`${application}/files.json`]);
  const names = JSON.parse(readFileSync(list, 'utf8'));
  return new Set(
    [
      'files.json',
      ...names.flatMap((name) => [name, ...(isPacked(name) ? [`${name}.br`, `${name}.gz`] : [])]),
    ].map((name) => `${application}/${name}`),
  );
}

/** What grows smaller by packing; images are packed already. */
function isPacked(name) {
  return /\.(js|css|svg|webmanifest)$/.test(name);
}

// --- What is made ----------------------------------------------------------------------------------------------

/** File by file: what each imports stays where it is, so that every module finds what lies beside it. */
async function translate(sources) {
  say('translating the server');
  let result;
  try {
    result = await build({
      absWorkingDir: root,
      entryPoints: sources.filter((path) => isServer(path) && !path.endsWith('.d.ts')),
      outbase: join(root, 'src'),
      outdir: dist,
      // Only bundling asks the plugin about imports, whose answer is that nothing is taken in.
      bundle: true,
      plugins: [{ name: 'beside-each-other', setup: leaveImports }],
      platform: 'node',
      format: 'esm',
      target: 'node20',
      charset: 'utf8',
      sourcemap: true,
      sourcesContent: false,
      write: false,
      logLevel: 'error',
      tsconfig: join(root, 'tsconfig.json'),
    });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    throw new BuildFailed('the server cannot be translated; what is wrong stands above.');
  }
  for (const { path, contents } of result.outputFiles) writeAtomically(path, contents);
}

function leaveImports(esbuild) {
  esbuild.onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
    if (kind === 'entry-point') return undefined;
    if (!path.startsWith('.')) return { path, external: true };
    // A file that is not there is looked for in vain by esbuild itself, which then says so.
    if (!existsSync(join(resolveDir, path))) return undefined;
    return { path: path.replace(/\.ts$/, '.js'), external: true };
  });
}

async function bundle(sources) {
  for (const folder of browserFolders) {
    const entries = sources.filter((path) => isEntry(path) && dirname(path) === `src/${folder}`);
    if (entries.length === 0) continue;
    say(`bundling ${entries.length} browser ${entries.length === 1 ? 'script' : 'scripts'} of ${folder}`);
    const outdir = join(dist, folder);
    let result;
    try {
      result = await build({
        absWorkingDir: root,
        entryPoints: entries,
        outdir,
        bundle: true,
        minify: true,
        format: 'iife',
        target: 'es2020',
        charset: 'utf8',
        write: false,
        logLevel: 'error',
        tsconfig: join(root, 'tsconfig.browser.json'),
      });
    } catch {
      throw new BuildFailed('the browser scripts do not bundle; what is wrong stands above.');
    }
    // name -> start of the content's hash: pages link `name?v=hash` and let it be cached for ever.
    const manifest = {};
    for (const file of result.outputFiles) {
      const name = relative(outdir, file.path);
      manifest[name] = createHash('sha256').update(file.contents).digest('hex').slice(0, 10);
      writeAtomically(file.path, file.contents);
    }
    writeAtomically(join(outdir, 'manifest.json'), JSON.stringify(manifest, null, 2));
  }
}

/**
 * One program in pieces that are loaded when they are needed, under names that carry their hash, packed once here rather
 * than at every request. Its page names the first piece and its style sheet.
 */
async function bundleApplication(sources) {
  const own = sources.filter(isOfApplication);
  if (own.length === 0) return;
  say('bundling the extranet');
  const outdir = join(dist, application);
  const from = join(root, 'src', application);
  const shared = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    charset: 'utf8',
    write: false,
    logLevel: 'error',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    tsconfig: join(root, 'tsconfig.extranet.json'),
    legalComments: 'none',
  };
  let pieces, worker;
  try {
    pieces = await build({
      ...shared,
      entryPoints: { main: join(from, 'main.tsx') },
      outdir,
      format: 'esm',
      splitting: true,
      // Which browsers have all of this: those of the last three years or so.
      target: ['es2022'],
      entryNames: 'assets/[name]-[hash]',
      chunkNames: 'assets/[name]-[hash]',
      assetNames: 'assets/[name]-[hash]',
      metafile: true,
      plugins: [
        { name: 'sheets-as-text', setup: sheetsAsText },
        { name: 'pieces', setup: piecesOf(join(from, 'application.tsx')) },
      ],
    });
    const entry = Object.entries(pieces.metafile.outputs).find(([, { entryPoint }]) =>
      entryPoint?.endsWith('main.tsx'),
    );
    const inOutdir = (path) => relative(outdir, join(root, path)).split('\\').join('/');
    const first = { script: inOutdir(entry[0]), style: inOutdir(entry[1].cssBundle) };
    // What the first piece imports at once is asked for at once, not only when the first has been read.
    const imported = (path, found = new Set()) => {
      for (const one of pieces.metafile.outputs[path].imports) {
        if (one.kind !== 'import-statement' || found.has(one.path)) continue;
        found.add(one.path);
        imported(one.path, found);
      }
      return [...found];
    };
    const early = imported(entry[0]).map(inOutdir);
    const files = new Map(
      pieces.outputFiles.map(({ path, contents }) => [
        relative(outdir, path).split('\\').join('/'),
        contents,
      ]),
    );
    for (const path of own.filter((name) => /\.(png|svg|webmanifest)$/.test(name)))
      files.set(path.slice(`src/${application}/`.length), readFileSync(join(root, path)));
    const page = readFileSync(join(from, 'index.html'), 'utf8')
      .replace('{{script}}', first.script)
      .replace('{{style}}', first.style)
      .replace(
        '{{early}}',
        early.map((path) => `<link rel="modulepreload" href="/extranet/${path}">`).join('\n    '),
      );
    files.set('index.html', Buffer.from(page));
    // The worker keeps what a consultant's page is made of, so that his phone opens it in a tunnel too.
    const ofHisPage = Object.entries(pieces.metafile.outputs)
      .filter(([, { entryPoint }]) =>
        /\/extranet\/(me\/[^/]+|words-\w+|parts\/\w+-opened)\.tsx?$/.test(entryPoint ?? ''),
      )
      .flatMap(([path]) => [path, ...imported(path)])
      .map(inOutdir);
    const kept = [...new Set([first.script, first.style, ...early, ...ofHisPage])].map(
      (path) => `/extranet/${path}`,
    );
    worker = await build({
      ...shared,
      entryPoints: [join(from, 'service-worker.ts')],
      outdir,
      format: 'iife',
      target: ['es2022'],
      define: { ...shared.define, shellFiles: JSON.stringify(kept) },
    });
    files.set('service-worker.js', worker.outputFiles[0].contents);
    for (const [name, contents] of files) {
      if (isPacked(name)) {
        writeAtomically(
          join(outdir, `${name}.br`),
          brotliCompressSync(contents, { params: { [zlib.BROTLI_PARAM_QUALITY]: 11 } }),
        );
        writeAtomically(join(outdir, `${name}.gz`), gzipSync(contents, { level: 9 }));
      }
      writeAtomically(join(outdir, name), contents);
    }
    writeAtomically(join(outdir, 'files.json'), JSON.stringify([...files.keys()].sort(), null, 2));
    const size = [first.script, first.style, ...early].reduce(
      (sum, name) => sum + statSync(join(outdir, `${name}.br`)).size,
      0,
    );
    say(`the extranet's first load is ${Math.round(size / 1000)} kB packed`);
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    throw new BuildFailed('the extranet does not bundle; what is wrong stands above.');
  }
}

/**
 * How the program is cut. Two things it cannot be told otherwise:
 *
 * What a page is made of beside the first load must not be cut out of the first load. So each piece that is loaded later is
 * said to need the first one, which is there long before it: else everything that some pages share with it and others do not
 * is a file of its own, a dozen of them, packed a tenth worse.
 *
 * The components are taken from their own files. By the index that lists them all, a dialog or a menu that is loaded when it
 * is opened would be part of the first load with everything that places it.
 */
function piecesOf(first) {
  const components = join(root, 'node_modules', '@mantine', 'core', 'esm');
  const fileOf = new Map();
  for (const [, names, file] of readFileSync(join(components, 'index.mjs'), 'utf8').matchAll(
    /^import \{([^}]+)\} from "([^"]+)";$/gm,
  ))
    for (const name of names.split(',')) fileOf.set(name.trim(), join(components, file));
  const own = join(root, 'src', application);
  const loadedLater = new Set();
  const byFile = (names) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => {
        const file = fileOf.get(name.split(' as ')[0]);
        if (file === undefined) throw new BuildFailed(`@mantine/core lists no ${name}.`);
        return `import { ${name} } from ${JSON.stringify(file)};`;
      })
      .join(' ');
  return (esbuild) => {
    esbuild.onResolve({ filter: /^\.{1,2}\/.*\.tsx$/ }, ({ path, kind, resolveDir }) => {
      if (kind === 'dynamic-import') loadedLater.add(join(resolveDir, path));
      return undefined;
    });
    esbuild.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      if (!path.startsWith(own)) return undefined;
      const contents = readFileSync(path, 'utf8').replace(
        /^import \{([^}]*)\} from '@mantine\/core';$/gm,
        (_, names) => byFile(names),
      );
      const needs = loadedLater.has(path) ? `import ${JSON.stringify(first)}; ` : '';
      return { contents: needs + contents, loader: extname(path).slice(1) };
    });
  };
}

/**
 * `./editor.css?text`: a style sheet as text, whole and packed together. A piece that is loaded later brings its own so; as a style
 * sheet of the program it would be part of the first load, or of none.
 */
function sheetsAsText(esbuild) {
  esbuild.onResolve({ filter: /\.css\?text$/ }, ({ path, resolveDir }) => ({
    path: join(resolveDir, path.replace(/\?text$/, '')),
    namespace: 'sheet',
  }));
  esbuild.onLoad({ filter: /.*/, namespace: 'sheet' }, async ({ path }) => {
    const made = await build({
      absWorkingDir: root,
      entryPoints: [path],
      bundle: true,
      minify: true,
      charset: 'utf8',
      target: ['es2022'],
      write: false,
      logLevel: 'error',
    });
    return { contents: made.outputFiles[0].text, loader: 'text' };
  });
}

function copyStatic(sources) {
  for (const path of sources.filter(isStatic)) {
    const target = join(dist, path.slice('src/'.length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, path), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

/** What has no source any more would go on being loaded. */
function removeStale(expected) {
  for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = relative(dist, join(entry.parentPath ?? entry.path, entry.name))
      .split('\\')
      .join('/');
    if (
      path === '.stamp.json' ||
      path === '.lock' ||
      expected.has(path) ||
      expected.has(path.replace(/\.map$/, ''))
    )
      continue;
    rmSync(join(dist, path), { force: true });
  }
}

/** A process that reads meanwhile sees the old file or the new one. */
function writeAtomically(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.new`;
  writeFileSync(partial, content);
  renameSync(partial, path);
}

// --- One at a time ---------------------------------------------------------------------------------------------

async function takeLock() {
  let told = false;
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code === 'EACCES' || error.code === 'EROFS')
        throw new BuildFailed(`${dist} cannot be written.`);
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = lockHolder();
    if (holder !== undefined) {
      if (!told && holder > 0) {
        say(`another build runs (process ${holder}); waiting for it`);
        told = true;
      }
      await delay(50);
      continue;
    }
    // Left by a build that was killed. Two that find it may both replace it: whose pid stands there a moment later
    // has it, the other goes on waiting.
    writeFileSync(lockFile, String(process.pid));
    await delay(100);
    if (lockHolder() === process.pid) return;
  }
}

/** The pid of the build that runs, 0 while that is being written or just went, `undefined` when it was left behind. */
function lockHolder() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    // A pid is given again in time, and a build never lasts this long.
    if (Date.now() - statSync(lockFile).mtimeMs > 180_000) return undefined;
    return pid === 0 || isAlive(pid) ? pid : undefined;
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
