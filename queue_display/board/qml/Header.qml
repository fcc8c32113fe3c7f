// What this is and what time it is in the branch; while the queue is silent, that it is.
import QtQuick

Item {
    id: root

    required property QtObject model

    height: Theme.header

    Row {
        anchors.left: parent.left
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.gap
        visible: !root.model.offline

        Label {
            size: Theme.textTime * 0.9
            strong: true
            text: root.model.words.title_zh
        }
        Label {
            anchors.bottom: parent.bottom
            color: Theme.accentSoft
            text: root.model.words.title_en
        }
    }
    Row {
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        spacing: 1.5 * Theme.gap
        visible: !root.model.offline

        TwoLines {
            alignment: Text.AlignRight
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.accentSoft
            en: root.model.date_en
            width: 320 * Theme.unit
            zh: root.model.date_zh
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            objectName: "time"
            size: Theme.textTime
            strong: true
            text: root.model.time
        }
    }
    Rectangle {
        anchors.bottomMargin: 0.7 * Theme.gap
        anchors.fill: parent
        anchors.topMargin: 0.4 * Theme.gap
        color: Theme.attentionSoft
        objectName: "offline"
        radius: Theme.radius
        visible: root.model.offline

        Rectangle {
            id: mark

            anchors.left: parent.left
            anchors.leftMargin: Theme.gap
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.attention
            height: 68 * Theme.unit
            radius: height / 2
            width: height

            Label {
                anchors.centerIn: parent
                strong: true
                text: "!"
            }
        }
        TwoLines {
            anchors.left: mark.right
            anchors.leftMargin: Theme.gap
            anchors.right: parent.right
            anchors.rightMargin: Theme.gap
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.attention
            en: root.model.words.offline_en
            strong: true
            zh: root.model.words.offline_zh
        }
    }
}
