import styles from './ProgressBar.module.css';

/** A bar from 0 to 1 that says its value in words with units. */
export function ProgressBar({ value, label, words }: { readonly value: number; readonly label: string; readonly words: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10;
  return (
    <div
      className={styles['bar']}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={words}
    >
      <i style={{ width: `${percent}%` }} />
    </div>
  );
}
