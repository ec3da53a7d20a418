import { fillPlaces } from '../../../shared/contract/errors.ts';
import type { ModeReason, Remedy, RequestProblem } from '../../../shared/contract/predict.ts';
import type { Misfit } from '../../../shared/tensor/requestCheck.ts';
import type { Language } from '../../app/i18n.tsx';

/** Words of the playground alone, loaded with it: why a request goes as it does, what a refusal means, what a button does. */
type Both = readonly [en: string, zh: string];

/** By the ids of `requestProblems`; `{input}`, `{row}`, `{dimension}`, `{expected}`, `{got}` and `{known}` are its facts. */
const problems: Readonly<Record<string, Both>> = {
  F13: [
    'The server does not have the op {got}. It needs an image that has it, or a model without it.',
    '服务器没有算子 {got}：需要含有它的镜像，或不含它的模型。',
  ],
  'F42.label': ['No version bears the label {got}. Served: {known}.', '没有版本带有标签 {got}。正在服务：{known}。'],
  'F42.version': ['Version {got} is not loaded. Served: {known}.', '版本 {got} 未加载。正在服务：{known}。'],
  'F42.model': ['The server does not serve this model, or is still loading it.', '服务器没有提供此模型，或仍在加载。'],
  F43: ['The address is not one of TensorFlow Serving’s.', '此地址不是 TensorFlow Serving 的接口。'],
  'F44.json': ['The body is no JSON: {expected}', '正文不是 JSON：{expected}'],
  'F44.object': ['The body must be one JSON object.', '正文必须是一个 JSON 对象。'],
  'F44.both': ['Give either instances or inputs, not both.', 'instances 与 inputs 只能给出其一。'],
  'F44.form': ['The body needs instances (rows) or inputs (columns).', '正文需要 instances（按行）或 inputs（按列）。'],
  'F44.list': ['instances must be a list of rows.', 'instances 必须是行的列表。'],
  'F44.empty': ['instances has no row.', 'instances 中没有任何行。'],
  'F44.mixed': [
    'Row {row} is of another kind than the first: all are objects, or none is.',
    '第 {row} 行与第一行种类不同：要么都是对象，要么都不是。',
  ],
  'F44.signature': ['signature_name must be a text.', 'signature_name 必须是文本。'],
  'F44.no-inputs': ['This signature has no inputs, which cannot be asked over REST.', '此签名没有输入，无法通过 REST 调用。'],
  'F44.base64': ['{input} is no standard base64: use + and /, not - and _.', '{input} 不是标准 base64：请用 + 和 /，不要用 - 和 _。'],
  'F44.unknown-input': ['The signature has no input {got}; it has {known}.', '签名没有输入 {got}；它有 {known}。'],
  'F44.keys': ['Row {row} must have exactly {expected}.', '第 {row} 行必须恰好有 {expected}。'],
  'F44.missing-input': ['{input} is missing.', '缺少 {input}。'],
  'F44.names': ['The signature has several inputs: name each. They are {known}.', '签名有多个输入：请写出每个名称。它们是 {known}。'],
  'F44.no-type': ['JSON cannot carry this type; gRPC can.', 'JSON 无法承载此类型，gRPC 可以。'],
  'F44.type': ['{input}: {got} is not {expected}.', '{input}：{got} 不是 {expected}。'],
  'F44.ragged-row': [
    'Row {row} of {input} is {got}, the first is {expected}: all rows need one shape.',
    '{input} 第 {row} 行为 {got}，第一行为 {expected}：各行形状必须一致。',
  ],
  'F44.ragged': [
    '{input} is ragged: dimension {dimension} is {expected} in one place and {got} in another.',
    '{input} 参差不齐：第 {dimension} 维一处为 {expected}，另一处为 {got}。',
  ],
  'F44.ragged-level': ['{input} is nested more deeply in one place than in another.', '{input} 各处嵌套深度不同。'],
  'F44.examples': ['This signature takes examples: a list of objects of features.', '此签名需要 examples：由特征对象组成的列表。'],
  'F44.feature': [
    'The feature {input} is of another type than the model reads: {expected}.',
    '特征 {input} 的类型与模型读取的不同：{expected}。',
  ],
  'F44.feature-size': [
    'The feature {input} has {got} values; the model reads {expected}.',
    '特征 {input} 有 {got} 个值；模型读取 {expected}。',
  ],
  'F44.feature-missing': ['The feature {input} is missing.', '缺少特征 {input}。'],
  'F44.example': ['These bytes are no tf.Example.', '这些字节不是 tf.Example。'],
  'F45.scalar': ['{output} is a scalar, which has no rows: ask in columns.', '{output} 是标量，没有行：请按列发送。'],
  'F45.rows': [
    '{output} has {got} rows, another tensor {expected}: ask in columns.',
    '{output} 有 {got} 行，另一张量有 {expected} 行：请按列发送。',
  ],
  'F46.inputs': ['The inputs are not those of the signature: {known}.', '输入与签名不符：{known}。'],
  'F46.signature': ['There is no signature {got}. There are {known}.', '没有签名 {got}。现有：{known}。'],
  'F46.method': ['This signature is not one for classify or regress.', '此签名不适用于 classify 或 regress。'],
  'F46.placeholder': ['{input} was not given.', '未给出 {input}。'],
  'F46.shape': ['The shape of the input does not suit the model: {got}.', '输入形状不适合模型：{got}。'],
  'F46.type': ['The type of an input is not the model’s.', '某个输入的类型与模型不符。'],
  'F46.tensor': ['The signature names a tensor that the graph has not.', '签名所指的张量不在图中。'],
  'F46.assertion': ['The model itself refuses these values: {expected}', '模型本身拒绝这些值：{expected}'],
  'F47.rows': ['With batching all inputs need the same number of rows.', '启用批处理时，所有输入的行数必须相同。'],
  'F47.scalar': ['With batching no tensor may be a scalar.', '启用批处理时，张量不能是标量。'],
  'F47.output': ['With batching every output needs a row for each row that is sent.', '启用批处理时，每个输出的行数须与发送的相同。'],
  'F47.size': ['{got} rows are more than a batch may have, {expected}.', '{got} 行超过一批的上限 {expected}。'],
  'F47.shapes': ['{input} came in two shapes at once, and batching does not pad.', '{input} 同时出现两种形状，而批处理不补齐。'],
  F48: ['The server has more requests waiting than it allows.', '服务器等待的请求已超过上限。'],
  F49: ['The model took longer than the server waits.', '模型用时超过服务器的等待时限。'],
  F50: ['The message is larger than is allowed: {got} bytes of {expected}.', '消息超过上限：{got} 字节，上限 {expected}。'],
};

const reasons: Readonly<Record<ModeReason['kind'], Both>> = {
  chosen: ['your choice', '你的选择'],
  'as-typed': ['as typed', '按所输入的形式'],
  rows: ['all tensors have rows', '所有张量都有行'],
  scalar: ['{tensor} is a scalar and has no rows', '{tensor} 是标量，没有行'],
  'fixed-rows': ['{tensor} has a fixed number of rows', '{tensor} 的行数固定'],
  'unequal-rows': ['{tensor} has another number of rows', '{tensor} 的行数不同'],
  type: ['JSON cannot carry {tensor}, {dtype}', 'JSON 无法承载 {tensor}（{dtype}）'],
  'no-inputs': ['the signature takes no input, which REST refuses', '签名没有输入，REST 会拒绝'],
  'left-out': ['{tensor} is left out for its default, which REST refuses', '省略 {tensor} 以使用默认值，REST 不允许'],
  large: ['large: JSON would take many times as long', '数据较大：JSON 会慢许多倍'],
};

const fixes: Readonly<Record<NonNullable<Misfit['fix']>['kind'], Both>> = {
  'add-batch': ['Add a batch dimension', '加上批次维'],
  'drop-batch': ['Drop the batch dimension', '去掉批次维'],
  transpose: ['Transpose', '转置'],
  reshape: ['Reshape to [{shape}]', '改为形状 [{shape}]'],
  cast: ['Make it {dtype}', '转换为 {dtype}'],
};

const remedies: Readonly<Record<Exclude<Remedy['kind'], 'fix'>, Both>> = {
  mode: ['Ask by {mode}', '改用 {mode}'],
  signature: ['Use {signature}', '使用 {signature}'],
  version: ['Use the latest version', '使用最新版本'],
  timeout: ['Wait longer', '延长等待'],
  split: ['At most {rows} rows a request', '每次最多 {rows} 行'],
  again: ['Try again', '重试'],
  flag: ['Restart with {flag}', '以 {flag} 重启'],
  log: ['Open the log', '打开日志'],
};

const pick = ([en, zh]: Both, language: Language): string => (language === 'zh' ? zh : en);

/** A refusal in a sentence; null for one whose text is not known. */
export function requestProblemWords(problem: RequestProblem | null, language: Language): string | null {
  const words = problem === null ? undefined : problems[problem.id];
  if (problem === null || words === undefined) return null;
  const { input, output, row, dimension, expected, got, known } = problem;
  const facts = {
    input: input ?? '',
    output: output ?? '',
    row: row ?? '',
    dimension: dimension ?? '',
    expected: expected ?? '',
    got: got ?? '',
  };
  return fillPlaces(pick(words, language), { ...facts, known: known.join(', ') });
}

export function modeReasonWords(reason: ModeReason, language: Language): string {
  return fillPlaces(pick(reasons[reason.kind], language), { ...reason });
}

export function fixWords(fix: NonNullable<Misfit['fix']>, language: Language): string {
  const shape = fix.kind === 'reshape' ? fix.shape.join(', ') : '';
  const dtype = fix.kind === 'cast' ? fix.dtype.slice(3).toLowerCase() : '';
  return fillPlaces(pick(fixes[fix.kind], language), { shape, dtype });
}

/** What a remedy's button says. */
export function remedyWords(remedy: Remedy, language: Language): string {
  if (remedy.kind === 'fix') return fixWords(remedy.fix, language);
  const modes = { row: 'REST', columnar: 'REST', grpc: 'gRPC' } as const;
  const mode = remedy.kind === 'mode' ? modes[remedy.mode] : '';
  const facts = { ...(remedy.kind === 'flag' ? { flag: remedy.flag } : {}), ...(remedy.kind === 'split' ? { rows: remedy.rows } : {}) };
  return fillPlaces(pick(remedies[remedy.kind], language), {
    mode,
    ...facts,
    ...(remedy.kind === 'signature' ? { signature: remedy.signature } : {}),
  });
}
