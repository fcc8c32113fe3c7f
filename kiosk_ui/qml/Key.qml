// A key of the keypad.
import QtQuick

Touchable {
    id: root

    property string icon: ""
    property bool quiet: false

    border.color: Theme.edge
    border.width: Theme.stroke
    restColor: quiet ? Theme.sunken : Theme.surface

    Label {
        anchors.centerIn: parent
        color: Theme.ink
        size: root.quiet ? Theme.textBody : Theme.textTitle
        strong: true
        text: root.label
        visible: root.icon === ""
        wrapMode: Text.NoWrap
    }
    Icon {
        anchors.centerIn: parent
        color: Theme.ink
        name: root.icon
        size: Theme.textTitle
        visible: root.icon !== ""
    }
}
