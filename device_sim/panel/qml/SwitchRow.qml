// A fault and whether it is on.
import QtQuick

Item {
    id: root

    required property var fault

    signal turned(bool on)

    enabled: fault.possible || fault.on
    implicitHeight: 50

    Accessible.checkable: true
    Accessible.checked: fault.on
    Accessible.name: fault.english
    Accessible.onPressAction: root.turned(!fault.on)
    Accessible.role: Accessible.CheckBox

    Column {
        anchors.left: parent.left
        anchors.right: track.left
        anchors.rightMargin: 10
        anchors.verticalCenter: parent.verticalCenter

        Words {
            color: root.enabled ? Look.ink : Look.inkFaint
            size: 14
            text: root.fault.english
            width: parent.width
        }
        Words {
            color: root.enabled ? Look.inkSoft : Look.inkFaint
            size: 12
            text: root.fault.chinese
            visible: text !== ""
            width: parent.width
        }
    }
    Rectangle {
        id: track

        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        border.color: root.fault.on ? Look.bad : root.enabled ? Look.inkFaint : Look.line
        border.width: 1.5
        color: root.fault.on ? Look.bad : "transparent"
        height: 24
        radius: 12
        width: 44

        Rectangle {
            color: root.fault.on ? Look.inkOnBad : root.enabled ? Look.inkSoft : Look.line
            height: 16
            radius: 8
            width: 16
            x: root.fault.on ? parent.width - width - 4 : 4
            y: 4
        }
    }
    MouseArea {
        anchors.fill: parent
        onClicked: root.turned(!root.fault.on)
    }
}
