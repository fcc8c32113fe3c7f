// A field of a form: what it is, what was read, how it stands and, where that is in doubt, its picture.
import QtQuick

Touchable {
    id: root

    required property var field
    required property string crops
    required property bool pictured
    readonly property bool asked: field.state === "asked"
    readonly property bool open: field.state === "open"
    required property real labelWidth

    border.color: asked ? Theme.attention : Theme.line
    border.width: (asked ? 2 : 1) * Theme.stroke
    implicitHeight: Math.max(Theme.target, value.implicitHeight + 2 * Theme.gap1, label.implicitHeight + 2 * Theme.gap1)
    label: field.label + ": " + (field.value || field.empty) + ", " + field.stateText
    objectName: "field_" + field.name
    pressedColor: asked ? Theme.attentionSoft : Theme.accentSoftPressed
    restColor: asked ? Theme.attentionSoft : Theme.surface

    Label {
        id: label

        anchors.left: parent.left
        anchors.leftMargin: Theme.gap3
        anchors.verticalCenter: parent.verticalCenter
        color: root.asked ? Theme.attention : Theme.inkSoft
        size: Theme.textSmall
        text: root.field.label
        width: root.labelWidth
    }
    Label {
        id: value

        anchors.left: label.right
        anchors.leftMargin: Theme.gap2
        anchors.right: picture.visible ? picture.left : sign.left
        anchors.rightMargin: Theme.gap2
        anchors.verticalCenter: parent.verticalCenter
        color: root.asked ? Theme.attention : Theme.ink
        objectName: "value_" + root.field.name
        size: Theme.textBody
        strong: root.field.value !== ""
        text: root.field.value || root.field.empty
    }
    Rectangle {
        id: picture

        anchors.right: sign.left
        anchors.rightMargin: Theme.gap2
        anchors.verticalCenter: parent.verticalCenter
        border.color: Theme.line
        border.width: Theme.stroke
        color: Theme.surface
        height: Math.min(parent.height - 2 * Theme.gap1, 0.26 * width)
        visible: root.pictured
        width: 0.32 * parent.width

        Image {
            anchors.fill: parent
            anchors.margins: Theme.stroke
            cache: false
            fillMode: Image.PreserveAspectFit
            source: root.pictured ? root.crops + root.field.name : ""
            smooth: true
        }
    }
    Icon {
        id: sign

        anchors.right: parent.right
        anchors.rightMargin: Theme.gap3
        anchors.verticalCenter: parent.verticalCenter
        color: root.asked ? Theme.attention : root.open ? Theme.inkSoft : Theme.success
        name: root.asked ? "attention" : root.open ? "staff" : "check"
        size: 1.2 * Theme.textBody
    }
}
