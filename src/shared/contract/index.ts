/** The whole API between a window or a command and the owner of the data folder, on one screen. */
import { eventIterator, oc, type } from '@orpc/contract';
import { z } from 'zod';
import { bakeDraft, bakeRequest, imageReference, type Bake, type BakeManifest, type BakePreview } from './deploy.ts';
import {
  compareRequest,
  exportFormat,
  libraryQuery,
  recordChanges,
  versionRef,
  type Comparison,
  type HistoryEntry,
  type LibraryAnswer,
  type MetadataImport,
  type Removal,
  type TextFile,
  type VersionDetails,
} from './library.ts';
import type { InspectionSummary, SignatureInfo } from './savedModel.ts';
import { playgroundContract } from './playground.ts';
import { casesContract, caseTarget, type CaseResult } from './cases.ts';
import { compareAnswersRequest, type ComparedAnswers } from './compareAnswers.ts';
import { historyContract, toRemember } from './history.ts';
import { predictRequest, type PredictAnswer } from './predict.ts';
import { serveChanges, serveRequest, servingName, type Figures, type LogLine } from './serving.ts';
import { snippetRequest, type SnippetFile, type Snippets } from './snippets.ts';
import { placeChanges, type LocalImage, type JoinForecast, type PlaceForecast } from './placeChange.ts';
import { settingsSchema } from './settings.ts';
import { switchRequest, type ServedEntry, type SwitchForecast } from './switching.ts';
import type { EngineStatus, Model, StateEvent } from './state.ts';

const id = z.object({ id: z.string().max(256) });
const ticket = z.object({ ticket: z.string().max(256) });

/** What a browser window may call. It never sends a path: folders are named by tickets. */
export const contract = {
  watch: oc.output(eventIterator(type<StateEvent>())),

  imports: {
    /** Reads a folder, and a linked one again a moment after anything in it changed (a copy under way), until the stream is closed. */
    inspect: oc.input(ticket).output(eventIterator(type<ImportView>())),
    /** Another folder of what was dropped (a mend of kind `useFolder`): a new ticket in place of this one. */
    openFolder: oc.input(ticket.extend({ path: z.string().max(4096) })).output(type<{ ticket: string }>()),
    /** Unpacks a dropped archive into the data folder; a task. A new ticket in place of this one. */
    unpack: oc.input(ticket).output(type<{ ticket: string }>()),
    add: oc
      .input(
        ticket.extend({
          name: servingName,
          copy: z.boolean().default(false),
          asVersion: z
            .string()
            .regex(/^\d{1,19}$/)
            .optional(),
        }),
      )
      .output(type<Model>()),
    sample: oc.output(type<Model>()),
    discard: oc.input(ticket).output(type<void>()),
  },

  folders: {
    /** The tree of this machine under the roots that were given at start; `node` is an opaque id, none for the roots. */
    list: oc.input(z.object({ node: z.string().max(8192).optional() })).output(type<FolderListing>()),
    ticket: oc.input(z.object({ node: z.string().max(8192) })).output(type<{ ticket: string }>()),
    /** The shell's own dialog, where it has one; null when the person cancelled. */
    pick: oc.output(type<{ ticket: string } | null>()),
    reveal: oc.input(z.object({ modelId: z.string() })).output(type<void>()),
  },

  models: {
    rename: oc.input(id.extend({ name: servingName })).output(type<void>()),
    /** Reads the folder again. */
    refresh: oc.input(id).output(type<Model>()),
    verify: oc.input(id).output(type<{ taskId: string }>()),
    forget: oc.input(id).output(type<void>()),
    signature: oc
      .input(id.extend({ version: z.string().nullable(), signature: z.string() }))
      .output(type<{ info: SignatureInfo; template: string }>()),
  },

  /** The record: `library.ts` says what each answer holds. What a person changes comes back by `watch`, in `Model.record`. */
  library: {
    search: oc.input(libraryQuery).output(type<LibraryAnswer>()),
    details: oc.input(versionRef).output(type<VersionDetails>()),
    edit: oc.input(recordChanges).output(type<void>()),
    /** Takes the content that a version has now for its own. */
    accept: oc.input(versionRef).output(type<void>()),
    compare: oc.input(compareRequest).output(type<Comparison>()),
    exportComparison: oc.input(compareRequest.extend({ format: exportFormat })).output(type<TextFile>()),
    history: oc
      .input(versionRef.partial().extend({ limit: z.number().int().min(1).max(1_000).default(100) }))
      .output(type<readonly HistoryEntry[]>()),
    /** All that was said of models and versions as JSON lines; without ids, of the whole library. */
    exportMetadata: oc.input(z.object({ modelIds: z.array(z.string().max(256)).max(10_000).optional() })).output(type<TextFile>()),
    importMetadata: oc.input(z.object({ text: z.string().max(100_000_000) })).output(type<MetadataImport>()),
    /** What a removal would touch: shown first, then asked for by its `confirm`. */
    removal: oc.input(versionRef.partial({ version: true })).output(type<Removal>()),
    remove: oc.input(versionRef.partial({ version: true }).extend({ confirm: z.string().max(128) })).output(type<void>()),
  },

  servings: {
    start: oc.input(serveRequest).output(type<{ servingId: string; taskId: string }>()),
    stop: oc.input(id).output(type<void>()),
    startAgain: oc.input(id.extend({ changes: serveChanges.optional() })).output(type<{ taskId: string }>()),
    restart: oc.input(id).output(type<{ taskId: string }>()),
    remove: oc.input(id).output(type<void>()),
    /** Another place at the same address: another image, engine, flags; behind the gateway without a failed request. */
    changePlace: oc.input(id.extend({ changes: placeChanges })).output(type<{ taskId: string }>()),
    /** What a change would do; refused as that would be. */
    foreseePlace: oc.input(id.extend({ changes: placeChanges })).output(type<PlaceForecast>()),
    /** The images of this engine that it could be moved to, newest first. */
    images: oc.input(id).output(type<readonly LocalImage[]>()),
    /** What it would mean that a model joins the server of this one. Refused with CANNOT_JOIN, NOT_SERVING and what refuses a plan. */
    foreseeJoin: oc.input(id.extend({ modelId: z.string().max(256) })).output(type<JoinForecast>()),
    /** Back to the place before. */
    rollbackPlace: oc.input(id).output(type<{ taskId: string }>()),
    /** The same serving as a `docker run` line, quoted for a POSIX shell. */
    dockerRun: oc.input(id).output(type<{ text: string }>()),
    logs: oc
      .input(id.extend({ follow: z.boolean().default(true), tail: z.number().int().min(1).max(100_000).default(2_000) }))
      .output(eventIterator(type<LogLine>())),
    figures: oc.input(id).output(eventIterator(type<Figures>())),
    /** Which ports would be given now, and who has the usual ones. */
    ports: oc.output(type<{ rest: number; grpc: number; taken: readonly { port: number; owner: string }[] }>()),
  },

  /** Which versions a running server serves: `switching.ts`. A switch's steps come by `watch`, in `Serving.switching`. */
  switching: {
    forecast: oc.input(switchRequest).output(type<SwitchForecast>()),
    start: oc.input(switchRequest).output(type<{ taskId: string }>()),
    /** Newest first. */
    history: oc.input(id.extend({ limit: z.number().int().min(1).max(1_000).default(100) })).output(type<readonly ServedEntry[]>()),
  },

  engine: {
    lookAgain: oc.output(type<EngineStatus>()),
    choose: oc.input(z.object({ endpoint: z.string().max(512) })).output(type<EngineStatus>()),
    pull: oc.input(z.object({ image: z.string().max(512).optional() })).output(type<{ taskId: string }>()),
    /** Kept in memory only, unless the shell has a safe place for secrets. */
    login: oc
      .input(z.object({ registry: z.string().max(256), username: z.string().max(256), password: z.string().max(4096) }))
      .output(type<void>()),
    /** Loads an image from a `docker save` file that was dropped or picked. */
    loadImage: oc.input(ticket).output(type<{ taskId: string }>()),
  },

  deploy: {
    /** The Dockerfile and what it is about, before anything is built. */
    preview: oc.input(bakeDraft).output(type<BakePreview>()),
    bake: oc.input(bakeRequest).output(type<{ bakeId: string; taskId: string }>()),
    /** One bake as it is now, then each change, until the stream is closed. */
    follow: oc.input(id).output(eventIterator(type<Bake>())),
    /** What lies in a baked image. */
    manifest: oc.input(id).output(type<BakeManifest>()),
    /** Serves a baked image beside the model's other servings. */
    run: oc.input(id).output(type<{ servingId: string; taskId: string }>()),
    push: oc.input(id.extend({ reference: imageReference })).output(type<{ taskId: string }>()),
    /** Writes a `docker save` archive into the folder of a ticket, or else into the person's downloads. */
    save: oc.input(id.extend({ ticket: z.string().max(256).optional() })).output(type<{ taskId: string }>()),
  },

  tasks: {
    cancel: oc.input(id).output(type<void>()),
    dismiss: oc.input(id).output(type<void>()),
  },

  predict: {
    run: oc.input(predictRequest).output(type<PredictAnswer>()),
    /** Asks two targets the same, one after the other, and says how far their answers lie apart. */
    compare: oc.input(compareAnswersRequest).output(type<ComparedAnswers>()),
    /** The same request as programs that run as they are, and the files that they read. */
    snippets: oc.input(snippetRequest).output(type<Snippets>()),
    snippetFiles: oc.input(snippetRequest).output(type<readonly SnippetFile[]>()),
    /** OpenAPI 3.1 of a serving, as JSON text. */
    openApi: oc.input(id).output(type<{ text: string }>()),
  },

  playground: playgroundContract,

  cases: casesContract,

  history: historyContract,

  settings: {
    set: oc.input(settingsSchema.partial()).output(type<void>()),
  },
};

/** What only this user's own processes may call, over the local socket: it speaks of paths and lives. */
export const localContract = {
  ...contract,
  local: {
    /** A ticket for a path of the command line. */
    ticket: oc.input(z.object({ path: z.string().max(4096) })).output(type<{ ticket: string }>()),
    /** A ticket for a folder or file that was uploaded into our staging folder. */
    uploaded: oc.input(z.object({ path: z.string().max(4096) })).output(type<{ ticket: string }>()),
    /** Opens the import sheet for a path in every window. */
    open: oc.input(z.object({ path: z.string().max(4096) })).output(type<void>()),
    /** Adds or finds the model of a path, without asking. */
    addPath: oc.input(z.object({ path: z.string().max(4096), name: servingName.optional() })).output(type<Model>()),
    /** Runs cases that lie in files and folders of the person's. */
    runCases: oc
      .input(z.object({ paths: z.array(z.string().max(4096)).min(1).max(10_000), target: caseTarget }))
      .output(eventIterator(type<CaseResult>())),
    /** A request that a command sent itself joins the history of its model. */
    remember: oc.input(toRemember).output(type<void>()),
    /** While this stream is open the servings are kept in the foreground; when it ends they end. */
    hold: oc.input(z.object({ servingIds: z.array(z.string()).max(100) })).output(eventIterator(type<{ kind: 'held' }>())),
    /** A shell that reached the owner says that it is there, for as long as this stream is open; the owner asks it for links. */
    attach: oc
      .input(z.object({ role: z.enum(['desktop', 'web']) }))
      .output(eventIterator(type<{ kind: 'attached' } | { kind: 'show' } | { kind: 'link-wanted'; id: string }>())),
    answerLink: oc.input(z.object({ id: z.string().max(64), url: z.string().max(512).nullable() })).output(type<void>()),
    /** A new one-time link to a web shell of this data folder, where one runs. */
    webLink: oc.output(type<{ url: string } | null>()),
    /** Shows the desktop windows of this data folder. */
    show: oc.output(type<void>()),
    /** `hasDesktop`: a desktop window can be shown, of the owner or of a shell that reached it. */
    owner: oc.output(type<{ pid: number; version: string; role: 'desktop' | 'web' | 'background' | 'command'; hasDesktop: boolean }>()),
    quit: oc.output(type<void>()),
  },
};

/** What the import sheet shows for one ticket. */
export interface ImportView {
  readonly ticket: string;
  /** Shown, never sent back: `~/models/digits`. */
  readonly displayPath: string;
  readonly source: 'linked' | 'managed';
  readonly inspection: InspectionSummary;
  /** Name that is free in the library. */
  readonly suggestedName: string;
  /** The model that already has this folder. */
  readonly existing: { readonly id: string; readonly name: string } | null;
}

export interface FolderListing {
  readonly node: string | null;
  readonly displayPath: string;
  readonly parents: readonly { readonly node: string; readonly name: string }[];
  readonly entries: readonly {
    readonly node: string;
    readonly name: string;
    /** A folder that holds numbered versions or a saved_model.pb. */
    readonly looksLikeModel: boolean;
    readonly kind: 'folder' | 'archive' | 'image-file';
  }[];
  readonly cut: boolean;
}
