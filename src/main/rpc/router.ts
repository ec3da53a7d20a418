import { implement } from '@orpc/server';
import { contract, localContract } from '../../shared/contract/index.ts';
import { requestTemplate } from '../../shared/tensor/requestTemplate.ts';
import type { App } from '../app.ts';
import { createAttachedShells } from '../owner/attachedShells.ts';
import { ensureImage } from '../docker/pullImage.ts';
import { signatureOf } from '../predict/predict.ts';
import { historyRoutes, rememberRoute } from './historyRoutes.ts';
import { playgroundRoutes } from './playgroundRoutes.ts';

const never = new AbortController().signal;

/** Contract -> services for a browser's window: it knows tickets and ids, never paths. */
export function windowRouter(app: App) {
  const os = implement(contract);
  const { hub, bakes, cases, imports, library, libraryRecord, predictions, servings, takeAway, tasks, engines, tree } = app;
  return {
    watch: os.watch.handler(({ signal }) => hub.watch({ signal: signal ?? never, isWindow: true })),
    imports: {
      inspect: os.imports.inspect.handler(async function* ({ input, signal }) {
        yield* imports.inspect(input.ticket, { signal: signal ?? never });
      }),
      openFolder: os.imports.openFolder.handler(async ({ input }) => ({ ticket: await imports.openFolder(input.ticket, input.path) })),
      unpack: os.imports.unpack.handler(async ({ input, signal }) => ({
        ticket: await imports.unpack(input.ticket, { signal: signal ?? never }),
      })),
      add: os.imports.add.handler(({ input: { ticket, ...options } }) => imports.add(ticket, options)),
      sample: os.imports.sample.handler(() => imports.sample()),
      discard: os.imports.discard.handler(({ input }) => imports.discard(input.ticket)),
    },
    folders: {
      list: os.folders.list.handler(({ input }) => tree.list(input.node)),
      ticket: os.folders.ticket.handler(async ({ input }) => ({ ticket: await imports.mintLinked(await tree.resolve(input.node)) })),
      pick: os.folders.pick.handler(async () => {
        const path = (await app.outside.pickFolder?.()) ?? null;
        return path === null ? null : { ticket: await imports.mintLinked(path) };
      }),
      reveal: os.folders.reveal.handler(({ input }) => app.outside.reveal?.(library.get(input.modelId).path)),
    },
    models: {
      rename: os.models.rename.handler(({ input }) => library.rename(input.id, input.name)),
      refresh: os.models.refresh.handler(({ input }) => library.refresh(input.id)),
      verify: os.models.verify.handler(({ input }) => library.verify(input.id)),
      forget: os.models.forget.handler(({ input }) => library.forget(input.id)),
      signature: os.models.signature.handler(({ input: { id, version, signature } }) => {
        const model = library.get(id);
        const chosen = model.mountAs === null && version !== null ? version : undefined;
        const tags = hub.state.servings.find(({ modelId }) => modelId === model.id)?.plan.tags ?? ['serve'];
        const info = signatureOf(model, tags, { signature, version: chosen });
        return { info, template: requestTemplate(signature, info) };
      }),
    },
    library: {
      search: os.library.search.handler(({ input }) => libraryRecord.search(input)),
      details: os.library.details.handler(({ input }) => libraryRecord.details(input)),
      edit: os.library.edit.handler(({ input }) => libraryRecord.edit(input)),
      accept: os.library.accept.handler(({ input }) => libraryRecord.accept(input)),
      compare: os.library.compare.handler(({ input }) => libraryRecord.compare(input)),
      exportComparison: os.library.exportComparison.handler(({ input }) => libraryRecord.exportComparison(input, input.format)),
      history: os.library.history.handler(({ input }) => libraryRecord.history(input)),
      exportMetadata: os.library.exportMetadata.handler(({ input }) => libraryRecord.exportMetadata(input.modelIds)),
      importMetadata: os.library.importMetadata.handler(({ input }) => libraryRecord.importMetadata(input.text)),
      removal: os.library.removal.handler(({ input }) => library.removal(input.modelId, input.version ?? null)),
      remove: os.library.remove.handler(({ input }) => library.remove(input.modelId, input.version ?? null, input.confirm)),
    },
    servings: {
      start: os.servings.start.handler(({ input }) => servings.start(input)),
      stop: os.servings.stop.handler(({ input }) => servings.stop(input.id)),
      startAgain: os.servings.startAgain.handler(({ input }) => servings.startAgain(input.id, defined(input.changes ?? {}))),
      restart: os.servings.restart.handler(({ input }) => servings.restart(input.id)),
      remove: os.servings.remove.handler(({ input }) => servings.remove(input.id)),
      changePlace: os.servings.changePlace.handler(({ input }) => servings.changePlace(input.id, defined(input.changes))),
      foreseePlace: os.servings.foreseePlace.handler(({ input, signal }) =>
        servings.foreseePlace(input.id, defined(input.changes), { signal: signal ?? never }),
      ),
      images: os.servings.images.handler(({ input, signal }) => servings.images(input.id, { signal: signal ?? never })),
      foreseeJoin: os.servings.foreseeJoin.handler(({ input, signal }) =>
        servings.foreseeJoin(input.id, input.modelId, { signal: signal ?? never }),
      ),
      rollbackPlace: os.servings.rollbackPlace.handler(({ input }) => servings.rollbackPlace(input.id)),
      dockerRun: os.servings.dockerRun.handler(({ input }) => ({ text: servings.dockerRun(input.id) })),
      logs: os.servings.logs.handler(async function* ({ input: { id, follow, tail }, signal }) {
        yield* servings.logs(id, { follow, tail, signal: signal ?? never });
      }),
      figures: os.servings.figures.handler(async function* ({ input, signal }) {
        yield* servings.figures(input.id, { signal: signal ?? never });
      }),
      ports: os.servings.ports.handler(() => servings.ports()),
    },
    switching: {
      forecast: os.switching.forecast.handler(({ input, signal }) => servings.switches.forecast(input, { signal: signal ?? never })),
      start: os.switching.start.handler(({ input }) => servings.switches.start(input)),
      history: os.switching.history.handler(({ input }) => servings.switches.history(input.id, input.limit)),
    },
    engine: {
      lookAgain: os.engine.lookAgain.handler(() => engines.lookAgain()),
      choose: os.engine.choose.handler(({ input }) => {
        app.setSettings({ engineEndpoint: input.endpoint });
        return engines.choose(input.endpoint);
      }),
      pull: os.engine.pull.handler(({ input }) => pull(app, input.image)),
      login: os.engine.login.handler(({ input: { registry, username, password } }) =>
        app.typedCredentials.set(registry, { username, password, serverAddress: registry }),
      ),
      loadImage: os.engine.loadImage.handler(({ input }) => load(app, imports.pathOf(input.ticket))),
    },
    deploy: {
      preview: os.deploy.preview.handler(({ input, signal }) => bakes.preview(input, { signal: signal ?? never })),
      bake: os.deploy.bake.handler(({ input }) => bakes.bake(input)),
      follow: os.deploy.follow.handler(async function* ({ input, signal }) {
        yield* bakes.follow(input.id, { signal: signal ?? never });
      }),
      manifest: os.deploy.manifest.handler(({ input, signal }) => bakes.manifest(input.id, { signal: signal ?? never })),
      run: os.deploy.run.handler(({ input }) => bakes.run(input.id)),
      push: os.deploy.push.handler(({ input }) => bakes.push(input.id, input.reference)),
      save: os.deploy.save.handler(({ input: { id, ticket } }) =>
        bakes.save(id, ticket === undefined ? undefined : imports.pathOf(ticket)),
      ),
    },
    tasks: {
      cancel: os.tasks.cancel.handler(({ input }) => tasks.cancel(input.id)),
      dismiss: os.tasks.dismiss.handler(({ input }) => tasks.dismiss(input.id)),
    },
    predict: {
      run: os.predict.run.handler(({ input, signal }) => predictions.run(input, { signal: signal ?? never })),
      compare: os.predict.compare.handler(({ input, signal }) => predictions.compare(input, { signal: signal ?? never })),
      snippets: os.predict.snippets.handler(({ input, signal }) => takeAway.snippets(input, { signal: signal ?? never })),
      snippetFiles: os.predict.snippetFiles.handler(({ input, signal }) => takeAway.snippetFiles(input, { signal: signal ?? never })),
      openApi: os.predict.openApi.handler(({ input }) => ({ text: takeAway.openApi(input.id) })),
    },
    playground: playgroundRoutes(app),
    history: historyRoutes(app),
    cases: {
      list: os.cases.list.handler(({ input }) => cases.list(input.modelId)),
      save: os.cases.save.handler(({ input }) => cases.save(input)),
      remove: os.cases.remove.handler(({ input }) => cases.remove(input.modelId, input.name)),
      run: os.cases.run.handler(async function* ({ input: { modelId, names, target }, signal }) {
        yield* cases.run(modelId, names, target, { signal: signal ?? never });
      }),
    },
    settings: {
      set: os.settings.set.handler(({ input }) => app.setSettings(defined(input))),
    },
  };
}

/** Without the keys that are undefined: an absent change is no change. */
function defined<T extends object>(changes: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function pull(app: App, image: string | undefined): { readonly taskId: string } {
  const engine = app.engines.engine();
  const { settings, engine: status } = app.hub.state;
  const reference = image ?? settings.image;
  const { id, finished } = app.tasks.run(`Pull ${reference}`, { kind: 'image', id: reference }, async ({ signal, report }) => {
    await ensureImage(engine, {
      reference,
      mirror: settings.mirror,
      enginePlatform: status.platform ?? '',
      credentials: app.credentials,
      always: true,
      signal,
      onProgress: ({ currentBytes, totalBytes }) =>
        report(totalBytes > 0 ? currentBytes / totalBytes : null, `${currentBytes} / ${totalBytes}`),
    });
  });
  // The task shows its failure.
  finished.catch(() => undefined);
  return { taskId: id };
}

function load(app: App, file: string): { readonly taskId: string } {
  const engine = app.engines.engine();
  const { id, finished } = app.tasks.run('Load an image', { kind: 'image', id: file }, async ({ signal, report }) => {
    const references = await engine.loadImage(file, { signal, onProgress: (sent, total) => report(total > 0 ? sent / total : null, null) });
    report(1, references.join(', '));
  });
  // The task shows its failure.
  finished.catch(() => undefined);
  return { taskId: id };
}

/** What the entry that runs the owner can do beyond its services. */
export interface OwnerDuties {
  readonly webLink: () => string | null;
  /** Brings the desktop window to the front. */
  readonly show?: () => void;
  readonly quit: () => void;
}

/** Contract -> services for this user's own processes, over the local socket. */
export function localRouter(app: App, duties: OwnerDuties) {
  const os = implement(localContract);
  const { imports, servings, hub } = app;
  const shells = createAttachedShells();
  return {
    ...windowRouter(app),
    watch: os.watch.handler(({ signal }) => hub.watch({ signal: signal ?? never })),
    local: {
      ticket: os.local.ticket.handler(async ({ input }) => ({ ticket: await imports.mintLinked(input.path) })),
      uploaded: os.local.uploaded.handler(({ input }) => ({ ticket: imports.mintManaged(input.path) })),
      open: os.local.open.handler(async ({ input }) => hub.openImport(await imports.mintLinked(input.path))),
      addPath: os.local.addPath.handler(({ input, signal }) => imports.addPath(input.path, input.name, { signal: signal ?? never })),
      runCases: os.local.runCases.handler(async function* ({ input: { paths, target }, signal }) {
        yield* app.cases.runFiles(paths, target, { signal: signal ?? never });
      }),
      remember: rememberRoute(app),
      hold: os.local.hold.handler(async function* ({ input, signal }) {
        try {
          yield { kind: 'held' as const };
          const gone = Promise.withResolvers<void>();
          signal?.addEventListener('abort', () => gone.resolve(), { once: true });
          if (signal?.aborted !== true) await gone.promise;
        } finally {
          await servings.endForeground(input.servingIds);
        }
      }),
      attach: os.local.attach.handler(({ input, signal }) => shells.attach(input.role, { signal: signal ?? never })),
      show: os.local.show.handler(() => {
        duties.show?.();
        shells.show();
      }),
      answerLink: os.local.answerLink.handler(({ input }) => shells.answerLink(input.id, input.url)),
      webLink: os.local.webLink.handler(async () => {
        const url = duties.webLink() ?? (await shells.askLink());
        return url === null ? null : { url };
      }),
      owner: os.local.owner.handler(() => ({
        pid: process.pid,
        version: app.outside.version,
        role: app.outside.role,
        hasDesktop: app.outside.role === 'desktop' || shells.has('desktop'),
      })),
      quit: os.local.quit.handler(() => duties.quit()),
    },
  };
}
