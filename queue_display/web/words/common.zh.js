// 所有页面共有的文字。写法：短句，先说事，再说现在做什么。
export default {
  title: "排队叫号",
  otherLanguage: "English",
  offline: "网络中断，正在重新连接……",
};
