import { Link } from 'wouter';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { useMirror } from '../../../app/store.ts';
import styles from './join.module.css';

/** Which other servings share the server of this one; nothing where it has one to itself. */
export function SharedServer({ serving: { id, plan } }: { readonly serving: Serving }) {
  const { t } = useText();
  const servings = useMirror((state) => state.servings);
  const host = plan.inServerOf === undefined ? undefined : servings.find((one) => one.id === plan.inServerOf);
  const guests = servings.filter((one) => one.plan.inServerOf === id);
  if (host === undefined && guests.length === 0) return null;
  const linked = host === undefined ? guests : [host];
  return (
    <p>
      {t(host === undefined ? 'join.alsoServes' : 'join.servedBy')}{' '}
      {linked.map(({ id: other, name }, index) => (
        <span key={other}>
          {index > 0 ? ', ' : null}
          <Link className={styles['link']} href={`/servings/${other}`}>
            {name}
          </Link>
        </span>
      ))}
    </p>
  );
}
