// The keys of a PIN pad. What is pressed is not shown anywhere.
import QtQuick

Column {
    id: root

    property bool awake: false
    readonly property real side: (width - 3 * 10) / 4
    readonly property var keys: [["1", "1", ""], ["2", "2", ""], ["3", "3", ""], ["cancel", "Cancel", "取消"], ["4", "4", ""], ["5", "5", ""], ["6", "6", ""], ["clear", "Clear", "更正"], ["7", "7", ""], ["8", "8", ""], ["9", "9", ""], ["enter", "Enter", "确认"], ["f1", "F1", ""], ["0", "0", ""], ["f2", "F2", ""], ["f3", "F3", ""]]
    readonly property var colours: ({
            "cancel": "#B5432F",
            "clear": "#8F6A12",
            "enter": "#157F60"
        })

    signal pressed(string key)

    spacing: 12

    Words {
        color: root.awake ? Look.glow : Look.inkSoft
        size: 13
        text: root.awake ? "It waits for you. 正在等待按键。" : "It waits for nothing and hears no key. 现在按键无效。"
        width: parent.width
    }
    Grid {
        columns: 4
        spacing: 10

        Repeater {
            model: root.keys

            Rectangle {
                id: key

                required property var modelData
                readonly property color base: root.colours[modelData[0]] ?? Look.raised

                border.color: Look.line
                border.width: 1
                color: area.pressed ? Qt.darker(base, 1.3) : base
                height: 60
                objectName: "key_" + modelData[0]
                radius: 10
                width: root.side

                Accessible.name: modelData[1]
                Accessible.onPressAction: root.pressed(modelData[0])
                Accessible.role: Accessible.Button

                Column {
                    anchors.centerIn: parent

                    Words {
                        anchors.horizontalCenter: parent.horizontalCenter
                        size: key.modelData[2] ? 14 : 20
                        strong: true
                        text: key.modelData[1]
                    }
                    Words {
                        anchors.horizontalCenter: parent.horizontalCenter
                        size: 12
                        text: key.modelData[2]
                        visible: text !== ""
                    }
                }
                MouseArea {
                    id: area

                    anchors.fill: parent
                    onClicked: root.pressed(key.modelData[0])
                }
            }
        }
    }
}
