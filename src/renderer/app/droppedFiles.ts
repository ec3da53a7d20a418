/** What a browser hands over in a drop or by a file input, as lists of files with their paths. */

export interface DroppedFile {
  /** Relative to the dropped folder, with forward slashes; empty for a file that was dropped itself. */
  readonly path: string;
  readonly file: File;
}

export interface DroppedThing {
  readonly name: string;
  readonly kind: 'folder' | 'file';
  readonly files: readonly DroppedFile[];
  /** Folders without a file in them. */
  readonly emptyFolders: readonly string[];
}

type ReadThing = () => Promise<DroppedThing>;

/** A reader gives at most some hundred entries at a time, and none when it is done. */
async function readAll(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const fileOf = (entry: FileSystemEntry): Promise<File> =>
  new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));

async function readEntry(entry: FileSystemEntry): Promise<DroppedThing> {
  if (!isFolder(entry)) return { name: entry.name, kind: 'file', files: [{ path: '', file: await fileOf(entry) }], emptyFolders: [] };
  const files: DroppedFile[] = [];
  const emptyFolders: string[] = [];
  const waiting: { readonly folder: FileSystemDirectoryEntry; readonly path: string }[] = [{ folder: entry, path: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, path } = next;
    const children = await readAll(folder);
    if (children.length === 0 && path !== '') emptyFolders.push(path);
    for (const child of children) {
      const childPath = path === '' ? child.name : `${path}/${child.name}`;
      if (isFolder(child)) waiting.push({ folder: child, path: childPath });
      else files.push({ path: childPath, file: await fileOf(child) });
    }
  }
  return { name: entry.name, kind: 'folder', files, emptyFolders };
}

const singleFile = (file: File): DroppedThing => ({ name: file.name, kind: 'file', files: [{ path: '', file }], emptyFolders: [] });

/** Files of an `<input webkitdirectory>` carry the chosen folder's name as the first part of their path. */
function groupByFolder(files: readonly File[]): readonly DroppedThing[] {
  const folders = new Map<string, DroppedFile[]>();
  const alone: File[] = [];
  for (const file of files) {
    const [folder, ...rest] = file.webkitRelativePath.split('/');
    if (folder === undefined || folder === '' || rest.length === 0) alone.push(file);
    else folders.set(folder, [...(folders.get(folder) ?? []), { path: rest.join('/'), file }]);
  }
  return [
    ...[...folders].map(([name, inside]): DroppedThing => ({ name, kind: 'folder', files: inside, emptyFolders: [] })),
    ...alone.map(singleFile),
  ];
}

/**
 * Takes hold of what was dropped at once, since the browser empties a drop after the handler's first `await`;
 * what is answered is read later, one promise a dropped thing.
 */
export function takeDropped(dropped: DataTransfer | readonly File[]): readonly ReadThing[] {
  if (!(dropped instanceof DataTransfer)) return groupByFolder(dropped).map((thing) => () => Promise.resolve(thing));
  return [...dropped.items]
    .filter((item) => item.kind === 'file')
    .flatMap((item): ReadThing[] => {
      const entry = item.webkitGetAsEntry();
      if (entry !== null) return [() => readEntry(entry)];
      const file = item.getAsFile();
      return file === null ? [] : [() => Promise.resolve(singleFile(file))];
    });
}
