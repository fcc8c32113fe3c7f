// A surface that answers a finger: it darkens at once and gives way a little.
import QtQuick

Rectangle {
    id: root

    required property string label
    property bool available: true
    property color restColor: Theme.surface
    property color pressedColor: Theme.accentSoftPressed
    readonly property bool pressed: area.pressed

    signal activated

    enabled: available
    color: pressed ? pressedColor : restColor
    radius: Theme.radius
    scale: pressed ? 0.985 : 1

    Accessible.role: Accessible.Button
    Accessible.name: label
    Accessible.onPressAction: root.activated()

    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.activated()
    }
}
