// A sentence that must be seen, in the colours of its tone: "attention", "success" or "neutral".
import QtQuick

Rectangle {
    id: root

    required property string text
    property string tone: "attention"
    property string icon: tone === "success" ? "check" : tone === "attention" ? "attention" : "info"
    property real size: Theme.textBody
    readonly property color textColor: tone === "success" ? Theme.success : tone === "attention" ? Theme.attention : Theme.accent

    color: tone === "success" ? Theme.successSoft : tone === "attention" ? Theme.attentionSoft : Theme.accentSoft
    implicitHeight: Math.max(sign.height, words.height) + 2 * Theme.gap2
    radius: Theme.radius

    Icon {
        id: sign

        anchors.left: parent.left
        anchors.leftMargin: Theme.gap3
        anchors.verticalCenter: parent.verticalCenter
        color: root.textColor
        name: root.icon
        size: root.size * 1.3
    }
    Label {
        id: words

        anchors.left: sign.right
        anchors.leftMargin: Theme.gap2
        anchors.right: parent.right
        anchors.rightMargin: Theme.gap3
        anchors.verticalCenter: parent.verticalCenter
        color: root.textColor
        size: root.size
        strong: true
        text: root.text
        Accessible.role: Accessible.AlertMessage
    }
}
