// A button of two lines: English, and Chinese below it.
import QtQuick

Rectangle {
    id: root

    required property string english
    required property string chinese
    property bool strong: false
    property string badge: ""

    signal pushed

    border.color: Look.line
    border.width: enabled ? 0 : 1
    color: !enabled ? "transparent" : strong ? (area.pressed ? Look.goPressed : Look.go) : (area.pressed ? Look.raisedPressed : Look.raised)
    implicitHeight: 52
    radius: 12

    Accessible.name: english
    Accessible.onPressAction: root.pushed()
    Accessible.role: Accessible.Button

    Column {
        anchors.left: parent.left
        anchors.leftMargin: 14
        anchors.right: parent.right
        anchors.rightMargin: root.badge !== "" ? 48 : 10
        anchors.verticalCenter: parent.verticalCenter

        Words {
            color: !root.enabled ? Look.inkFaint : root.strong ? Look.inkOnGo : Look.ink
            size: 14
            strong: root.enabled
            text: root.english
            width: parent.width
        }
        Words {
            color: !root.enabled ? Look.inkFaint : root.strong ? Look.inkOnGo : Look.inkSoft
            size: 12
            text: root.chinese
            width: parent.width
        }
    }
    Rectangle {
        anchors.right: parent.right
        anchors.rightMargin: 14
        anchors.verticalCenter: parent.verticalCenter
        color: Look.glow
        height: 24
        radius: 12
        visible: root.badge !== ""
        width: Math.max(24, count.implicitWidth + 14)

        Words {
            id: count

            anchors.centerIn: parent
            color: Look.canvas
            size: 13
            strong: true
            text: root.badge
        }
    }
    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.pushed()
    }
}
