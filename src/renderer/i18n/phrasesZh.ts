/** 主进程以英文给出的短句：任务名称与未试探的原因。未列出的（例如服务器原话）保持原样。 */
const phrases: readonly (readonly [pattern: RegExp, zh: string])[] = [
  [/^Serve (.+)$/, '启动 $1'],
  [/^Pull (.+)$/, '拉取 $1'],
  [/^Check (.+)$/, '核对 $1'],
  [/^Unpack (.+)$/, '解压 $1'],
  [/^Load an image$/, '载入镜像'],
  [/^the model has no predict signature$/, '模型没有 predict 签名'],
  [/^a prediction changes the model’s state$/, '预测会改变模型的状态'],
  [/^its inputs are encoded data such as images or examples$/, '输入是编码数据，例如图像或 tf.Example'],
  [/^(.+) has dimensions that only you know$/, '$1 的维度只有你知道'],
  [/^this version was added after it was read$/, '此版本在读取之后才加入'],
];

/** The phrase in Chinese; as it is where there is none. */
export function phraseZh(text: string): string {
  const found = phrases.find(([pattern]) => pattern.test(text));
  return found === undefined ? text : text.replace(found[0], found[1]);
}
