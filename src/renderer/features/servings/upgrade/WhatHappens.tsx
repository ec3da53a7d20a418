import type { ReactNode } from 'react';
import type { PlaceForecast } from '../../../../shared/contract/placeChange.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { StateGlyph, type Mark } from '../../../ui/StateMark.tsx';
import { imageWords } from './placeDraft.ts';
import type { Foreseen } from './useForecast.ts';
import styles from './upgrade.module.css';

export interface WhatHappensProps {
  readonly serving: Serving;
  readonly way: 'beside' | 'anew';
  readonly foreseen: Foreseen;
}

/** What the choices mean, said before they are carried out: what needs a new container, the image, the gap, memory, the way back. */
export function WhatHappens({ serving, way, foreseen: { forecast, problem } }: WhatHappensProps) {
  const { t } = useText();
  const isDirect = serving.plan.placePorts === undefined;
  if (problem !== null) return null;
  return (
    <section className={styles['happens']} aria-label={t('upgrade.happens')}>
      <h3>{t('upgrade.happens')}</h3>
      <ul>
        {forecast === null ? <Line mark="under-way">{t('upgrade.foreseeing')}</Line> : <Told forecast={forecast} way={way} />}
        {way === 'anew' ? (
          <Line mark="attention">{t('upgrade.gapAnew')}</Line>
        ) : isDirect ? (
          <>
            <Line mark="attention">{t('upgrade.gapDirect')}</Line>
            <Line mark="note">{t('upgrade.gatewayCost')}</Line>
          </>
        ) : (
          <Line mark="done">{t('upgrade.gapNone')}</Line>
        )}
        {way === 'beside' ? <Line mark="note">{t('upgrade.wayBack')}</Line> : null}
      </ul>
    </section>
  );
}

function Told({ forecast: { differs, to, image, room }, way }: { readonly forecast: PlaceForecast } & Pick<WhatHappensProps, 'way'>) {
  const text = useText();
  const { t, number } = text;
  if (differs.length === 0) return <Line mark="ready">{t('upgrade.nothingYet')}</Line>;
  const parts = differs.map((part) => t(`upgrade.part.${part}`)).join(t('upgrade.comma'));
  const words = { used: number.binaryBytes(room.usedBytes), free: number.binaryBytes(room.freeBytes) };
  return (
    <>
      <Line mark="note">{t(to.image === null ? 'upgrade.needsProcess' : 'upgrade.needsContainer', { parts })}</Line>
      {to.image === null ? null : image === null ? (
        <Line mark="attention">{t('upgrade.pulled', { image: to.image })}</Line>
      ) : (
        <Line mark="done">{t('upgrade.here', { size: number.bytes(image.sizeBytes), digest: imageWords(image, text) })}</Line>
      )}
      {way === 'anew' ? null : (
        <Line mark={room.isEnough ? 'done' : 'failed'}>{t(room.isEnough ? 'upgrade.room' : 'upgrade.roomNone', words)}</Line>
      )}
    </>
  );
}

function Line({ mark, children }: { readonly mark: Mark; readonly children: ReactNode }) {
  return (
    <li>
      <StateGlyph mark={mark} />
      <span>{children}</span>
    </li>
  );
}
