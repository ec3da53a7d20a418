import { ActionIcon, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useText } from '../app/i18n.tsx';
import { Icon } from './Icon.tsx';

const toldMs = 1_500;

/** Copies a text; says so politely. */
export function CopyButton({ value, label }: { readonly value: string | (() => string); readonly label: string }) {
  const { t } = useText();
  const [told, setTold] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(typeof value === 'string' ? value : value());
    setTold(true);
    setTimeout(() => setTold(false), toldMs);
  };
  return (
    <>
      <Tooltip label={told ? t('copied') : label} withinPortal>
        <ActionIcon variant="subtle" color="gray" size={24} aria-label={label} onClick={() => void copy()}>
          <Icon name={told ? 'check' : 'copy'} size={14} />
        </ActionIcon>
      </Tooltip>
      <span className="sl-hidden" role="status">
        {told ? t('copied') : ''}
      </span>
    </>
  );
}
