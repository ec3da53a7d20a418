import type { ImportView } from '../../../shared/contract/index.ts';
import type { Problem, VersionSummary } from '../../../shared/contract/savedModel.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { PathTree, type PathRow } from '../../ui/PathTree.tsx';
import styles from './models.module.css';

const mostRows = 60;

const lastPart = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
const folder = (name: string, level: number): PathRow => ({ level, name: `${name}/`, mark: null, note: '' });

interface Found {
  readonly path: string;
  /** null for a file that should be there. */
  readonly bytes: number | null;
  readonly problem: Problem | null;
}

/** The files of one version with their folders, in the order of a file manager; a file that is missing stands where it should. */
function filesOf({ files, problems }: VersionSummary, level: number, arriving: boolean, { t, number }: Text): readonly PathRow[] {
  const about = new Map(
    problems.flatMap((problem) => (problem.data?.['file'] === undefined ? [] : [[String(problem.data['file']), problem]])),
  );
  const missing = [...about.keys()].filter((path) => !files.some((file) => file.path === path));
  const all: readonly Found[] = [
    ...files.map(({ path, bytes }) => ({ path, bytes, problem: about.get(path) ?? null })),
    ...missing.map((path) => ({ path, bytes: null, problem: about.get(path) ?? null })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const note = ({ bytes, problem }: Found): string => {
    if (bytes === null) return t('import.tree.missing');
    const expected = Number(problem?.data?.['expected']);
    if (!(expected > 0)) return number.bytes(bytes);
    const { part, whole } = number.bytesOf(bytes, expected);
    return t('import.arriving', { found: part, expected: whole });
  };
  const row = (found: Found, name: string, at: number): PathRow => {
    const mark = found.problem === null ? 'done' : arriving && found.problem.code === 'SHARD_SHORT' ? 'under-way' : 'failed';
    return { level: at, name, mark, note: note(found) };
  };
  const folders = [...new Set(all.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])))];
  return [
    ...all.filter(({ path }) => !path.includes('/')).map((found) => row(found, found.path, level)),
    ...folders.flatMap((name) => [
      folder(name, level),
      ...all.filter(({ path }) => path.startsWith(`${name}/`)).map((found) => row(found, found.path.slice(name.length + 1), level + 1)),
    ]),
  ];
}

function rowsOf({ displayPath, inspection, source }: ImportView, text: Text): readonly PathRow[] {
  const latest = inspection.versions.at(-1);
  if (latest === undefined) return [];
  const [base, inner] = [lastPart(displayPath), lastPart(latest.path)];
  const outer = inner === base && latest.version === null ? [folder(base, 1)] : [folder(base, 1), folder(inner, 2)];
  return [...outer, ...filesOf(latest, outer.length + 1, source === 'linked', text)];
}

/** What was dropped, file by file, with a mark where something is wrong. Nothing where no version could be told apart. */
export function DroppedTree({ view }: { readonly view: ImportView }) {
  const text = useText();
  const { t } = text;
  const rows = rowsOf(view, text);
  if (rows.length === 0) return null;
  return (
    <div>
      <h3>{t('import.dropped')}</h3>
      <PathTree label={t('import.dropped')} rows={rows.slice(0, mostRows)} />
      {rows.length > mostRows ? <p className={styles['caption']}>{t('import.tree.more', { files: rows.length - mostRows })}</p> : null}
    </div>
  );
}
