// The terminal itself has something to say.
import QtQuick

Item {
    id: root

    required property var page

    Column {
        anchors.centerIn: parent
        anchors.verticalCenterOffset: -root.height * 0.04
        spacing: Theme.gap4
        width: Math.min(parent.width, 240 * Theme.unit)

        Rectangle {
            anchors.horizontalCenter: parent.horizontalCenter
            color: root.page.patience ? Theme.accentSoft : Theme.attentionSoft
            height: 56 * Theme.unit
            radius: height / 2
            width: height

            Spinner {
                anchors.centerIn: parent
                height: 28 * Theme.unit
                visible: root.page.patience
                width: height
            }
            Icon {
                anchors.centerIn: parent
                color: Theme.attention
                name: "exclamation"
                size: 34 * Theme.unit
                visible: !root.page.patience
            }
        }
        Item {
            height: Theme.gap1
            width: 1
        }
        Label {
            horizontalAlignment: Text.AlignHCenter
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
            width: parent.width
        }
        Label {
            color: Theme.inkSoft
            horizontalAlignment: Text.AlignHCenter
            objectName: "body"
            size: Theme.textLead
            text: root.page.body
            width: parent.width
        }
    }
}
