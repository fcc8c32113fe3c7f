// The one thing to do now, in big letters, with its sign and the picture of the side that must lie up.
import QtQuick

Rectangle {
    id: root

    required property string text
    required property string sign
    required property string picture
    required property bool good
    required property bool upright // the picture stands above the words, not beside them

    color: good ? Theme.successSoft : Theme.accentSoft
    implicitHeight: Math.max(disc.height, words.implicitHeight) + 2 * Theme.gap3 + (upright ? 30 * Theme.unit : 0)
    objectName: "hint"
    radius: Theme.radiusLarge

    Picture {
        id: drawing

        anchors.bottom: root.upright ? words.top : parent.bottom
        anchors.left: root.upright ? parent.left : undefined
        anchors.margins: Theme.gap3
        anchors.right: parent.right
        anchors.top: parent.top
        name: root.picture
        visible: height > 24 * Theme.unit
        width: root.upright ? undefined : Math.min(height, 0.28 * root.width)
    }
    Rectangle {
        id: disc

        anchors.left: parent.left
        anchors.leftMargin: Theme.gap4
        anchors.verticalCenter: words.verticalCenter
        color: root.good ? Theme.success : Theme.accent
        height: 28 * Theme.unit
        radius: height / 2
        width: height

        Icon {
            anchors.centerIn: parent
            color: Theme.onAccent
            name: root.sign === "" ? "" : "scan_" + root.sign
            size: 0.64 * parent.height
        }
    }
    Label {
        id: words

        Accessible.role: Accessible.AlertMessage
        anchors.bottom: root.upright ? parent.bottom : undefined
        anchors.bottomMargin: Theme.gap4
        anchors.left: disc.right
        anchors.leftMargin: Theme.gap3
        anchors.right: root.upright ? parent.right : drawing.left
        anchors.rightMargin: Theme.gap3
        anchors.verticalCenter: root.upright ? undefined : parent.verticalCenter
        color: root.good ? Theme.success : Theme.accent
        objectName: "hint_text"
        size: 0.92 * Theme.textTitle
        strong: true
        text: root.text
    }
}
