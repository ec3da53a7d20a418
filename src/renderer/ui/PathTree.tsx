import { Icon } from './Icon.tsx';
import { StateGlyph, type Mark } from './StateMark.tsx';
import styles from './PathTree.module.css';

export interface PathRow {
  /** 1 for the outermost. */
  readonly level: number;
  /** A folder's ends with a slash. */
  readonly name: string;
  /** null where there is nothing to say of it. */
  readonly mark: Mark | null;
  /** What stands at the line's end: a size, or what is wrong. */
  readonly note: string;
}

/** The front of a name that is too long for a line says least: a shard ends with its number, a path with its folder. */
function shortName(name: string): string {
  const shard = name.replace(/^variables\.data-(\d{5}-of-\d{5})$/, '…$1');
  return shard.length <= 32 ? shard : shard.replace(/^.+(?=[\\/][^\\/]+[\\/]$)/, '…');
}

/** Folders and files as they lie, with a mark where something is to be said. */
export function PathTree({ label, rows }: { readonly label: string; readonly rows: readonly PathRow[] }) {
  return (
    <ul className={styles['tree']} role="tree" aria-label={label} tabIndex={0}>
      {rows.map(({ level, name, mark, note }, index) => (
        <li
          key={`${index} ${name}`}
          role="treeitem"
          aria-level={level}
          aria-selected={false}
          data-level={Math.min(level, 4)}
          data-mark={mark ?? undefined}
          title={name}
        >
          {mark === null ? <Icon name={name.endsWith('/') ? 'folder' : 'file'} size={14} /> : <StateGlyph mark={mark} />}
          <code>{shortName(name)}</code>
          <span>{note}</span>
        </li>
      ))}
    </ul>
  );
}
