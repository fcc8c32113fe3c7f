// How it ended: what happened to the money, and what to do now.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property var page
    required property bool portrait
    readonly property color toneColor: page.tone === "success" ? Theme.success : page.tone === "attention" ? Theme.attention : Theme.accent
    readonly property color toneSoft: page.tone === "success" ? Theme.successSoft : page.tone === "attention" ? Theme.attentionSoft : Theme.accentSoft

    columnSpacing: Theme.gap5
    columns: portrait || page.picture === "" ? 1 : 2
    rowSpacing: Theme.gap4

    ColumnLayout {
        Layout.alignment: root.portrait ? Qt.AlignTop : Qt.AlignVCenter
        Layout.fillWidth: true
        Layout.horizontalStretchFactor: 3
        Layout.preferredWidth: 3
        spacing: Theme.gap3

        Rectangle {
            Layout.fillWidth: true
            color: root.toneSoft
            implicitHeight: head.height + 2 * Theme.gap4
            objectName: "tone_" + root.page.tone
            radius: Theme.radiusLarge

            RowLayout {
                id: head

                anchors.left: parent.left
                anchors.margins: Theme.gap4
                anchors.right: parent.right
                anchors.verticalCenter: parent.verticalCenter
                spacing: Theme.gap4

                Rectangle {
                    Layout.alignment: Qt.AlignTop
                    color: root.toneColor
                    implicitHeight: 26 * Theme.unit
                    implicitWidth: 26 * Theme.unit
                    radius: height / 2

                    Icon {
                        anchors.centerIn: parent
                        color: Theme.onAccent
                        name: root.page.tone === "success" ? "check" : root.page.tone === "attention" ? "exclamation" : "minus"
                        size: parent.height * 0.62
                    }
                }
                ColumnLayout {
                    Layout.fillWidth: true
                    spacing: Theme.gap2

                    Label {
                        Layout.fillWidth: true
                        color: root.toneColor
                        objectName: "title"
                        size: Theme.textTitle
                        strong: true
                        text: root.page.title
                    }
                    Label {
                        Layout.fillWidth: true
                        objectName: "body"
                        size: root.portrait ? Theme.textLead : Theme.textBody
                        text: root.page.body
                    }
                }
            }
        }
        FactsTable {
            Layout.fillWidth: true
            facts: root.page.facts
            objectName: "facts"
            visible: root.page.facts.length > 0
        }
    }
    PicturePanel {
        Layout.fillHeight: true
        Layout.fillWidth: true
        Layout.horizontalStretchFactor: 2
        Layout.preferredWidth: 2
        objectName: "picture"
        picture: root.page.picture
        visible: root.page.picture !== ""
    }
}
