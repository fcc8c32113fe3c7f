// A call in one line: ticket and window.
import QtQuick

Rectangle {
    id: root

    required property QtObject call

    color: call.lit ? Theme.call : Theme.accent
    radius: Theme.radius

    Label {
        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        color: root.call.lit ? Theme.ink : Theme.onAccent
        size: Theme.textCall
        strong: true
        text: root.call.ticket
        width: Math.min(implicitWidth, parent.width * 0.55)
    }
    Label {
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        color: root.call.lit ? Theme.ink : Theme.call
        horizontalAlignment: Text.AlignRight
        size: Theme.textCall
        strong: true
        text: root.call.window
        width: Math.min(implicitWidth, parent.width * 0.36)
    }
}
