// A button of the action bar: `primary` leads on, the other kind leads out.
import QtQuick

Touchable {
    id: root

    property bool primary: false
    property real size: Theme.textLead
    property string icon: ""
    readonly property color textColor: !available ? Theme.inkSoft : primary ? Theme.onAccent : Theme.accent

    implicitHeight: Theme.button
    implicitWidth: row.width + 2 * Theme.gap4
    restColor: !available ? Theme.sunken : primary ? Theme.accent : Theme.surface
    pressedColor: primary ? Theme.accentPressed : Theme.accentSoftPressed
    border.color: primary ? "transparent" : Theme.edge
    border.width: primary ? 0 : Theme.stroke

    Row {
        id: row

        anchors.centerIn: parent
        spacing: Theme.gap2

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            color: root.textColor
            name: root.icon
            size: visible ? root.size * 1.15 : 0
            visible: root.icon !== ""
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            color: root.textColor
            size: root.size
            strong: true
            text: root.label
            wrapMode: Text.NoWrap
        }
    }
}
