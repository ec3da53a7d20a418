import type { enJoin } from './enJoin.ts';

/** Chinese words of several models by one server. */
export const zhJoin: Record<keyof typeof enJoin, string> = {
  'join.open': '由另一个服务器提供…',
  'join.title': '由正在运行的服务器提供 {name}',
  'join.server': '使用以下服务的服务器',
  'join.host': '{where}，REST 端口 {port}',
  'join.none': '没有可以加入的服务器。请先启动另一个模型的服务。',
  'join.looking': '正在查看其文件夹和内存',
  'join.atOnce': '它会与 {name} 一起加载，地址相同，使用自己的名称。{name} 照常应答。',
  'join.container': '{name} 的容器看不到此文件夹：先在旁边启动另一个容器并接管。不会有请求失败。',
  'join.containerGap': '{name} 的容器看不到此文件夹：先在旁边启动另一个容器并接管。{name} 还没有网关，因此其地址会有零点几秒拒绝连接。',
  'join.memory': '大约还需要 {added}：{limit} 中已使用 {used}。',
  'join.noMemory': '大约还需要 {added}，而 {limit} 中已使用 {used}。请先为 {name} 增加内存。',
  'join.serve': '在那里提供',
  'join.servedBy': '由以下服务的服务器提供：',
  'join.alsoServes': '其服务器还提供',
};
