import type { Tag } from '../../../shared/contract/library.ts';
import styles from './library.module.css';

export const tagText = ({ key, value }: Pick<Tag, 'key' | 'value'>): string => (value === '' ? key : `${key}=${value}`);

/** Tags in a cell: those that have room. */
export function TagList({ tags }: { readonly tags: readonly Tag[] }) {
  if (tags.length === 0) return null;
  return (
    <span className={styles['tags']} title={tags.map(tagText).join(', ')}>
      {tags.slice(0, 3).map((tag) => (
        <span key={tag.key} className={styles['chip']}>
          {tagText(tag)}
        </span>
      ))}
      {tags.length > 3 ? <span className={styles['caption']}>+{tags.length - 3}</span> : null}
    </span>
  );
}
