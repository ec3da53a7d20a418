import type {
  CompareRequest,
  Comparison,
  ExportFormat,
  HistoryEntry,
  LibraryAnswer,
  LibraryQuery,
  MetadataImport,
  RecordChanges,
  TextFile,
  VersionDetails,
  VersionRef,
} from '../../shared/contract/library.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { MetadataRecords } from '../database/metadataRecords.ts';
import type { ModelRecords } from '../database/records.ts';
import type { StateHub } from '../stateHub.ts';
import { compareVersions, type Side } from './compareVersions.ts';
import { comparisonText } from './comparisonText.ts';
import type { Library } from './library.ts';
import { readMetadata, writeMetadata } from './metadataFile.ts';
import { searchLibrary } from './searchLibrary.ts';

/** What is known and said of models and versions. MODEL_NOT_FOUND and VERSION_NOT_FOUND where there is none of that name. */
export interface LibraryRecord {
  search(query: LibraryQuery): LibraryAnswer;
  details(ref: VersionRef): VersionDetails;
  edit(changes: RecordChanges): void;
  accept(ref: VersionRef): void;
  compare(request: CompareRequest): Comparison;
  exportComparison(request: CompareRequest, format: ExportFormat): TextFile;
  history(about: {
    readonly modelId?: string | undefined;
    readonly version?: string | undefined;
    readonly limit: number;
  }): readonly HistoryEntry[];
  /** As `metadataFile.ts` says; of all models without ids. */
  exportMetadata(modelIds?: readonly string[]): TextFile;
  /** Merges such a file: what is newer counts, and nothing that is here is lost. */
  importMetadata(text: string): MetadataImport;
}

interface LibraryRecordOptions {
  readonly hub: StateHub;
  readonly library: Library;
  readonly records: ModelRecords;
  readonly metadata: MetadataRecords;
  readonly now: () => Date;
}

export function createLibraryRecord({ hub, library, records, metadata, now }: LibraryRecordOptions): LibraryRecord {
  function sideOf({ modelId, version }: VersionRef): Side {
    const model = library.get(modelId);
    const index = model.record.versions.findIndex((one) => one.version === version);
    const [summary, record] = [model.versions[index], model.record.versions[index]];
    if (summary === undefined || record === undefined) {
      const known = model.record.versions.map((one) => one.version).join(', ') || 'none';
      throw new AppError('VERSION_NOT_FOUND', { version, name: model.name, known });
    }
    return { model, summary, record, ...records.details(model.id, version) };
  }
  function mirror(id: string): void {
    const model = records.get(id);
    if (model !== undefined) hub.putModel(model);
  }
  function compare({ versions }: CompareRequest): Comparison {
    const [first, ...others] = versions.map(sideOf);
    if (first === undefined) throw new AppError('BAD_INPUT', { detail: 'Name the versions to compare.' });
    return compareVersions([first, ...others]);
  }

  return {
    search: (query) => searchLibrary(hub.state.models, query),
    details(ref) {
      const { model, record, courses, details } = sideOf(ref);
      return { modelId: model.id, version: record.version, record, courses, details };
    },
    edit(changes) {
      const { id, name } =
        changes.version === undefined ? library.get(changes.modelId) : sideOf({ ...changes, version: changes.version }).model;
      if (changes.version === undefined && Object.keys(changes.metrics ?? {}).length > 0)
        throw new AppError('BAD_INPUT', { detail: 'A metric belongs to a version. Name one.' });
      records.edit({ ...changes, modelId: id }, { model: name, at: now().toISOString(), by: 'person' });
      mirror(id);
    },
    accept(ref) {
      const { model, record } = sideOf(ref);
      if (record.changed === null) return;
      const entry = { at: now().toISOString(), modelId: model.id, model: model.name, version: record.version };
      records.accept(model.id, record.version, { ...entry, kind: 'accepted', by: 'person', data: {} });
      mirror(model.id);
    },
    compare,
    exportComparison: (request, format) => comparisonText(compare(request), format),
    history: (about) => records.history(about),
    exportMetadata: (modelIds) => ({
      name: `slipway-metadata-${now().toISOString().slice(0, 10)}.jsonl`,
      type: 'application/jsonl',
      text: writeMetadata(metadata.lines(modelIds?.map((id) => library.get(id).id)), now()),
    }),
    importMetadata(text) {
      const { lines, bad, badLines } = readMetadata(text);
      const merged = metadata.merge(lines, now().toISOString());
      const named = new Set(lines.map(({ model }) => model));
      for (const { id, name } of hub.state.models) if (named.has(name)) mirror(id);
      return { ...merged, bad, badLines };
    },
  };
}
