import { ActionIcon, Button, Menu, Textarea } from '@mantine/core';
import { lazy, Suspense, useId, useRef, useState, type DragEvent, type ReactNode } from 'react';
import { again } from '../../../app/again.ts';
import type { ExampleFeature } from '../../../../shared/contract/playground.ts';
import type { Fill } from '../../../../shared/contract/processing.ts';
import type { TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { dtypeLabel, valueDtype } from '../../../../shared/tensor/dtype.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { isTaken } from '../../../app/takenDrops.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import type { Refusal } from '../remedies.ts';
import { fixWords, requestProblemWords } from '../requestWords.ts';
import { shapeText } from '../shapeText.ts';
import type { AskedSignature } from '../usePlayground.ts';
import { applyFix, fittedCells } from './applyFix.ts';
import { cellsOf, textOfCells, type Cells } from './cells.ts';
import { CellsEditor } from './CellsEditor.tsx';
import { describedElsewhere } from './describedElsewhere.ts';
import { ExamplesForm } from './ExamplesForm.tsx';
import { filled, firstInput, shapeOf, withCells, withShape, type FieldInput } from './fieldInput.ts';
import { FillItems, fillOf } from './FillItems.tsx';
import { FillLine } from './FillLine.tsx';
import { FilesView } from './FilesView.tsx';
import { fieldMisfitWords, useFormWords } from './formWords.ts';
import { ShapeLine } from './ShapeLine.tsx';
import { mostStrings, StringsEditor } from './StringsEditor.tsx';
import { TensorFacts } from './TensorFacts.tsx';
import type { FieldCheck } from './useChecks.ts';
import styles from './form.module.css';

const StepsDialog = lazy(async () => ({ default: (await again(() => import('./StepsDialog.tsx'))).StepsDialog }));

export interface FieldCardProps {
  readonly asked: AskedSignature;
  readonly name: string;
  readonly info: TensorInfo;
  readonly features: readonly ExampleFeature[];
  /** undefined: left out of the request. */
  readonly input: FieldInput | undefined;
  readonly check: FieldCheck | null;
  /** What the server said of this field when it was asked last, until it is edited. */
  readonly refusal: Refusal | null;
  readonly onChange: (input: FieldInput | undefined) => void;
  readonly onFiles: (files: readonly File[]) => void;
  /** null where it cannot be sent at all. */
  readonly onSendAnyway: (() => void) | null;
  readonly nextSeed: () => number;
}

/** JSON is typed here up to so many characters. */
const typedChars = 200_000;

/** One tensor of the request: its type and shape as given, its values, and whether it fits. */
export function FieldCard(props: FieldCardProps) {
  const { asked, name, info, features, input, check, refusal, onChange, onFiles, onSendAnyway, nextSeed } = props;
  const text = useText();
  const words = useFormWords();
  const problemId = useId();
  const [asJson, setAsJson] = useState(false);
  const [shaping, setShaping] = useState(false);
  const [stepping, setStepping] = useState(false);
  const drop = useFileDrop(onFiles);
  const chooser = useRef<HTMLInputElement>(null);
  const dtype = valueDtype(info.dtype);
  const isCurrent = input !== undefined && check?.input === input;
  const misfit = input === undefined ? null : (check?.misfits[0] ?? null);
  const problem = input === undefined ? null : (check?.problem ?? null);
  const shape = (input === undefined ? null : (check?.prepared?.summary.shape ?? shapeOf(input, info))) ?? null;
  const hasDefault = asked.info.optional?.includes(name) === true;
  const isMissing = input === undefined && !hasDefault;
  const isWrong = misfit !== null || problem !== null || refusal !== null || isMissing;
  const describedBy = isWrong ? problemId : undefined;
  const fitted = misfit !== null && isCurrent ? fittedCells(input, info) : null;
  const sentence = isMissing
    ? words('missing', { name })
    : misfit !== null
      ? fieldMisfitWords(misfit, info, text)
      : problem !== null
        ? text.errorWords(problem).advice
        : refusal === null
          ? null
          : refusalWords(refusal, text);
  const groupName = `${name}, ${dtypeLabel(info.dtype)}, ${shapeText(info.shape)}`;
  const fix = misfit?.fix ?? null;
  const startAgain = (): void => {
    setAsJson(false);
    onChange(firstInput(info, features));
  };

  return (
    <section
      role="group"
      aria-label={groupName}
      className={styles['card']}
      data-field={name}
      data-takes-files
      data-wrong={isWrong || undefined}
      data-over={drop.isOver || undefined}
      {...drop.handlers}
      onPaste={(event) => {
        const files = [...event.clipboardData.files];
        if (files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        onFiles(files);
      }}
    >
      <header className={styles['cardHead']}>
        <h3>{name}</h3>
        <code className={styles['chip']}>{dtypeLabel(info.dtype)}</code>
        <code className={styles['chip']} data-wrong={misfit !== null || undefined}>
          {shape === null ? shapeText(info.shape) : `[${shape.join(', ')}]`}
        </code>
        {misfit === null ? null : <span className={styles['caption']}>{words('wants', { shape: shapeText(info.shape) })}</span>}
        <span className={styles['space']} />
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={24} aria-label={words('moreFor', { name })}>
              <Icon name="more" size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{words('fillWith')}</Menu.Label>
            <FillItems onFill={(kind) => onChange(filled(input, info, fillOf(kind, dtype, nextSeed())))} />
            <Menu.Divider />
            <Menu.Item onClick={() => chooser.current?.click()}>{words('chooseFile')}</Menu.Item>
            {input === undefined || input.source.kind === 'examples' ? null : (
              <>
                <Menu.Item onClick={() => setStepping(true)}>{words('changeSteps')}</Menu.Item>
                {cellsOf(input, info) === null ? null : (
                  <Menu.Item onClick={() => setAsJson(!asJson)}>{words(asJson ? 'asCells' : 'asJson')}</Menu.Item>
                )}
                <Menu.Item disabled={shapeOf(input, info) === null} onClick={() => setShaping(true)}>
                  {words('changeShape')}
                </Menu.Item>
              </>
            )}
            <Menu.Divider />
            {input === undefined ? null : <Menu.Item onClick={() => onChange(undefined)}>{words('leaveOut')}</Menu.Item>}
            <Menu.Item onClick={startAgain}>{words('startAgain')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className={styles['cardBody']}>
        {shaping && input !== undefined ? (
          <ShapeLine
            name={name}
            shape={shapeOf(input, info) ?? []}
            onChange={(to) => onChange(withShape(input, info, to))}
            onClose={() => setShaping(false)}
          />
        ) : null}
        {input === undefined ? null : (
          <Values {...{ name, info, features, input, check, describedBy, asJson }} onChange={onChange} onSteps={() => setStepping(true)} />
        )}
        {input === undefined && hasDefault && sentence === null ? (
          <div className={styles['leftOut']}>
            <span className={styles['caption']}>{words('defaulted')}</span>
            <Button size="xs" onClick={startAgain}>
              {words('giveIt')}
            </Button>
          </div>
        ) : null}
        {sentence === null ? null : (
          <div className={styles['problem']}>
            <StateGlyph mark="failed" />
            <div>
              <div id={problemId} role="status">
                <span className={styles['strong']}>{sentence}</span>
                {misfit === null || onSendAnyway === null ? null : (
                  <>
                    <br />
                    <span className={styles['dim']}>{text.t('playground.nothingSent')}</span>
                  </>
                )}
              </div>
              <div className={styles['fixes']}>
                {input === undefined ? (
                  <Button size="xs" onClick={startAgain}>
                    {words('giveIt')}
                  </Button>
                ) : null}
                {fix === null || !isCurrent ? null : (
                  <Button size="xs" onClick={() => onChange(applyFix(name, input, info, fix))}>
                    {fixWords(fix, text.language)}
                  </Button>
                )}
                {fitted === null ? null : (
                  <Button size="xs" onClick={() => onChange(fitted.input)}>
                    {words('makeIt', { shape: `[${fitted.shape.join(', ')}]` })}
                  </Button>
                )}
                {onSendAnyway === null || (misfit === null && input !== undefined) ? null : (
                  <Button size="xs" variant="subtle" onClick={onSendAnyway}>
                    {text.t('playground.sendAnyway')}
                  </Button>
                )}
              </div>
            </div>
          </div>
        )}
      </div>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label={words('fileFor', { name })}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      {stepping && input !== undefined ? (
        <Suspense fallback={null}>
          <StepsDialog
            asked={asked}
            name={name}
            steps={input.steps ?? []}
            isFiles={input.source.kind === 'files'}
            onClose={(steps) => {
              setStepping(false);
              if (steps !== null) onChange({ ...input, steps: [...steps] });
            }}
          />
        </Suspense>
      ) : null}
    </section>
  );
}

/** Why it was refused: in our words where it is understood, else in the server's. */
function refusalWords({ problem, text, report }: Refusal, { language, errorWords }: Text): string {
  if (report !== null) return errorWords(report).advice;
  return requestProblemWords(problem, language) ?? text ?? '';
}

/** The values as their kind, number and shape suggest. */
function Values({
  name,
  info,
  features,
  input,
  check,
  describedBy,
  asJson,
  onChange,
  onSteps,
}: Pick<FieldCardProps, 'name' | 'info' | 'features' | 'check'> & {
  readonly input: FieldInput;
  readonly describedBy: string | undefined;
  readonly asJson: boolean;
  readonly onChange: (input: FieldInput) => void;
  readonly onSteps: () => void;
}): ReactNode {
  const words = useFormWords();
  const { source } = input;
  const dtype = valueDtype(info.dtype);
  const isString = dtype === 'DT_STRING';
  const summary = check?.prepared?.summary ?? null;
  const changed = (to: Cells): void => onChange(withCells(input, to));

  if (source.kind === 'files') return <FilesView {...{ name, info, input, check, onSteps }} files={source.files} />;
  if (source.kind === 'examples')
    return (
      <ExamplesForm
        name={name}
        features={features}
        examples={source.examples}
        onChange={(examples) => onChange({ ...input, source: { kind: 'examples', examples } })}
      />
    );
  const line =
    source.kind === 'fill' && source.fill.kind !== 'zeros' ? (
      <FillLine
        name={name}
        isString={isString}
        fill={source.fill as Fill}
        onChange={(fill) => onChange({ ...input, source: { ...source, fill } })}
      />
    ) : null;
  const cells = cellsOf(input, info);
  const isComplex = dtype === 'DT_COMPLEX64' || dtype === 'DT_COMPLEX128';
  if (cells !== null && !asJson && !isComplex && (!isString || cells.texts.length <= mostStrings))
    return (
      <div className={styles['stack']}>
        {line}
        {isString ? (
          <StringsEditor
            name={name}
            cells={cells}
            onChange={changed}
            onFile={(file) => onChange({ source: { kind: 'files', files: [{ name: file.name, data: file }] }, steps: [{ kind: 'bytes' }] })}
            describedBy={describedBy}
          />
        ) : (
          <CellsEditor name={name} info={info} cells={cells} onChange={changed} describedBy={describedBy} />
        )}
      </div>
    );
  const typed = source.kind === 'json' ? source.text : cells === null || isComplex ? null : textOfCells(cells);
  if (typed !== null && typed.length <= typedChars)
    return (
      <div className={styles['stack']}>
        {line}
        <Textarea
          aria-label={`${name}, JSON`}
          autosize={typed.length < 5_000}
          minRows={1}
          maxRows={10}
          rows={10}
          spellCheck={false}
          classNames={{ input: styles['mono'] ?? '' }}
          value={typed}
          error={describedBy !== undefined}
          {...describedElsewhere(describedBy)}
          onChange={(event) => onChange({ ...input, source: { kind: 'json', text: event.currentTarget.value } })}
        />
      </div>
    );
  return (
    <div className={styles['stack']}>
      {line ?? <span>{source.kind === 'fill' ? words('fill.zeros') : words(source.kind === 'json' ? 'longJson' : 'asTensor')}</span>}
      {summary === null ? null : <TensorFacts name={name} summary={summary} />}
    </div>
  );
}

/** Files that are dropped on one field are its own; folders are models, and go on to the window. */
function useFileDrop(onFiles: (files: readonly File[]) => void): {
  readonly isOver: boolean;
  readonly handlers: Readonly<Record<'onDragEnter' | 'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void>>;
} {
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const isFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');
  return {
    isOver,
    handlers: {
      onDragEnter: (event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        depth.current += 1;
        setOver(true);
      },
      onDragOver: (event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
      },
      onDragLeave: (event) => {
        if (!isFiles(event)) return;
        event.stopPropagation();
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) setOver(false);
      },
      onDrop: (event) => {
        depth.current = 0;
        setOver(false);
        const { items, files } = event.dataTransfer;
        const isFolder = [...items].some((item) => item.webkitGetAsEntry()?.isDirectory === true);
        if (!isFiles(event) || isFolder || files.length === 0 || isTaken(event.nativeEvent)) return;
        event.preventDefault();
        event.stopPropagation();
        onFiles([...files]);
      },
    },
  };
}
