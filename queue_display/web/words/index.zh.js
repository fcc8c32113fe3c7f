// 首页的文字。
export default {
  heading: "网点排队叫号",
  customers: "客户",
  customersHow: "用手机扫描号票上的二维码，即可查看前面人数和等候时间，轮到您时手机会提醒。",
  staff: "员工",
  teller: "柜员台",
  manager: "网点实况",
  lobby: "大厅屏幕",
  lobbyToken: "在运行排队系统的电脑上，为屏幕生成令牌：",
  lobbyHow: "把该文件拷到接显示屏的电脑上，再运行：",
  engineers: "接口",
  engineersHow: "所有功能都有开放接口，凭令牌使用。",
};
