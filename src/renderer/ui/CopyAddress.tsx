import { useText } from '../app/i18n.tsx';
import { CopyButton } from './CopyButton.tsx';
import styles from './CopyAddress.module.css';

/** An address in a chip, with its kind and a button that copies it. `name` is what the button copies: "REST address". */
export function CopyAddress({ kind, value, name }: { readonly kind?: string; readonly value: string; readonly name: string }) {
  const { t } = useText();
  return (
    <span className={styles['chip']}>
      {kind === undefined ? null : <span className={styles['kind']}>{kind}</span>}
      <code>{value}</code>
      <CopyButton value={value} label={t('copyNamed', { name })} />
    </span>
  );
}
