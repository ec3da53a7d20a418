import type { VerdictCode } from '../../shared/contract/library.ts';

/** 判定的理由；英文由主进程给出。 */
export const verdictsZh: Readonly<Record<VerdictCode, string>> = {
  NO_SERVE_GRAPH: '没有带 serve 标记的图。',
  SIGNATURE_GONE: '签名 {signature} 不在了。',
  SIGNATURE_NEW: '签名 {signature} 是新增的。',
  METHOD_CHANGED: '{signature} 现由 {after} 调用，而非 {before}。',
  INPUT_GONE: '{signature}：输入 {tensor} 不在了，仍发送它的请求会被拒绝。',
  INPUT_NEW: '{signature}：输入 {tensor} 是新增的，必须发送。',
  INPUT_DTYPE: '{signature}：输入 {tensor} 是 {after}，而非 {before}。',
  INPUT_NARROWER: '{signature}：输入 {tensor} 只接受 {before} 中的 {after}。',
  INPUT_WIDER: '{signature}：输入 {tensor} 接受 {after}，包含 {before}。',
  INPUT_SHAPE: '{signature}：输入 {tensor} 接受 {after}，而非 {before}。',
  OUTPUT_GONE: '{signature}：输出 {tensor} 不在了。',
  OUTPUT_NEW: '{signature}：输出 {tensor} 是新增的。',
  OUTPUT_NOW_NAMED: '{signature}：经 REST，多个输出以名称为键的对象返回；{before} 原先不带名称。',
  OUTPUT_NOW_BARE: '{signature}：经 REST，唯一的输出 {after} 不带名称返回；原先是以名称为键的对象。',
  OUTPUT_DTYPE: '{signature}：输出 {tensor} 是 {after}，而非 {before}。',
  OUTPUT_NARROWER: '{signature}：输出 {tensor} 总是 {after}，在 {before} 允许之内。',
  OUTPUT_WIDER: '{signature}：输出 {tensor} 可能是 {after}，不再只是 {before}。',
  OUTPUT_SHAPE: '{signature}：输出 {tensor} 是 {after}，而非 {before}。',
};
