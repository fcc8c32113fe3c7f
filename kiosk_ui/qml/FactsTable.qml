// The facts of a result, a line each.
import QtQuick
import QtQuick.Layouts

Rectangle {
    id: root

    required property var facts
    property real size: Theme.textBody

    border.color: Theme.line
    border.width: Theme.stroke
    color: Theme.surface
    implicitHeight: lines.height + 2 * Theme.gap2
    radius: Theme.radius

    Column {
        id: lines

        anchors.left: parent.left
        anchors.leftMargin: Theme.gap3
        anchors.right: parent.right
        anchors.rightMargin: Theme.gap3
        y: Theme.gap2

        Repeater {
            id: list

            model: root.facts

            Item {
                id: line

                required property int index
                required property var modelData

                height: row.height + 2 * Theme.gap1
                width: parent.width

                RowLayout {
                    id: row

                    anchors.verticalCenter: parent.verticalCenter
                    spacing: Theme.gap3
                    width: parent.width

                    Label {
                        Layout.alignment: Qt.AlignBaseline
                        color: Theme.inkSoft
                        size: root.size
                        text: line.modelData.label
                        wrapMode: Text.NoWrap
                    }
                    Label {
                        Layout.alignment: Qt.AlignBaseline
                        Layout.fillWidth: true
                        horizontalAlignment: Text.AlignRight
                        size: line.modelData.strong ? 1.2 * root.size : root.size
                        strong: line.modelData.strong
                        text: line.modelData.value
                        wrapMode: Text.WrapAnywhere
                    }
                }
                Rectangle {
                    anchors.bottom: parent.bottom
                    color: Theme.line
                    height: Math.max(1, Theme.stroke / 2)
                    visible: line.index < list.count - 1
                    width: parent.width
                }
            }
        }
    }
}
