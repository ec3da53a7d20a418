import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ComparedTensor, Comparison, Verdict } from '../../../shared/contract/library.ts';
import type { TensorInfo } from '../../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import { useText } from '../../app/i18n.tsx';
import { Icon, type IconName } from '../../ui/Icon.tsx';
import { shapeText } from '../models/shapes.ts';
import { SeriesSwatch, seriesOf, shortNames } from './compareSeries.tsx';
import styles from './compare.module.css';

const looks: Readonly<Record<Verdict, { readonly kind: string; readonly icon: IconName }>> = {
  'drop-in': { kind: 'ok', icon: 'check' },
  compatible: { kind: 'info', icon: 'info' },
  breaking: { kind: 'bad', icon: 'error' },
};
const maxReasons = 5;

/** What a client of the first version meets in each other one, before any number. */
export function CompareVerdict({ comparison }: { readonly comparison: Comparison }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const names = shortNames(comparison);
  const others = comparison.versions.slice(1);
  const { kind } = looks[comparison.verdict];
  return (
    <>
      <div className={styles['verdict']} data-kind={kind} role="status">
        <div className={styles['verdicts']}>
          {others.map(({ modelId, version, verdict, reasons }, index) => (
            <Verdicts
              key={`${modelId}@${version}`}
              before={names[0] ?? ''}
              after={names[index + 1] ?? ''}
              verdict={verdict ?? 'drop-in'}
              reasons={reasons}
              comparison={comparison}
            />
          ))}
        </div>
        <Button size="xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'compare.hideSignatures' : 'compare.showSignatures')}
        </Button>
      </div>
      {open ? <Signatures comparison={comparison} /> : null}
    </>
  );
}

interface VerdictsProps {
  readonly before: string;
  readonly after: string;
  readonly verdict: Verdict;
  readonly reasons: Comparison['versions'][number]['reasons'];
  readonly comparison: Comparison;
}

function Verdicts({ before, after, verdict, reasons, comparison }: VerdictsProps) {
  const { t, verdictWords } = useText();
  const [all, setAll] = useState(false);
  const shown = all ? reasons : reasons.slice(0, maxReasons);
  return (
    <div className={styles['one']} data-kind={looks[verdict].kind}>
      <Icon name={looks[verdict].icon} />
      <div>
        <strong>{t(`compare.verdict.${verdict}`, { before, after })}</strong>
        {reasons.length === 0 ? <p>{sameWords(comparison, t)}</p> : null}
        {reasons.length === 0 ? null : (
          <ul>
            {shown.map((reason) => (
              <li key={reason.message}>{verdictWords(reason)}</li>
            ))}
          </ul>
        )}
        {shown.length < reasons.length ? (
          <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
            {t('compare.moreReasons', { count: reasons.length - shown.length })}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** `2 signatures, 3 inputs, 2 outputs: same names …`, and whether what no client sees is the same too. */
function sameWords({ tensors, ops, assets }: Comparison, t: ReturnType<typeof useText>['t']): string {
  const count = (side: ComparedTensor['side']): number => tensors.filter((tensor) => tensor.side === side).length;
  const signatures = new Set(tensors.map(({ signature }) => signature)).size;
  const otherOps = ops.some(({ same }) => !same);
  const otherAssets = assets.some(({ same }) => !same);
  return [
    t('compare.counts', { signatures, inputs: count('input'), outputs: count('output') }),
    ...(otherOps ? [t('compare.otherOps')] : []),
    ...(otherAssets ? [t('compare.otherAssets')] : []),
    ...(otherOps || otherAssets ? [] : [t('compare.sameRest')]),
  ].join(' ');
}

const tensorText = (info: TensorInfo | null): string => (info === null ? '' : `${dtypeLabel(info.dtype)} ${shapeText(info)}`);

function Signatures({ comparison }: { readonly comparison: Comparison }) {
  const { t } = useText();
  const names = shortNames(comparison);
  const { tensors } = comparison;
  return (
    <section className={styles['section']}>
      <h2>{t('compare.signatures')}</h2>
      <div className={styles['wide']} tabIndex={0} role="region" aria-label={t('compare.signatures')}>
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">{t('model.column.signature')}</th>
              <th scope="col">{t('model.column.tensor')}</th>
              {names.map((name, index) => (
                <th key={name} scope="col">
                  <SeriesSwatch role={seriesOf(index, names.length)} /> {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tensors.map(({ signature, side, name, values, same }, index) => (
              <tr key={`${signature} ${side} ${name}`} data-differs={!same || undefined}>
                <td>{tensors[index - 1]?.signature === signature ? null : <strong>{signature}</strong>}</td>
                <td>
                  <span className={styles['dim']}>{t(`compare.${side}`)}</span> <code>{name}</code>
                </td>
                {values.map((info, at) => (
                  <td key={names[at]}>
                    <code>{tensorText(info)}</code>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
