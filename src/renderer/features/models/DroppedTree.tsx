import type { ImportView } from '../../../shared/contract/index.ts';
import type { Problem, VersionSummary } from '../../../shared/contract/savedModel.ts';
import { useText } from '../../app/i18n.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { StateGlyph, type Mark } from '../../ui/StateMark.tsx';
import styles from './models.module.css';

const mostRows = 60;

interface Row {
  readonly level: number;
  readonly name: string;
  /** null for a folder that has nothing to say of itself. */
  readonly mark: Mark | null;
  readonly bytes: number | null;
  readonly problem: Problem | null;
}

const lastPart = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;

/** The files of one version with their folders, in the order of a file manager; a file that is missing stands where it should. */
function filesOf({ files, problems }: VersionSummary, level: number, arriving: boolean): readonly Row[] {
  const about = new Map(
    problems.flatMap((problem) => (problem.data?.['file'] === undefined ? [] : [[String(problem.data['file']), problem]])),
  );
  const missing = [...about.keys()].filter((path) => !files.some((file) => file.path === path));
  const all = [...files.map(({ path, bytes }) => ({ path, bytes })), ...missing.map((path) => ({ path, bytes: null }))];
  const top = all.filter(({ path }) => !path.includes('/'));
  const folders = [...new Set(all.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])))].toSorted();
  const row = (path: string, name: string, bytes: number | null, at: number): Row => {
    const problem = about.get(path) ?? null;
    return {
      level: at,
      name,
      bytes,
      problem,
      mark: problem === null ? 'done' : arriving && problem.code === 'SHARD_SHORT' ? 'under-way' : 'failed',
    };
  };
  return [
    ...top.map(({ path, bytes }) => row(path, path, bytes, level)),
    ...folders.flatMap((folder) => [
      { level, name: `${folder}/`, mark: null, bytes: null, problem: null },
      ...all
        .filter(({ path }) => path.startsWith(`${folder}/`))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1))
        .map(({ path, bytes }) => row(path, path.slice(folder.length + 1), bytes, level + 1)),
    ]),
  ];
}

function rowsOf({ displayPath, inspection, source }: ImportView): readonly Row[] {
  const latest = inspection.versions.at(-1);
  if (latest === undefined) return [];
  const folder = (name: string, level: number): Row => ({ level, name: `${name}/`, mark: null, bytes: null, problem: null });
  const base = lastPart(displayPath);
  const inner = lastPart(latest.path);
  return inner === base && latest.version === null
    ? [folder(base, 1), ...filesOf(latest, 2, source === 'linked')]
    : [folder(base, 1), folder(inner, 2), ...filesOf(latest, 3, source === 'linked')];
}

/** What was dropped, file by file, with a mark where something is wrong. Nothing where no version could be told apart. */
export function DroppedTree({ view }: { readonly view: ImportView }) {
  const { t, number } = useText();
  const rows = rowsOf(view);
  if (rows.length === 0) return null;
  const said = ({ bytes, problem }: Row): string => {
    if (bytes === null) return problem === null ? '' : t('import.tree.missing');
    const expected = Number(problem?.data?.['expected']);
    return expected > 0 ? t('import.arriving', { found: number.bytes(bytes), expected: number.bytes(expected) }) : number.bytes(bytes);
  };
  return (
    <div>
      <h3>{t('import.dropped')}</h3>
      <ul className={styles['tree']} role="tree" aria-label={t('import.dropped')} tabIndex={0}>
        {rows.slice(0, mostRows).map((row) => (
          <li
            key={`${row.level} ${row.name}`}
            role="treeitem"
            aria-level={row.level}
            aria-selected={false}
            data-level={row.level}
            data-mark={row.mark ?? undefined}
            title={row.name}
          >
            {row.mark === null ? <Icon name="folder" size={14} /> : <StateGlyph mark={row.mark} />}
            <code>{row.name}</code>
            <span>{said(row)}</span>
          </li>
        ))}
      </ul>
      {rows.length > mostRows ? <p className={styles['caption']}>{t('import.tree.more', { files: rows.length - mostRows })}</p> : null}
    </div>
  );
}
