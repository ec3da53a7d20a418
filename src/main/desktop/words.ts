import type { Settings } from '../../shared/contract/settings.ts';

/** What the shell itself says, outside of the window: menus, tray, notifications, the question at the end. */
export interface ShellWords {
  readonly file: string;
  readonly openFolder: string;
  readonly closeWindow: string;
  readonly quit: string;
  readonly edit: string;
  readonly undo: string;
  readonly redo: string;
  readonly cut: string;
  readonly copy: string;
  readonly paste: string;
  readonly selectAll: string;
  readonly view: string;
  readonly actualSize: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly fullScreen: string;
  readonly window: string;
  readonly minimize: string;
  readonly help: string;
  readonly aboutSavedModel: string;
  readonly openSlipway: string;
  readonly openServing: string;
  readonly stop: string;
  readonly ready: (name: string) => string;
  readonly answersAt: (address: string) => string;
  readonly failed: (name: string) => string;
  readonly why: (title: string) => string;
  readonly quitQuestion: string;
  readonly quitDetail: string;
  readonly cancel: string;
}

const en: ShellWords = {
  file: 'File',
  openFolder: 'Open Model Folder…',
  closeWindow: 'Close Window',
  quit: 'Quit',
  edit: 'Edit',
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select All',
  view: 'View',
  actualSize: 'Actual Size',
  zoomIn: 'Zoom In',
  zoomOut: 'Zoom Out',
  fullScreen: 'Full Screen',
  window: 'Window',
  minimize: 'Minimize',
  help: 'Help',
  aboutSavedModel: 'About the SavedModel Format',
  openSlipway: 'Open Slipway',
  openServing: 'Open',
  stop: 'Stop',
  ready: (name) => `${name} is serving`,
  answersAt: (address) => `It answers at ${address}.`,
  failed: (name) => `${name} is not serving`,
  why: (title) => title,
  quitQuestion: 'Quit Slipway?',
  quitDetail: 'What is starting, and what runs only while Slipway is open, ends. Other servings go on.',
  cancel: 'Cancel',
};

const zh: ShellWords = {
  file: '文件',
  openFolder: '打开模型文件夹…',
  closeWindow: '关闭窗口',
  quit: '退出',
  edit: '编辑',
  undo: '撤销',
  redo: '重做',
  cut: '剪切',
  copy: '复制',
  paste: '粘贴',
  selectAll: '全选',
  view: '视图',
  actualSize: '实际大小',
  zoomIn: '放大',
  zoomOut: '缩小',
  fullScreen: '全屏',
  window: '窗口',
  minimize: '最小化',
  help: '帮助',
  aboutSavedModel: '关于 SavedModel 格式',
  openSlipway: '打开 Slipway',
  openServing: '打开',
  stop: '停止',
  ready: (name) => `${name} 已开始服务`,
  answersAt: (address) => `地址为 ${address}。`,
  failed: (name) => `${name} 未能提供服务`,
  why: () => '点按查看原因和解决办法。',
  quitQuestion: '要退出 Slipway 吗？',
  quitDetail: '正在启动的服务，以及只在 Slipway 打开时运行的服务会结束；其他服务继续运行。',
  cancel: '取消',
};

/** The words of the language that is set; `system` follows the locale, such as `zh-CN`. */
export function shellWords(language: Settings['language'], locale: string): ShellWords {
  return language === 'zh' || (language === 'system' && locale.startsWith('zh')) ? zh : en;
}
