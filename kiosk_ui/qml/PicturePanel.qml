// The white panel that a picture stands on.
import QtQuick

Rectangle {
    id: root

    required property string picture
    property real room: Theme.gap4

    border.color: Theme.line
    border.width: Theme.stroke
    color: Theme.surface
    radius: Theme.radiusLarge

    Picture {
        anchors.fill: parent
        anchors.margins: root.room
        name: root.picture
    }
}
