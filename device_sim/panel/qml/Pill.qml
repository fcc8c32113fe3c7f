// A small round button.
import QtQuick

Rectangle {
    id: root

    required property string text
    property bool bad: false
    property bool on: false
    readonly property color inkHere: bad ? Look.inkOnBad : on ? Look.canvas : enabled ? Look.ink : Look.inkFaint

    signal pushed

    border.color: Look.line
    border.width: bad || on ? 0 : 1
    color: bad ? Look.bad : on ? Look.glow : area.pressed ? Look.raisedPressed : Look.raised
    implicitHeight: 34
    implicitWidth: words.implicitWidth + 28
    radius: height / 2

    Accessible.name: text
    Accessible.onPressAction: root.pushed()
    Accessible.role: Accessible.Button

    Words {
        id: words

        anchors.centerIn: parent
        color: root.inkHere
        size: 13
        strong: true
        text: root.text
    }
    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.pushed()
    }
}
