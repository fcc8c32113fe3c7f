// A misfortune and whether it is on; the first of a group stands below the group's name.
import QtQuick

Item {
    id: root

    required property var misfortune

    signal turned(bool on)

    enabled: misfortune.possible || misfortune.on
    implicitHeight: row.height + (heading.visible ? heading.height : 0)

    Accessible.checkable: true
    Accessible.checked: misfortune.on
    Accessible.name: misfortune.english
    Accessible.onPressAction: root.turned(!misfortune.on)
    Accessible.role: Accessible.CheckBox

    Words {
        id: heading

        color: Look.inkFaint
        height: 30
        size: 12
        strong: true
        text: root.misfortune.heading
        verticalAlignment: Text.AlignVCenter
        visible: text !== ""
        width: parent.width
    }
    Item {
        id: row

        anchors.bottom: parent.bottom
        height: 44
        width: parent.width

        Column {
            anchors.left: parent.left
            anchors.right: track.left
            anchors.rightMargin: 10
            anchors.verticalCenter: parent.verticalCenter
            opacity: root.enabled ? 1 : 0.55

            Words {
                size: 14
                text: root.misfortune.english
                width: parent.width
            }
            Words {
                color: Look.inkSoft
                size: 12
                text: root.misfortune.chinese
                width: parent.width
            }
        }
        Rectangle {
            id: track

            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            border.color: root.misfortune.on ? Look.bad : root.enabled ? Look.inkFaint : Look.line
            border.width: 1.5
            color: root.misfortune.on ? Look.bad : "transparent"
            height: 24
            radius: 12
            width: 44

            Rectangle {
                color: root.misfortune.on ? Look.inkOnBad : root.enabled ? Look.inkSoft : Look.line
                height: 16
                radius: 8
                width: 16
                x: root.misfortune.on ? parent.width - width - 4 : 4
                y: 4
            }
        }
        MouseArea {
            anchors.fill: parent
            onClicked: root.turned(!root.misfortune.on)
        }
    }
}
