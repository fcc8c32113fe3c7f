// A device as a part of the front: what it looks like, what is at it, what it is called, how much is wrong with it.
import QtQuick

Item {
    id: root

    required property var device
    property bool highlighted: false
    property bool slim: false // what it is called in one line
    readonly property string kind: device?.name ?? ""

    signal tapped

    Accessible.name: device ? device.english + (device.troubles ? ", " + device.troubles + " faults" : "") : ""
    Accessible.onPressAction: root.tapped()
    Accessible.role: Accessible.Button

    Rectangle {
        anchors.fill: parent
        border.color: root.highlighted ? "#0E9F78" : Look.metalDark
        border.width: root.highlighted ? 3 : 1
        color: area.pressed ? "#BCC7CD" : "#F0F3F5"
        radius: 10
    }
    Glyph {

        anchors.horizontalCenter: parent.horizontalCenter
        device: root.device
        height: root.slim ? 28 : root.height - 38
        width: Math.min(root.width - 20, 92)
        y: 6
    }
    Words {
        anchors.bottom: parent.bottom
        anchors.bottomMargin: root.slim ? 3 : 14
        anchors.left: parent.left
        anchors.leftMargin: 4
        anchors.right: parent.right
        anchors.rightMargin: 4
        color: Look.metalInk
        horizontalAlignment: Text.AlignHCenter
        size: 11
        strong: true
        text: (root.device?.english ?? "") + (root.slim && root.device ? " " + root.device.chinese : "")
    }
    Words {
        anchors.bottom: parent.bottom
        anchors.bottomMargin: 2
        anchors.left: parent.left
        anchors.right: parent.right
        color: Look.metalInkSoft
        horizontalAlignment: Text.AlignHCenter
        size: 10
        text: root.device?.chinese ?? ""
        visible: !root.slim
    }
    Trouble {
        anchors.right: parent.right
        anchors.rightMargin: -5
        anchors.top: parent.top
        anchors.topMargin: -5
        count: root.device?.troubles ?? 0
    }
    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.tapped()
    }
}
