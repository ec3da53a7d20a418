/** 主进程以英文给出的短句：任务名称、未试探的原因、错误的细节。未列出的（例如服务器原话）保持原样。 */
const phrases: readonly (readonly [pattern: RegExp, zh: string])[] = [
  [/^Serve (.+)$/, '启动 $1'],
  [/^Pull (.+)$/, '拉取 $1'],
  [/^Change (.+) to (.+)$/, '将 $1 更换为 $2'],
  [/^Roll (.+) back to (.+)$/, '将 $1 回退到 $2'],
  [/^Check (.+)$/, '核对 $1'],
  [/^Unpack (.+)$/, '解压 $1'],
  [/^Bake (.+)$/, '构建 $1'],
  [/^Push (.+)$/, '推送 $1'],
  [/^Save (.+)$/, '保存 $1'],
  [/^Copy (.+)$/, '复制 $1'],
  [/^Ask (.+) rows$/, '询问 $1 行'],
  [/^Load an image$/, '载入镜像'],
  [/^the model has no predict signature$/, '模型没有 predict 签名'],
  [/^a prediction changes the model’s state$/, '预测会改变模型的状态'],
  [/^its inputs are encoded data such as images or examples$/, '输入是编码数据，例如图像或 tf.Example'],
  [/^(.+) has dimensions that only you know$/, '$1 的维度只有你知道'],
  [/^this version was added after it was read$/, '此版本在读取之后才加入'],
  [/^It looks for (.+)\. The folder was moved, or the mount has another name\.$/, '它在找 $1。文件夹已移动，或挂载名称不同。'],
  [
    /^There is no numbered folder under (.+)\. Choose the folder above the versions, or serve this one as version 1\.$/,
    '$1 下没有编号文件夹。改选版本的上级文件夹，或将此文件夹作为版本 1 启动。',
  ],
  [/^This processor lacks instructions that the image was built for\.$/, '处理器缺少镜像所需的指令。'],
  [/^The image is for another processor architecture\.$/, '镜像属于另一种处理器架构。'],
  [/^It could not get enough memory\. Raise the limit\.$/, '内存不足。提高上限。'],
  [
    /^The model was exported by a newer TensorFlow than this image holds\. Use a newer image\.$/,
    '模型由比镜像更新的 TensorFlow 导出。换用更新的镜像。',
  ],
  [/^A configuration file does not parse\.$/, '配置文件无法解析。'],
  [/^There is no version (.+); there is (.+)\.$/, '没有版本 $1，现有 $2。'],
  [/^It holds no version\.$/, '其中没有版本。'],
  [/^Start Docker and serve with it\.$/, '启动 Docker，用它提供服务。'],
  [/^Write it as --name=value\.$/, '写成 --name=value。'],
  [/^Slipway sets it itself from the name, the versions and the ports\.$/, 'Slipway 会根据名称、版本和端口自行设置。'],
  [/^A name has letters, digits and _\.$/, '名称只含字母、数字和 _。'],
  [/^Slipway sets it itself\.$/, '由 Slipway 自行设置。'],
  [/^Slipway ended meanwhile$/, 'Slipway 在此期间已结束'],
  [/^no cases$/, '没有用例'],
  [/^saved cases are not run by a switch yet$/, '切换时尚不运行已保存的用例'],
  [/^loaded already$/, '已经加载'],
  [/^the server does it by itself$/, '由服务器自己进行'],
  [/^Switch (.+) to (.+)$/, '将 $1 切换到 $2'],
  [/^It is not complete\.$/, '尚不完整。'],
  [/^Its value holds a zero byte\.$/, '值中含有零字节。'],
];

/** The phrase in Chinese; as it is where there is none. */
export function phraseZh(text: string): string {
  const found = phrases.find(([pattern]) => pattern.test(text));
  return found === undefined ? text : text.replace(found[0], found[1]);
}
